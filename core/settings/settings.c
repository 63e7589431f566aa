// Every source puts its texts into rows, the stronger over the weaker; then each row is read once.
#include "core/settings/settings_row.h"

#include "core/settings/nearest.h"
#include "core/settings/settings_file.h"
#include "core/settings/settings_variable.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char default_file[] = "soglia.conf";
static const char path_suffix[] = "_file";

// A name this near to one of ours is a slip of it, not librdkafka's.
enum { SLIP_DISTANCE = 2 };

enum { EXTRAS_MAX = 256, SECRET_MAX_BYTES = 64 * 1024 };

// A setting as a source gives it.
struct given {
    const char *key;
    const char *value;
    const char *place;
    enum settings_origin origin;
};

static sg_result fail_memory(void)
{
    return sg_fail(SG_FATAL, ENOMEM, "settings: out of memory");
}

static sg_result replace_text(char **text, const char *with)
{
    char *copy = strdup(with);
    if (copy == NULL) {
        return fail_memory();
    }
    free(*text);
    *text = copy;
    return sg_ok();
}

static bool ends_with(const char *text, const char *suffix)
{
    size_t length = strlen(text);
    size_t suffix_length = strlen(suffix);
    return length >= suffix_length && strcmp(text + length - suffix_length, suffix) == 0;
}

bool settings_key_is_secret(const char *key)
{
    return strstr(key, "password") != NULL || strstr(key, "secret") != NULL ||
           strstr(key, "oauthbearer.config") != NULL || ends_with(key, ".pem") ||
           ends_with(key, "ssl_key");
}

const char *settings_row_text(const struct settings_row *row)
{
    return row->text == NULL ? row->option->fallback : row->text;
}

// True when `key` names the option, or "<key>_file" of a secret, which sets `*ret_path`.
static bool is_key_of(const struct option *option, const char *key, bool *ret_path)
{
    size_t length = strlen(option->key);
    if (strncmp(key, option->key, length) != 0) {
        return false;
    }
    *ret_path = option->type == OPTION_SECRET && strcmp(key + length, path_suffix) == 0;
    return key[length] == '\0' || *ret_path;
}

static struct settings_row *find_row(struct settings *settings, const char *key, bool *ret_path)
{
    for (size_t i = 0; i < settings->row_count; i++) {
        if (is_key_of(settings->rows[i].option, key, ret_path)) {
            return &settings->rows[i];
        }
    }
    return NULL;
}

static const char *extra_key(const struct settings *settings, const char *key)
{
    const char *prefix = settings->extra_prefix;
    bool is_extra =
        prefix != NULL && strncmp(key, prefix, strlen(prefix)) == 0 && key[strlen(prefix)] != '\0';
    return is_extra ? key + strlen(prefix) : NULL;
}

// The known key that is nearest to the one given, among those that may stand in its source.
static struct nearest nearest_to(const struct settings *settings, const struct given *given)
{
    struct nearest nearest = {.wanted = given->key};
    bool is_argument = given->origin == SETTINGS_FROM_COMMAND_LINE;
    for (size_t i = 0; i < settings->row_count; i++) {
        const struct settings_row *row = &settings->rows[i];
        if (is_argument || !row->table->command_line_only) {
            nearest_offer(&nearest, row->option->key);
        }
    }
    return nearest;
}

static sg_result fail_unknown(const struct given *given, const struct nearest *nearest)
{
    const char *meant = nearest_word(nearest);
    return sg_fail(SG_FATAL, 0, "%s: unknown setting %s%s%s%s", given->place, given->key,
                   meant == NULL ? "; `soglia settings` lists all" : "; did you mean ",
                   meant == NULL ? "" : meant, meant == NULL ? "" : "?");
}

static sg_result refuse_secret(const struct given *given)
{
    return sg_fail(
        SG_FATAL, 0,
        "--%s: a secret on the command line is seen by every user of the machine; put it "
        "into the configuration file or the environment",
        given->key);
}

static sg_result put_extra(struct settings *settings, const struct given *given, const char *key)
{
    size_t at = 0;
    while (at < settings->extra_count && strcmp(settings->extras[at].key, key) != 0) {
        at++;
    }
    if (at == EXTRAS_MAX) {
        return sg_fail(SG_FATAL, 0, "%s: more than %d settings to pass on", given->place,
                       EXTRAS_MAX);
    }
    // One piece of memory holds both texts, one behind the other.
    size_t key_size = strlen(key) + 1;
    size_t value_size = strlen(given->value) + 1;
    char *memory = malloc(key_size + value_size);
    if (memory == NULL) {
        return fail_memory();
    }
    memcpy(memory, key, key_size);
    memcpy(memory + key_size, given->value, value_size);
    free(settings->memory[at]);
    settings->memory[at] = memory;
    settings->extras[at] = (struct settings_extra){.key = memory, .value = memory + key_size};
    settings->extra_count += at == settings->extra_count;
    return sg_ok();
}

// Passes on what no table knows, or says what was probably meant.
static sg_result put_unknown(struct settings *settings, const struct given *given)
{
    const char *key = extra_key(settings, given->key);
    struct nearest nearest = nearest_to(settings, given);
    bool is_slip = nearest_word(&nearest) != NULL && nearest.distance <= SLIP_DISTANCE;
    if (key == NULL || is_slip) {
        return fail_unknown(given, &nearest);
    }
    if (given->origin == SETTINGS_FROM_COMMAND_LINE && settings_key_is_secret(key)) {
        return refuse_secret(given);
    }
    return put_extra(settings, given, key);
}

// Puts a setting into its row; sources come in the order of their strength.
static sg_result put(struct settings *settings, const struct given *given)
{
    bool is_argument = given->origin == SETTINGS_FROM_COMMAND_LINE;
    bool is_path = false;
    struct settings_row *row = find_row(settings, given->key, &is_path);
    if (row == NULL || (row->table->command_line_only && !is_argument)) {
        return put_unknown(settings, given);
    }
    if (row->option->type == OPTION_SECRET && is_argument && !is_path) {
        return refuse_secret(given);
    }
    SG_TRY(replace_text(&row->text, given->value));
    SG_TRY(replace_text(&row->place, given->place));
    row->origin = given->origin;
    row->is_path = is_path;
    return sg_ok();
}

static sg_result take_from_file(void *context, const char *key, const char *value,
                                const char *place)
{
    struct given given = {key, value, place, SETTINGS_FROM_FILE};
    return put(context, &given);
}

static sg_result load_file(struct settings *settings, const char *path)
{
    if (path == NULL && access(default_file, F_OK) != 0) {
        return sg_ok();
    }
    SG_TRY(replace_text(&settings->file, path == NULL ? default_file : path));
    return settings_file_read(settings->file, take_from_file, settings);
}

static sg_result load_variable(struct settings *settings, const char *variable)
{
    char key[SETTINGS_KEY_MAX];
    char place[SETTINGS_KEY_MAX];
    if (!settings_variable_key(settings, variable, key)) {
        return sg_ok();
    }
    size_t length = strcspn(variable, "=");
    snprintf(place, sizeof place, "%.*s", (int)length, variable);
    struct given given = {key, variable + length + 1, place, SETTINGS_FROM_ENVIRONMENT};
    return put(settings, &given);
}

static sg_result load_argument(struct settings *settings, const char *argument)
{
    if (strncmp(argument, "--", 2) != 0) {
        return sg_fail(SG_FATAL, 0, "%s: not of the form --key=value", argument);
    }
    char key[SETTINGS_KEY_MAX];
    size_t length = strcspn(argument + 2, "=");
    if (length == 0 || length >= sizeof key) {
        return sg_fail(SG_FATAL, 0, "%s: not of the form --key=value", argument);
    }
    snprintf(key, sizeof key, "%.*s", (int)length, argument + 2);
    const char *value = argument[2 + length] == '=' ? argument + 2 + length + 1 : NULL;
    bool is_path = false;
    const struct settings_row *row = find_row(settings, key, &is_path);
    bool is_switch = row != NULL && row->option->type == OPTION_BOOL;
    struct given given = {key, value, "command line", SETTINGS_FROM_COMMAND_LINE};
    if (value == NULL && is_switch) {
        given.value = "true";
    } else if (value == NULL && row != NULL) {
        return sg_fail(SG_FATAL, 0, "--%s: the value is missing; write --%s=VALUE", key, key);
    } else if (value == NULL) {
        given.value = "";
    }
    return put(settings, &given);
}

// Replaces the path of a secret by the first line of its file.
static sg_result read_secret(struct settings_row *row)
{
    FILE *file = fopen(row->text, "re");
    if (file == NULL) {
        return sg_fail(SG_FATAL, errno, "%s: %s%s: %s: %s", row->place, row->option->key,
                       path_suffix, row->text, strerror(errno));
    }
    char *text = calloc(1, SECRET_MAX_BYTES);
    size_t size = text == NULL ? 0 : fread(text, 1, SECRET_MAX_BYTES, file);
    bool is_read = text != NULL && !ferror(file) && size < SECRET_MAX_BYTES;
    fclose(file);
    if (!is_read) {
        free(text);
        return sg_fail(SG_FATAL, 0, "%s: %s%s: %s cannot be read or is larger than %d bytes",
                       row->place, row->option->key, path_suffix, row->text, SECRET_MAX_BYTES - 1);
    }
    text[strcspn(text, "\r\n")] = '\0';
    free(row->text);
    row->text = text;
    return sg_ok();
}

static sg_result read_rows(struct settings *settings)
{
    for (size_t i = 0; i < settings->row_count; i++) {
        struct settings_row *row = &settings->rows[i];
        if (row->is_path) {
            SG_TRY(read_secret(row));
        }
        sg_result result = option_read(row->option, settings_row_text(row), row->table->target);
        SG_TRY(sg_explain(result, "%s: %s", row->place == NULL ? "default" : row->place,
                          row->option->key));
    }
    return sg_ok();
}

static void add_rows(struct settings *settings, const struct option_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        assert(table->options[i].fallback != NULL);
        settings->rows[settings->row_count++] =
            (struct settings_row){.table = table, .option = &table->options[i]};
    }
}

// Settings with a row for every option, all at their defaults. NULL without memory.
static struct settings *settings_new(const struct option_table *tables, size_t table_count)
{
    size_t row_count = 0;
    for (size_t i = 0; i < table_count; i++) {
        row_count += tables[i].count;
    }
    struct settings *settings = calloc(1, sizeof *settings);
    if (settings == NULL) {
        return NULL;
    }
    settings->rows = calloc(row_count + 1, sizeof *settings->rows);
    settings->extras = calloc(EXTRAS_MAX + 1, sizeof *settings->extras);
    settings->memory = calloc(EXTRAS_MAX, sizeof *settings->memory);
    if (settings->rows == NULL || settings->extras == NULL || settings->memory == NULL) {
        settings_free(&settings);
        return NULL;
    }
    for (size_t i = 0; i < table_count; i++) {
        add_rows(settings, &tables[i]);
    }
    return settings;
}

static sg_result load_sources(struct settings *settings, const struct settings_source *source)
{
    settings->extra_prefix = source->extra_prefix;
    SG_TRY(load_file(settings, source->file));
    for (char *const *at = source->environment; at != NULL && *at != NULL; at++) {
        SG_TRY(load_variable(settings, *at));
    }
    for (size_t i = 0; i < source->argument_count; i++) {
        SG_TRY(load_argument(settings, source->arguments[i]));
    }
    return read_rows(settings);
}

SG_RESULT settings_load(const struct option_table *tables, size_t table_count,
                        const struct settings_source *source, struct settings **ret_settings)
{
    struct settings *settings = settings_new(tables, table_count);
    if (settings == NULL) {
        return fail_memory();
    }
    sg_result result = load_sources(settings, source);
    if (!sg_is_ok(result)) {
        settings_free(&settings);
        return result;
    }
    *ret_settings = settings;
    return sg_ok();
}

void settings_free(struct settings **settings)
{
    if (*settings == NULL) {
        return;
    }
    struct settings *old = *settings;
    for (size_t i = 0; i < old->row_count; i++) {
        free(old->rows[i].text);
        free(old->rows[i].place);
    }
    for (size_t i = 0; old->memory != NULL && i < old->extra_count; i++) {
        free(old->memory[i]);
    }
    free(old->rows);
    free(old->extras);
    free(old->memory);
    free(old->file);
    free(old);
    *settings = NULL;
}

bool settings_is_given(const struct settings *settings, const char *key)
{
    for (size_t i = 0; i < settings->row_count; i++) {
        if (strcmp(settings->rows[i].option->key, key) == 0) {
            return settings->rows[i].origin != SETTINGS_FROM_DEFAULT;
        }
    }
    return false;
}

const struct settings_extra *settings_extras(const struct settings *settings)
{
    return settings->extras;
}
