// What a variable of the environment sets.
#pragma once
#include "core/settings/settings_row.h"

// Writes the key that the variable ("SOGLIA_KAFKA_BROKERS=...") sets. False when it is none of
// ours.
bool settings_variable_key(const struct settings *settings, const char *variable,
                           char ret_key[static SETTINGS_KEY_MAX]);
