// The inside of struct settings, shared by loading and printing; of no use to others.
#pragma once
#include "core/settings/settings.h"

enum { SETTINGS_KEY_MAX = 128 };

// Where a value came from, the weaker ones first.
enum settings_origin {
    SETTINGS_FROM_DEFAULT,
    SETTINGS_FROM_FILE,
    SETTINGS_FROM_ENVIRONMENT,
    SETTINGS_FROM_COMMAND_LINE,
};

// One option and its value.
struct settings_row {
    const struct option_table *table;
    const struct option *option;
    char *text; // Owned; the value, or the path of its file; NULL for the default.
    bool is_path;
    enum settings_origin origin;
    char *place; // Owned; "soglia.conf:12", "SOGLIA_KAFKA_BROKERS"; NULL for a default.
};

struct settings {
    struct settings_row *rows;
    size_t row_count;
    struct settings_extra
        *extras; // Ended by a NULL key; `memory` of the same index owns both texts.
    char **memory;
    size_t extra_count;
    const char *extra_prefix;
    char *file; // Owned; the configuration file that was read, NULL for none.
};

// True when the value of a key that is passed on should not be shown: librdkafka's passwords,
// secrets and private keys.
bool settings_key_is_secret(const char *key);

// The value in force, as text. Borrowed.
const char *settings_row_text(const struct settings_row *row);
