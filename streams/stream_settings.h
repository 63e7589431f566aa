// Settings of the stream runtime.
#pragma once
#include "core/settings/option.h"

struct stream_settings {
    const char *instance;    // Tells processes that share a processor apart; stable over restarts.
    int64_t workers;         // Threads a processor.
    int64_t restore_threads; // Tasks of a worker that are opened at the same time.
    int64_t commit_interval_ms; // Greatest age of a transaction.
    int64_t commit_gap_ms;      // Least time from the end of a commit to the next transaction.
    int64_t commit_changes;     // Changed store entries that end a transaction.
    int64_t merge_wait_ms;      // How long a silent input holds up the others of its task.
    bool skip_lost; // Go on behind records that retention deleted before they were read.
};
// The rows of `run.*`.
struct option_table stream_options(struct stream_settings *target);
