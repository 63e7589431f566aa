// Settings of the changes that people ask for over HTTP.
#pragma once
#include "core/settings/option.h"

struct command_settings {
    int64_t at_work; // Most commands that wait for an answer.
};

// The rows of `commands.*`.
struct option_table command_options(struct command_settings *target);
