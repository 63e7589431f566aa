// All commands, in the order of the overview.
#pragma once
#include "app/command.h"

extern const struct command *const command_table[];
extern const size_t command_table_count;

// The command of this name, NULL if there is none. Any thread.
const struct command *command_find(const char *name);

// The command that was probably meant by an unknown name, NULL if none is near. Any thread.
const struct command *command_nearest(const char *name);
