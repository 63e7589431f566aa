// Side effects, as the runtime sees them: something that is handed committed work and reports later
// what came of it. Implemented outside of this folder and bound by app/. All calls come from the
// worker's thread and never wait.
#pragma once
#include "streams/processor.h"

struct effector {
    // Takes an entry of the outbox (copied) that is due. False: full, offer it again when there is
    // an outcome; that there is one must wake the worker.
    bool (*offer)(void *context, int32_t partition, const void *entry);
    // The next outcome and its partition; false when there is none. Borrowed until the next call.
    bool (*take)(void *context, struct effect_outcome *ret_outcome, int32_t *ret_partition);
    // The outcomes taken so far are committed: they need not be remembered any more.
    void (*committed)(void *context);
    // The outcomes taken since the last commit were not: give them again.
    void (*aborted)(void *context);
    // The partition is somebody else's now: drop what waits for it.
    void (*forget)(void *context, int32_t partition);
    void *context;
};
