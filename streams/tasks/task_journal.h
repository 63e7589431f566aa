// The Journal record of a task's transaction.
#pragma once
#include "streams/tasks/task.h"

// The name of a task: "alerts/2".
enum { TASK_JOURNAL_NAME_MAX = 64 };
void task_journal_name(const struct task *task, char ret_name[static TASK_JOURNAL_NAME_MAX]);

// Writes the record of the running transaction, after everything else of it; the place gets its
// digest. Fails: SG_ABORT, SG_FATAL.
SG_RESULT task_journal_write(struct task *task, struct output *output);
