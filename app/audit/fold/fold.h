// A task of a processor, done again from its inputs: the same checks, the same processor, the same
// stores, with a list in place of Kafka. Nothing is sent. One thread.
#pragma once
#include "app/audit/fold/identity.h"
#include "schemas/journal.h"
#include "streams/codecs.h"
#include "streams/processor.h"

struct fold;

// Most bytes of the outputs and changes of one transaction.
#define FOLD_TRANSACTION_BYTES_MAX ((size_t)4 << 30)

struct fold_config {
    const struct processor *processor;
    const char *name;      // Of the task, "alerts/2".
    const char *dir;       // Where its state is kept while it is folded.
    int64_t cache_entries; // Of each store.
    int32_t partitions;    // Of each input.
    struct codecs *codecs; // Of inputs, outputs and stores; borrowed.
    const void *settings;  // Of the processor, NULL if it has none; borrowed.
};

// A record that the task would have written. It lives until the transaction after it begins.
struct fold_output {
    struct fold_output *next; // In the order of writing.
    enum topic topic;
    struct bytes key;
    struct bytes value;
    bool has_value;
    int64_t timestamp_ms;
    struct identity identity;
    // The record that caused it.
    enum topic cause_topic;
    int32_t cause_partition;
    int64_t cause_offset;
};

// A change of a store. It lives as long as an output.
struct fold_change {
    struct fold_change *next;
    size_t store;
    struct bytes key;
    struct bytes value;
    bool has_value;
};

// Opens a task that has taken nothing. Fails: SG_FATAL.
SG_RESULT fold_open(const struct fold_config *config, struct fold **ret_fold);

// Accepts NULL.
void fold_close(struct fold **fold);

// Takes a record of an input; the first one after fold_end() begins a transaction. A refusal makes
// a dead letter, as in the runtime. `event` lacks its decoded record. Fails: SG_FATAL, SG_RETRY.
SG_RESULT fold_take(struct fold *fold, const struct event *event, bool has_value);

// The record that was taken last, decoded; NULL if it was refused. Until the next take.
const struct event *fold_taken(const struct fold *fold);

// Ends the transaction: its changes are in the stores. Fails: SG_FATAL.
SG_RESULT fold_end(struct fold *fold);

// What a Journal record of the transaction, which has ended, would say of outputs and state. It
// lives in `arena`. Fails: SG_FATAL.
SG_RESULT fold_record(const struct fold *fold, struct arena *arena, struct journal *ret_record);

// Of the transaction: what it wrote and, once it has ended, what it changed. NULL for nothing.
const struct fold_output *fold_outputs(const struct fold *fold);
const struct fold_change *fold_changes(const struct fold *fold);

// Bytes of changed entries that wait for fold_end().
size_t fold_dirty_count(const struct fold *fold);

// The stores of the task, NULL for none. To be read between transactions.
struct stores *fold_stores(struct fold *fold);
