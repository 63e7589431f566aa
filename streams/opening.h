// Opening tasks side by side: what restores a task waits for Kafka, the disk and its own
// processor, so several at a time are ready sooner than one after the other.
#pragma once
#include "streams/tasks/task.h"

// A task to be opened, and what became of it.
struct opening {
    const struct kafka_position *committed; // Of its inputs. Borrowed.
    size_t count;
    struct task *task; // Opened; the caller closes it, also when others have failed.
};

// Opens each, at most `threads` at a time, in this thread and in others that have ended when it
// returns. `name` is theirs in the log. Fails as task_open(), for the first in the list that did;
// those behind a failure may not have been tried.
SG_RESULT opening_run(const struct task_config *config, const char *name, int64_t threads,
                      struct opening *openings, size_t count);
