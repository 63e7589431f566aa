// The insides of a producer. For the sources of this folder alone.
#pragma once
#include "core/kafka/producer.h"

#include <stdatomic.h>

struct rd_kafka_s;
struct rd_kafka_topic_s;
struct rd_kafka_conf_s;

// Bound of the topics of one producer.
enum { PRODUCER_TOPICS_MAX = 64 };

// Lives as long as the producer; the handle is replaced when the client is.
struct kafka_topic {
    char *name;
    struct rd_kafka_topic_s *handle;
    int64_t *next_offsets; // By partition, -1 where nothing was acknowledged.
    int32_t partitions_known;
};

struct kafka_producer {
    struct rd_kafka_s *client;
    const struct kafka_settings *kafka;
    char *transactional_id; // NULL: idempotent only.
    int64_t linger_ms;
    struct kafka_topic *topics[PRODUCER_TOPICS_MAX];
    size_t topic_count;
    bool in_transaction;
    bool renew; // The client is to be replaced before the next transaction.
    // EndTxn requests sent since the last begin; counted by the broker threads.
    atomic_int ends_sent;
    atomic_int outages; // Lost connections; counted by the broker threads.
    int64_t pending_bytes;
    sg_result refusal; // The first record refused since the last begin or flush.
    char reason[SG_REASON_MAX];
};

// Replaces the client by a new one, which fences the old one and ends its transaction; topics are
// bound to it. Waits for the broker until stop_requested(). Fails: SG_FATAL, SG_RETRY when asked to
// stop.
SG_RESULT producer_state_renew(struct kafka_producer *producer);

// Has the client made of `conf` count what ends_sent and outages say.
void producer_state_watch(struct rd_kafka_conf_s *conf, struct kafka_producer *producer);
