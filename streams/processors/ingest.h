// ingest: each line of JSON becomes a record of the twin topic, or a dead letter with a reason for
// its sender.
#pragma once
#include "streams/processor.h"

// See struct processor.
SG_RESULT ingest_take(const struct process *process, const struct event *event);
