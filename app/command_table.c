// The list, by hand: a command that is not in it does not exist.
#include "app/command_table.h"

#include "core/settings/nearest.h"

#include <string.h>

extern const struct command audit_command;
extern const struct command check_command;
extern const struct command decode_command;
extern const struct command deliver_command;
extern const struct command encode_command;
extern const struct command fetch_command;
extern const struct command health_command;
extern const struct command help_command;
extern const struct command metrics_command;
extern const struct command produce_command;
extern const struct command run_command;
extern const struct command serve_command;
extern const struct command settings_command;
extern const struct command tail_command;
extern const struct command topics_command;
extern const struct command version_command;

// clang-format off
const struct command *const command_table[] = {
    &run_command,
    &deliver_command,
    &serve_command,
    &fetch_command,
    &topics_command,
    &produce_command,
    &tail_command,
    &encode_command,
    &decode_command,
    &audit_command,
    &check_command,
    &health_command,
    &settings_command,
    &metrics_command,
    &help_command,
    &version_command,
};
// clang-format on
const size_t command_table_count = sizeof command_table / sizeof command_table[0];

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < command_table_count; i++) {
        if (strcmp(command_table[i]->name, name) == 0) {
            return command_table[i];
        }
    }
    return NULL;
}

const struct command *command_nearest(const char *name)
{
    struct nearest nearest = {.wanted = name};
    for (size_t i = 0; i < command_table_count; i++) {
        nearest_offer(&nearest, command_table[i]->name);
    }
    return nearest_word(&nearest) == NULL ? NULL : command_find(nearest_word(&nearest));
}
