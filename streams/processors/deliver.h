// deliver: the outbox. A notification becomes an entry; what the sender reports ends the entry or
// sets its next time. A webhook that says it is gone is remembered.
#pragma once
#include "streams/processor.h"

// Its stores, in the order of the topology.
enum { DELIVER_OUTBOX, DELIVER_ENDPOINTS };

// Schedule of attempts.
struct deliver_settings {
    int64_t retry_first_ms; // Of mails.
    int64_t retry_max_ms;
    int64_t give_up_ms;        // After the first attempt.
    const char *webhook_waits; // Durations with blanks between them.
};
// The rows of `deliver.*`.
struct option_table deliver_options(struct deliver_settings *target);

enum { DELIVER_WAITS_MAX = 32 };

// Checks what single rows cannot. Fails: SG_FATAL naming the setting. Any thread.
SG_RESULT deliver_check(const struct deliver_settings *settings);

// See struct processor.
SG_RESULT deliver_take(const struct process *process, const struct event *event);
SG_RESULT deliver_take_outcome(const struct process *process, const struct effect_outcome *outcome);
int64_t deliver_due_ms(const void *entry);
unsigned deliver_lane(const void *entry);
SG_RESULT deliver_is_void(struct stores *stores, struct arena *arena, const void *entry,
                          bool *ret_void);
