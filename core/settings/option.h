// One setting: how it is called, what it may be, where it is kept. Each module has a table of them
// beside the struct that it fills; reading, help and documentation come from the tables.
#pragma once
#include "core/buffer.h"
#include "core/result.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The C type behind each kind, at `offset` of the module's struct.
enum option_type {
    OPTION_TEXT,     // const char *, never NULL, owned by the loader
    OPTION_SECRET,   // const char *; refused on the command line, never printed; the setting
                     // "<key>_file" names a file that holds it
    OPTION_INT,      // int64_t
    OPTION_DOUBLE,   // double
    OPTION_BOOL,     // bool: true, false
    OPTION_DURATION, // int64_t in ms: "100ms", "10s", "5m", "24h"
    OPTION_SIZE,     // int64_t in bytes: "4096", "64KiB", "1GiB", "1TiB"
    OPTION_CHOICE,   // const char *, one of `choices` ("a|b|c")
};

struct option {
    const char *key; // "kafka.brokers"; in the environment SOGLIA_KAFKA_BROKERS
    enum option_type type;
    size_t offset;
    const char *fallback; // The default, as text.
    int64_t min;          // Of INT, DURATION, SIZE; both 0: no limits.
    int64_t max;
    const char *choices; // Of CHOICE, else NULL.
    const char *help;    // One sentence.
};

// A module's table and the struct it fills.
struct option_table {
    const char *title; // "Kafka", heading in the documentation
    const struct option *options;
    size_t count;
    void *target;
    bool command_line_only; // Words of one command: not read from environment or file.
};

// Reads `text` as the option's type and stores the value at the option's offset of `target`. Texts
// are not copied: they must live as long as the target. Fails: SG_FATAL saying what is wanted; the
// text of a secret is never in the reason. Any thread.
SG_RESULT option_read(const struct option *option, const char *text, void *target);

// The type in a word or two, for a table: "text", "duration", "size", "a, b or c". Any thread.
// Fails as buffer_append().
SG_RESULT option_print_kind(const struct option *option, struct buffer *out);

// What a value looks like, for somebody who got it wrong: "a duration as 100ms, 10s, 5m, 24h or
// 7d". Any thread. Fails as buffer_append().
SG_RESULT option_print_type(const struct option *option, struct buffer *out);

// The limits, as "from 1s to 1h", nothing when there are none. Any thread. Fails as
// buffer_append().
SG_RESULT option_print_limits(const struct option *option, struct buffer *out);
