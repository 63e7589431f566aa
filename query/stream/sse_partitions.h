// The partitions that the hub reads. For the hub's reader alone.
#pragma once
#include "core/kafka/consumer.h"
#include "query/stream/sse_state.h"

enum { SSE_SLOTS_MAX = 4096 };

struct sse_partitions {
    struct sse_hub *hub;
    struct kafka_consumer *consumer;
    char topics[SSE_TOPICS][KAFKA_TOPIC_MAX + 1]; // Full names.
};

// Asks how many partitions the topics have, and sets their names. Fails: SG_RETRY, SG_FATAL.
SG_RESULT sse_partitions_count(struct sse_partitions *partitions,
                               int32_t counts[static SSE_TOPICS]);

// Whether reading can go on where it was: the partitions are the same and have what comes next.
// Fails: SG_RETRY, SG_FATAL.
SG_RESULT sse_partitions_keep(struct sse_partitions *partitions,
                              const int32_t counts[static SSE_TOPICS], bool *ret_keep);

// Ends every stream and begins with an empty buffer, some records before the ends, so that streams
// of an earlier process find what they have missed. Fails: SG_RETRY, SG_FATAL.
SG_RESULT sse_partitions_begin(struct sse_partitions *partitions,
                               const int32_t counts[static SSE_TOPICS]);
