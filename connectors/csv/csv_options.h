// The words of `soglia fetch csv`.
#pragma once
#include "connectors/csv/csv_time.h"
#include "core/buffer.h"
#include "core/settings/option.h"

struct csv_settings {
    const char *instrument;
    const char *value_column;
    const char *value_columns;
    const char *instrument_prefix;
    const char *time_column;
    const char *time_format;
    const char *time_of_day;
    bool month_end;
    const char *skip_values;
    bool reverse;
    bool sum;
    const char *source;
    const char *unit;
    const char *from;
    const char *speed;
    int64_t limit;
    bool skip_bad;
    bool restart;
    const char *id;
};

// What the settings mean, read once.
struct csv_meaning {
    struct csv_time time;
    int64_t from_ms;
    double speed; // Event time by real time; 0: as fast as possible.
    bool is_rest; // Every other column is an instrument.
    bool skips;   // --skip-values was given, be it empty.
};

// The rows of struct csv_settings.
struct option_table csv_options(struct csv_settings *target);

// Checks what single rows cannot. Texts of the settings are borrowed. Fails: SG_FATAL naming the
// option. Any thread.
SG_RESULT csv_options_read(const struct csv_settings *settings, struct csv_meaning *ret_meaning);

// Adds those settings that decide which quotes come in which order, as text. Fails as
// buffer_append().
SG_RESULT csv_options_print_identity(const struct csv_settings *settings, struct buffer *out);
