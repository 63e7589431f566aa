// The insides of a consumer. For the sources of this folder alone.
#pragma once
#include "core/kafka/consumer.h"

struct rd_kafka_message_s;
struct rd_kafka_s;
struct rd_kafka_queue_s;
struct rd_kafka_topic_partition_list_s;

enum { KAFKA_BATCH_RECORDS = 64 };

// One assigned partition.
struct kafka_queue {
    struct kafka_consumer *consumer;
    struct rd_kafka_message_s *batch[KAFKA_BATCH_RECORDS]; // Taken from the library, not told yet.
    size_t batch_at;
    size_t batch_count;
    struct rd_kafka_queue_s *handle;
    char *topic;
    int32_t partition;
    size_t taken;  // Records since the library's thread was nudged.
    bool was_full; // So that nothing was fetched for it.
    bool fresh;    // Nothing has come since it was assigned, not even its end.
};

struct kafka_consumer {
    struct rd_kafka_s *client;
    struct rd_kafka_queue_s *main_queue; // Rebalances and errors.
    struct kafka_rebalance rebalance;
    struct kafka_queue *queues;
    size_t queue_count;
    int wake;            // An eventfd: written to when a queue is no longer empty.
    size_t full_records; // A queue with so many is full.
    int fresh_waits;     // How often fresh queues are still looked at.
    bool grouped;
    bool closing;
    bool assigned;     // kafka_consumer_assign() was called in the running callback.
    sg_result failure; // Of a rebalance callback; reported by kafka_consumer_poll().
    char reason[SG_REASON_MAX];
    struct rd_kafka_topic_partition_list_s *committed; // Holds metadata of the last question.
};

// Wakes the library's thread that fetches for the queue.
void consumer_state_nudge(struct kafka_queue *queue);

// A list of the library for positions, offsets and metadata included. Caller frees.
struct rd_kafka_topic_partition_list_s *consumer_state_list(const struct kafka_position *positions,
                                                            size_t count);
