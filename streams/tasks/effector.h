// Side effects, as the runtime sees them: something that is handed committed work and reports later
// what came of it. Implemented outside of this folder and bound by app/. All calls come from the
// worker's thread and never wait.
#pragma once
#include "streams/processor.h"

// What becomes of an entry that is offered.
enum effect_answer {
    EFFECT_TAKEN,
    EFFECT_FULL,  // Its lane is full: offer it again when there is an outcome, which wakes the
                  // worker.
    EFFECT_LATER, // Not this one now, others may be: offer it again after a while.
};

struct effector {
    // Takes an entry of the outbox (copied) that is due. With EFFECT_LATER `*ret_later_ms` is set
    // to the while, in ms, > 0.
    enum effect_answer (*offer)(void *context, int32_t partition, const void *entry,
                                int64_t *ret_later_ms);
    // Takes an entry that is not to be tried any more: its outcome says so. False as EFFECT_FULL.
    // NULL where the processor has no is_void.
    bool (*refuse)(void *context, int32_t partition, const void *entry);
    // The next outcome and its partition; false when there is none. Borrowed until the next call.
    bool (*take)(void *context, struct effect_outcome *ret_outcome, int32_t *ret_partition);
    // The outcomes taken so far are committed and not given again. They are to be remembered over
    // the end of the process until the next call: Kafka may lose the last commit when it dies.
    void (*committed)(void *context);
    // The outcomes taken since the last commit were not: give them again.
    void (*aborted)(void *context);
    // The partition is somebody else's now: drop what waits for it.
    void (*forget)(void *context, int32_t partition);
    void *context;
};
