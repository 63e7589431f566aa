// The life of a process that runs one processor: begun as a child, it ends when it has nothing left
// to do, at a crash point, or with a reason. What it leaves - the fake cluster and its state folder
// - is what the next life begins with.
#pragma once
#include "streams/runtime.h"

enum life_end { LIFE_STOPPED, LIFE_CRASHED, LIFE_REFUSED, LIFE_BROKEN };

struct life {
    const char *processor;
    const char *folder; // Of the state.
    const void *processor_settings;
    const struct effector *effector;
    int64_t map_bytes;     // 0: 16 MiB.
    int64_t cache_entries; // 0: 16.
    int64_t changes;       // That end a transaction; 0: 1.
    bool skip_lost;
    const char *crash_at; // Tasks are then opened one after the other, else two at a time.
    int crash_nth;
};

// A cluster with every topic, `partitions` each, and the state folder of no life yet.
void life_new_world(int32_t partitions);

// Runs a life to its end, in a process of its own.
enum life_end life_run(const struct life *life);

// The same in this process, where a sanitizer sees leaks; it must not crash.
enum life_end life_run_here(const struct life *life);

// Why the last life was refused.
const char *life_reason(void);

// A new folder, and the end of one with all that is in it.
enum { LIFE_FOLDER_MAX = 256 };
void life_make_folder(char ret_path[static LIFE_FOLDER_MAX]);
void life_remove_folder(const char *path);
