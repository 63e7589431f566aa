// Settings as tables: each module has one, beside the struct that it fills; everything else comes
// from them. Precedence: command line, environment, configuration file, default.
#pragma once
#include "core/result.h"
#include <stddef.h>
#include <stdint.h>

// The C type behind each kind, at `offset` of the module's struct.
enum option_type {
    OPTION_TEXT,   // const char *, never NULL, owned by the loader
    OPTION_SECRET, // const char *; refused on the command line; "key_file" names a file that holds
                   // it; never printed
    OPTION_INT,    // int64_t
    OPTION_DOUBLE, // double
    OPTION_BOOL,   // bool: true, false
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
};

struct settings;

// A setting that no table knows but a prefix lets through, as `kafka.linger.ms` for librdkafka.
struct settings_extra {
    const char *key; // Without the prefix.
    const char *value;
};

// Loads all tables. `arguments` are the "--key=value" words of the command line (others are an
// error); `environment` is the process's; `file` is the path of an INI file, NULL for none
// ("soglia.conf" in the working folder is used if it is there). Keys that begin with `extra_prefix`
// ("kafka.") and are in no table are kept as extras. Fails: SG_FATAL naming the key, the value
// (secrets excepted), where it stood, and for an unknown key the nearest known one.
struct settings_source {
    char *const *arguments;
    size_t argument_count;
    char *const *environment;
    const char *file;
    const char *extra_prefix;
};
SG_RESULT settings_load(const struct option_table *tables, size_t table_count,
                        const struct settings_source *source, struct settings **ret_settings);

// Frees the texts that the targets point to. Accepts NULL.
void settings_free(struct settings **settings);

// The extras, ended by a row whose key is NULL. Borrowed.
const struct settings_extra *settings_extras(const struct settings *settings);

// Prints every setting: key, value in force, where it comes from, default, unit, help. Secrets as
// "(set)" or "(not set)".
void settings_print(const struct settings *settings);

// Prints docs/settings.md from the tables alone.
void settings_print_markdown(const struct option_table *tables, size_t table_count);
