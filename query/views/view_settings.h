// The settings of the views.
#pragma once
#include "core/settings/option.h"

struct view_settings {
    int64_t history_ms;
    int64_t history_values;
    int64_t commit_ms;
    int64_t commit_records;
    int64_t cached_instruments;
    int64_t commands_kept_ms;
    int64_t alerts_kept;
    int64_t notifications_kept;
};

// The rows of `views.*`.
struct option_table view_settings_options(struct view_settings *target);
