// deliver: the outbox. A notification becomes an entry; what the sender reports ends the entry or
// sets its next time.
#pragma once
#include "streams/processor.h"

// Its stores, in the order of the topology.
enum { DELIVER_OUTBOX };

// Schedule of attempts.
struct deliver_settings {
    int64_t retry_first_ms;
    int64_t retry_max_ms;
    int64_t give_up_ms; // After the first attempt.
};
// The rows of `deliver.*`.
struct option_table deliver_options(struct deliver_settings *target);

// See struct processor.
SG_RESULT deliver_take(const struct process *process, const struct event *event);
SG_RESULT deliver_take_outcome(const struct process *process, const struct effect_outcome *outcome);
int64_t deliver_due_ms(const void *entry);
