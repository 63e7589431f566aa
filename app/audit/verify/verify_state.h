// What the parts of this folder share while a span is verified.
#pragma once
#include "app/audit/log/archive.h"
#include "app/audit/fold/fold.h"
#include "app/audit/fold/scratch_folder.h"
#include "app/audit/verify/delivery_log.h"
#include "app/audit/verify/output_log.h"
#include "app/audit/verify/verify.h"
#include "schemas/journal.h"

enum { VERIFY_TASKS_MAX = 4096 };

// One task of the journal.
struct verify_task {
    char name[DIFFERENCE_TASK_MAX];
    const struct processor *processor;
    int32_t partition;
    struct fold *fold; // NULL: it is not folded.
    bool is_begun;     // A record of it was read.
    bool is_over;      // What follows is not folded: it lies behind the span.
    int64_t sequence;  // Of its last record.
    char previous[DIGEST_CHARS + 1];
    int64_t next[PROCESSOR_INPUTS_MAX]; // By input of the processor: where the last record ended.
    int64_t *behind; // By slot of the output log: behind its last record there, when it is folded.
};

// A record of the journal, decoded.
struct verify_entry {
    struct journal journal;
    char digest[DIGEST_CHARS + 1]; // Of its Avro bytes.
    int32_t partition;
    int64_t offset;
    bool is_in_span;
    // Timestamps of the records that the transaction took.
    int64_t least_ms;
    int64_t most_ms;
};

struct verify {
    const struct verify_request *request;
    struct verify_result *result;
    struct scratch_folder folder;
    struct registry *registry;
    struct codecs codecs;
    struct log_reader *journal;
    struct log_span *journal_spans;
    size_t journal_count;
    struct log_reader *inputs;
    struct log_span *input_spans;
    size_t input_count;
    size_t input_slots[PROCESSOR_COUNT][PROCESSOR_INPUTS_MAX]; // First slot; partitions follow.
    int32_t partitions[PROCESSOR_COUNT];
    struct output_log *outputs;
    struct delivery_log *deliveries; // NULL when deliver is not wanted.
    struct verify_task *tasks;
    size_t task_count;
    struct archive archive; // For the naming of a difference.
    struct arena *arena;    // Of one record of the journal.
    struct arena *other;    // Of what the fold says of it.
    bool is_behind_span;    // What follows is folded only to explain what was read.
    bool is_unsure;         // Something behind the span differs, or was not folded.
    int64_t told_us;
};

// Verifies one record: chain, positions, inputs, outputs, state. Fails with DIFFERENCE_FOUND; else
// SG_FATAL, SG_RETRY.
SG_RESULT verify_task_take(struct verify *verify, struct verify_entry *entry);

// Compares what was folded with what the record says and with the topics. Fails as above.
SG_RESULT verify_compare(struct verify *verify, const struct verify_task *task,
                         const struct verify_entry *entry);

// A difference in this transaction, with its place filled in; the caller adds the rest.
struct difference verify_difference(const struct verify_task *task,
                                    const struct verify_entry *entry);

// Notes what could not be verified; the same note is kept once.
void verify_note(struct verify *verify, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Find out what differs and fail with DIFFERENCE_FOUND: a record that the fold makes is not in its
// topic (`behind` is the place of the one before it); a transaction wrote something else to a
// topic; a store holds something else.
SG_RESULT verify_name_missing(struct verify *verify, const struct verify_task *task,
                              const struct verify_entry *entry, const struct fold_output *output,
                              const struct place *behind);
SG_RESULT verify_name_outputs(struct verify *verify, const struct verify_task *task,
                              const struct verify_entry *entry, enum topic topic);
SG_RESULT verify_name_state(struct verify *verify, const struct verify_task *task,
                            const struct verify_entry *entry, size_t store);
