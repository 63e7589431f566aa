// Settings of the whole program, loaded into the modules' structs by their tables of options.
// Precedence: command line, environment, configuration file, default.
#pragma once
#include "core/settings/option.h"

struct settings;

// A setting that no table knows but a prefix lets through, as `kafka.linger.ms` for librdkafka.
struct settings_extra {
    const char *key; // Without the prefix.
    const char *value;
};

// Where the values come from.
struct settings_source {
    char *const *arguments; // "--key=value" words; "--key" alone is true for a BOOL.
    size_t argument_count;
    char *const *environment; // The process's, ended by NULL; NULL for none.
    const char *file;         // An INI file; NULL: "soglia.conf" of the working folder, if any.
    const char *extra_prefix; // "kafka."; NULL for none.
};

// Loads all tables; they and their targets must live as long as the settings. Sections of the file
// are prefixes: [kafka] brokers = ... is kafka.brokers. SOGLIA_KAFKA_BROKERS is kafka.brokers too;
// a variable whose first part is that of no setting is not ours and is left alone. Keys that begin
// with the extra prefix and are in no table are kept as extras. Fails: SG_FATAL naming the key, the
// value (secrets excepted), where it stood, and for an unknown key the nearest known one.
SG_RESULT settings_load(const struct option_table *tables, size_t table_count,
                        const struct settings_source *source, struct settings **ret_settings);

// Frees the texts that the targets point to and sets `*settings` to NULL. Accepts NULL.
void settings_free(struct settings **settings);

// True when somebody gave this setting a value, if only that of its default.
bool settings_is_given(const struct settings *settings, const char *key);

// The extras, ended by a row whose key is NULL. Borrowed.
const struct settings_extra *settings_extras(const struct settings *settings);

// Prints every setting to standard output: value in force, where it comes from, help. Secrets as
// "(set)" or "(not set)".
void settings_print(const struct settings *settings);

// Prints docs/settings.md to standard output, from the tables alone.
void settings_print_markdown(const struct option_table *tables, size_t table_count);
