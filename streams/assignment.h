// The partitions of a worker: tasks are opened when the group gives them, closed when it takes
// them. One thread.
#pragma once
#include "streams/worker.h"

// The callbacks of struct kafka_rebalance; the context is the worker.
SG_RESULT assignment_given(void *worker, const struct kafka_position *partitions, size_t count);
SG_RESULT assignment_taken(void *worker, bool lost);

// Opens the tasks of a worker with `unsaved` anew: they catch up from their changelogs. Fails as
// assignment_given().
SG_RESULT assignment_renew(struct worker *worker);
