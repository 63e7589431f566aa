// Brings the state of a task up to the last committed transaction, from its changelogs.
#pragma once
#include "streams/tasks/task.h"

// Reads what the state lacks and commits it. `sequence` is the number of the last committed
// transaction. Says how far it is, every second. Fails: SG_FATAL when the changelogs do not reach
// that transaction, SG_RETRY when Kafka does not answer.
SG_RESULT recovery_run(struct task *task, int64_t sequence);
