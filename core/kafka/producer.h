// A producer: transactional, or idempotent without transactions. One thread uses a producer.
#pragma once
#include "core/kafka/consumer.h"

struct kafka_producer;
struct kafka_topic;

struct kafka_producer_config {
    const struct kafka_settings *kafka; // Borrowed as long as the producer lives.
    const char *transactional_id;       // NULL: idempotent only.
    int64_t linger_ms;
};

// Opens a producer. A transactional one has fenced its predecessor and finished that one's last
// transaction when this returns. Broker away is waited for, told in the log, until
// stop_requested(). Fails: SG_FATAL (fenced meanwhile, not authorised, refused setting), SG_RETRY
// when asked to stop.
SG_RESULT kafka_producer_open(const struct kafka_producer_config *config,
                              struct kafka_producer **ret_producer);

// Closes: a running transaction is aborted; an idempotent producer is flushed first, at most 10 s.
// Accepts NULL.
void kafka_producer_close(struct kafka_producer **producer);

// A topic to produce to; looked up now, so that the first record is not late. Borrowed, lives as
// long as the producer. Fails: SG_FATAL without memory.
SG_RESULT kafka_producer_topic(struct kafka_producer *producer, const char *name,
                               struct kafka_topic **ret_topic);

// Ends what earlier transactions of this id may have left open: aborts one that has a record in
// each partition of every topic of the producer and a position of `group`, for the sake of its
// markers. Neither is ever visible. The group has a coordinator then. To be called before committed
// positions are asked for, since a broker may end a transaction without marking all its partitions
// (KAFKA-20734). Trouble that passes is waited for, told in the log, until stop_requested(). Fails:
// SG_FATAL, SG_RETRY or SG_ABORT when asked to stop.
SG_RESULT kafka_producer_settle(struct kafka_producer *producer, const char *group,
                                const struct kafka_position *position);

// A record to write. Everything is borrowed for the call.
struct kafka_message {
    struct bytes key; // data NULL: no key.
    struct bytes value;
    bool has_value;       // False: tombstone.
    int32_t partition;    // -1: murmur2 of the key.
    int64_t timestamp_ms; // 0: now.
    const struct kafka_header *headers;
    size_t header_count;
};

// Hands a record to the producer (copied). A full queue is waited for. Fails: SG_ABORT (transaction
// lost), SG_DROP (record too large), SG_RETRY (idempotent: still full after a minute), SG_FATAL.
SG_RESULT kafka_producer_send(struct kafka_producer *producer, struct kafka_topic *topic,
                              const struct kafka_message *message);

// The transaction. SG_ABORT: call kafka_producer_abort(), rewind, go on. SG_FATAL: stop; the
// outcome of a commit is then what the committed positions say after a restart. SG_RETRY: asked to
// stop. Errors that pass are tried again inside, bounded by the transaction time-out.
SG_RESULT kafka_producer_begin(struct kafka_producer *producer);
SG_RESULT kafka_producer_send_offsets(struct kafka_producer *producer,
                                      struct kafka_consumer *consumer,
                                      const struct kafka_position *positions, size_t count);
// The same for one position of a group without members: a place to keep how far a source was read.
SG_RESULT kafka_producer_send_position(struct kafka_producer *producer, const char *group,
                                       const struct kafka_position *position);
SG_RESULT kafka_producer_commit(struct kafka_producer *producer);
SG_RESULT kafka_producer_abort(struct kafka_producer *producer);

// Waits until everything handed over is acknowledged (idempotent producer), at most `timeout_ms`.
// Fails: SG_RETRY on time-out, SG_FATAL when a record was refused for good (the reason names topic
// and error).
SG_RESULT kafka_producer_flush(struct kafka_producer *producer, int64_t timeout_ms);

// Serves delivery reports and errors. To be called in every round of a loop that does not send.
// Fails: SG_FATAL, SG_ABORT when a record of the running transaction was refused.
SG_RESULT kafka_producer_poll(struct kafka_producer *producer);

// How often a connection to a broker was lost since the producer was opened. A commit is in doubt
// when this has changed since its transaction began. Any thread.
int kafka_producer_outages(const struct kafka_producer *producer);

// Bytes handed over and not yet acknowledged, each record counted with 64 more than its key and
// value; 0 when there is none.
int64_t kafka_producer_pending(struct kafka_producer *producer);

// The offset behind the last acknowledged record of this producer in a partition, -1 if there is
// none. After a commit every record of it is acknowledged.
int64_t kafka_producer_next_offset(const struct kafka_topic *topic, int32_t partition);
