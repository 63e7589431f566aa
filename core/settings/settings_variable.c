// Names of variables: upper case, with underscores for dots.
#include "core/settings/settings_variable.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char variable_prefix[] = "SOGLIA_";
static const char path_suffix[] = "_file";

// Writes the variable's name for a key: "kafka.brokers" gives "SOGLIA_KAFKA_BROKERS".
static void print_variable(const char *key, char ret_name[static SETTINGS_KEY_MAX])
{
    int length = snprintf(ret_name, SETTINGS_KEY_MAX, "%s%s", variable_prefix, key);
    for (int i = 0; i < length && i < SETTINGS_KEY_MAX - 1; i++) {
        int letter = toupper((unsigned char)ret_name[i]);
        ret_name[i] = (char)(letter == '.' || letter == '-' ? '_' : letter);
    }
}

// The key that a variable stands for: a known one, or its words with dots between.
static void key_of_variable(const struct settings *settings, const char *name, size_t length,
                            char ret_key[static SETTINGS_KEY_MAX])
{
    snprintf(ret_key, SETTINGS_KEY_MAX, "%.*s", (int)(length - strlen(variable_prefix)),
             name + strlen(variable_prefix));
    for (char *at = ret_key; *at != '\0'; at++) {
        int letter = tolower((unsigned char)*at);
        *at = (char)(letter == '_' ? '.' : letter);
    }
    for (size_t i = 0; i < settings->row_count; i++) {
        const struct option *option = settings->rows[i].option;
        char variable[SETTINGS_KEY_MAX];
        print_variable(option->key, variable);
        size_t known = strlen(variable);
        bool is_known = known == length && strncmp(variable, name, length) == 0;
        bool is_path = option->type == OPTION_SECRET && length == known + strlen(path_suffix) &&
                       strncmp(variable, name, known) == 0 &&
                       strncmp(name + known, "_FILE", strlen(path_suffix)) == 0;
        if (is_known || is_path) {
            snprintf(ret_key, SETTINGS_KEY_MAX, "%s%s", option->key, is_path ? path_suffix : "");
        }
    }
}

// True when a setting's first part is that of the key. Other variables that begin like ours are
// somebody else's: Kubernetes gives SOGLIA_PORT to the neighbours of a service called soglia.
static bool is_our_section(const struct settings *settings, const char *key)
{
    size_t length = strcspn(key, ".");
    for (size_t i = 0; i < settings->row_count; i++) {
        const struct settings_row *row = &settings->rows[i];
        if (!row->table->command_line_only && strncmp(row->option->key, key, length) == 0 &&
            row->option->key[length] == '.') {
            return true;
        }
    }
    return false;
}

bool settings_variable_key(const struct settings *settings, const char *variable,
                           char ret_key[static SETTINGS_KEY_MAX])
{
    size_t length = strcspn(variable, "=");
    if (variable[length] != '=' ||
        strncmp(variable, variable_prefix, strlen(variable_prefix)) != 0) {
        return false;
    }
    key_of_variable(settings, variable, length, ret_key);
    return is_our_section(settings, ret_key);
}
