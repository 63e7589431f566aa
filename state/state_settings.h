// Settings of the state folders.
#pragma once
#include "core/settings/option.h"

struct state_settings {
    const char *dir;
    int64_t map_bytes;
    int64_t cache_entries; // Per store of a task.
    const char *sync;      // "none" or "commit"
};

// The rows of `state.*`.
struct option_table state_options(struct state_settings *target);
