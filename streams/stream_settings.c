// Settings of the stream runtime.
#include "streams/stream_settings.h"

static const struct option options[] = {
    {.key = "run.instance",
     .type = OPTION_TEXT,
     .offset = offsetof(struct stream_settings, instance),
     .fallback = "0",
     .help = "Name of this process among those that share its processors; must be its own, and the "
             "same after a restart."},
    {.key = "run.workers",
     .type = OPTION_INT,
     .offset = offsetof(struct stream_settings, workers),
     .fallback = "1",
     .min = 1,
     .max = 64,
     .help = "Threads for each processor; more than the partitions of its topics are of no use."},
    {.key = "run.restore_threads",
     .type = OPTION_INT,
     .offset = offsetof(struct stream_settings, restore_threads),
     .fallback = "2",
     .min = 1,
     .max = 64,
     .help = "Partitions of a worker whose state is opened, and restored if need be, at the same "
             "time; each takes memory while it is restored."},
    {.key = "run.commit_interval",
     .type = OPTION_DURATION,
     .offset = offsetof(struct stream_settings, commit_interval_ms),
     .fallback = "100ms",
     .min = 1,
     .max = 5000,
     .help = "Greatest age of a transaction under load; with nothing left to read one that has "
             "output is committed at once."},
    {.key = "run.commit_gap",
     .type = OPTION_DURATION,
     .offset = offsetof(struct stream_settings, commit_gap_ms),
     .fallback = "5ms",
     .min = 0,
     .max = 1000,
     .help = "Least time between a commit and the next transaction: the broker still writes "
             "markers then, and answers late."},
    {.key = "run.commit_changes",
     .type = OPTION_INT,
     .offset = offsetof(struct stream_settings, commit_changes),
     .fallback = "100000",
     .min = 1,
     .max = 10000000,
     .help = "Changed state entries that end a transaction early."},
    {.key = "run.merge_wait",
     .type = OPTION_DURATION,
     .offset = offsetof(struct stream_settings, merge_wait_ms),
     .fallback = "25ms",
     .min = 0,
     .max = 10000,
     .help = "How long an input of which nothing is known holds up the others of its task."},
    {.key = "run.skip_lost",
     .type = OPTION_BOOL,
     .offset = offsetof(struct stream_settings, skip_lost),
     .fallback = "false",
     .help = "Go on when retention has deleted records before they were read; otherwise that is an "
             "error."},
};

struct option_table stream_options(struct stream_settings *target)
{
    return (struct option_table){"Stream processors", options, sizeof options / sizeof options[0],
                                 target, false};
}
