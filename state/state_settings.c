// Settings of the state folders.
#include "state/state_settings.h"

static const struct option options[] = {
    {.key = "state.dir",
     .type = OPTION_TEXT,
     .offset = offsetof(struct state_settings, dir),
     .fallback = "state",
     .help = "Folder of the processors' state and the read views."},
    {.key = "state.map_bytes",
     .type = OPTION_SIZE,
     .offset = offsetof(struct state_settings, map_bytes),
     .fallback = "64GiB",
     .min = 1 << 20,
     .max = INT64_C(1) << 46,
     .help =
         "Address space of one state file; the file is sparse and the map grows when it is full."},
    {.key = "state.cache_entries",
     .type = OPTION_INT,
     .offset = offsetof(struct state_settings, cache_entries),
     .fallback = "100000",
     .min = 16,
     .max = 100000000,
     .help = "Entries kept in memory per store of a task."},
    {.key = "state.sync",
     .type = OPTION_CHOICE,
     .offset = offsetof(struct state_settings, sync),
     .fallback = "none",
     .choices = "none|commit",
     .help = "commit: every commit reaches the disk first. none: state survives the death of the "
             "process, and is restored from Kafka after the death of the system."},
};

struct option_table state_options(struct state_settings *target)
{
    return (struct option_table){"State", options, sizeof options / sizeof options[0], target,
                                 false};
}
