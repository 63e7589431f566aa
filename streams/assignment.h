// The partitions of a worker: tasks are opened when the group gives them, closed when it takes
// them. One thread.
#pragma once
#include "streams/worker.h"

// The callbacks of struct kafka_rebalance; the context is the worker.
SG_RESULT assignment_given(void *worker, const struct kafka_position *partitions, size_t count);
SG_RESULT assignment_taken(void *worker, bool lost);

// Reads on from where the tasks stand: what was prefetched is dropped, every input gets its queue
// anew. Fails as kafka_consumer_assign().
SG_RESULT assignment_rewind(struct worker *worker);

// Closes all tasks; what they had not committed is dropped.
void assignment_close(struct worker *worker);
