// What the log says of refused records: a few a second one by one, the others counted. The topic
// dead-letters has them all. One thread.
#pragma once
#include "streams/processor.h"

struct refusal_log {
    int64_t since_us; // When refusals were last told one by one,
    int64_t count;    // and how many there were since.
};

// Tells that `by` refused the event, for the reason in sg_reason().
void refusal_log_tell(struct refusal_log *log, const char *by, const struct event *event);
