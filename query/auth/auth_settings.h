// Settings of log-ins: what a password costs, how long a token lives, how often one may try.
#pragma once
#include "core/settings/option.h"

struct auth_settings {
    int64_t password_memory; // Bytes of one hash.
    int64_t password_passes;
    int64_t password_threads;
    int64_t password_waiting;
    int64_t token_life_ms;
    int64_t session_life_ms;
    int64_t attempts;
    int64_t address_attempts;
    const char *market_data;
};

// The rows of `auth.*`.
struct option_table auth_options(struct auth_settings *target);
