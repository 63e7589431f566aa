// What a task took and wrote in its running transaction, kept for the Journal record of it. One
// thread.
#pragma once
#include "core/digest.h"
#include "core/kafka/producer.h"
#include "schemas/journal.h"
#include "streams/processor.h"

// Runs that a ledger should hold: so many fit into a record with room to spare, whatever the
// offsets are. It takes more; the transaction should end soon then.
enum { LEDGER_RUNS_MAX = 32768 };

struct ledger;

// A ledger for a task of this processor. The caller frees it. NULL without memory.
struct ledger *ledger_new(const struct processor *processor);
void ledger_free(struct ledger **ledger);

// Notes that a record of this input (number among the task's) was taken, and the offset behind it;
// that an outcome was taken. Fails: SG_FATAL without memory.
SG_RESULT ledger_took(struct ledger *ledger, int32_t input, int64_t to);
SG_RESULT ledger_took_outcome(struct ledger *ledger);

// Adds a record to a digest: its timestamp in 8 bytes, key and value each with its length in 4
// bytes before it (ffffffff for none), the number of headers in 4 bytes and each header's name and
// value like a key, but not of those that hold the wall clock. Numbers have the highest byte first.
// Any thread.
void ledger_add(struct digest *digest, const struct kafka_message *message);

// Notes a record that was written.
void ledger_wrote(struct ledger *ledger, enum topic topic, const struct kafka_message *message);

// True when the transaction should end.
bool ledger_is_full(const struct ledger *ledger);

// Fills runs, outcomes and outputs of a record; they live in `arena`. Fails: SG_FATAL without
// memory.
SG_RESULT ledger_fill(const struct ledger *ledger, struct arena *arena, struct journal *record);

// Forgets everything, for the next transaction.
void ledger_reset(struct ledger *ledger);
