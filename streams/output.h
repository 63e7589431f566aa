// What a worker writes to Kafka: outputs, changelog records, dead letters and the journal, all in
// the running transaction. One thread.
#pragma once
#include "core/kafka/producer.h"
#include "core/digest.h"
#include "streams/codecs.h"
#include "streams/ledger.h"
#include "streams/processor.h"

struct output {
    const struct processor *processor;
    struct kafka_producer *producer;         // Borrowed.
    struct codecs *codecs;                   // Borrowed.
    struct kafka_topic *topics[TOPIC_COUNT]; // Bound for outputs, changelogs and dead letters.
    struct buffer encoded;
    struct ledger *ledger;  // Of the task that is at work, borrowed.
    int64_t timestamp_ms;   // Of the event that is being processed.
    int32_t partition;      // Of the task whose changelog is being written.
    bool awaited;           // Since the begin there was more than state: somebody waits for it.
    int64_t not_before_us;  // Monotonic clock: the next send waits until then, 0 if it need not.
    struct emitter emitter; // For the processor.
};

// Binds the topics that the processor writes. The output must not move afterwards. Fails: SG_FATAL.
SG_RESULT output_init(struct output *output, const struct processor *processor,
                      struct kafka_producer *producer, struct codecs *codecs,
                      const struct topic_settings *topics);
void output_done(struct output *output);

// Sends an event to dead-letters with `reason`, its position and its original bytes. Fails:
// SG_ABORT, SG_FATAL.
SG_RESULT output_dead_letter(struct output *output, const struct event *event, bool has_value,
                             const char *reason);

// Writes a record of the journal under its task; `ret_digest` is that of its Avro bytes. Fails:
// SG_ABORT, SG_FATAL.
SG_RESULT output_journal(struct output *output, const struct journal *record,
                         char ret_digest[static DIGEST_CHARS + 1]);

// A stores_change_fn with the output as context: writes a changelog record into the task's
// partition.
SG_RESULT output_change(void *output, enum topic changelog, struct bytes key, struct bytes value,
                        bool has_value);
