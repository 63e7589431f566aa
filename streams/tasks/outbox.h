// The times at which a task's outbox entries are due, and the outcomes that wait for a commit.
// Follows the outbox store: nothing of this is durable, all of it can be read again from the store.
// One thread.
#pragma once
#include "streams/tasks/effector.h"

struct outbox;

// Reads the due times of every entry of the processor's first store. Fails: SG_FATAL.
SG_RESULT outbox_open(const struct processor *processor, struct stores *stores, int32_t partition,
                      const struct effector *effector, struct outbox **ret_outbox);

// Forgets all, and tells the effector to. Accepts NULL.
void outbox_close(struct outbox **outbox);

// Notes that an entry was written in the running transaction. Fails: SG_FATAL.
SG_RESULT outbox_note(struct outbox *outbox, struct bytes id, const void *entry);

// After a commit the notes count; after an abort they are forgotten.
SG_RESULT outbox_committed(struct outbox *outbox);
void outbox_aborted(struct outbox *outbox);

// Offers what is due at `now_ms` to the effector, as far as it takes it. Only between transactions.
// Fails: SG_FATAL.
SG_RESULT outbox_offer(struct outbox *outbox, int64_t now_ms, struct arena *arena);

// When the next entry is due; INT64_MAX for never. Entries of a lane that is full do not count: an
// outcome wakes the loop.
int64_t outbox_next_due_ms(const struct outbox *outbox);

// Entries that wait; those with the effector do not count.
size_t outbox_count(const struct outbox *outbox);
