// A consumer that reads each partition through a queue of its own, in a group or with positions
// chosen by the caller. One thread uses a consumer, except where a function says otherwise.
#pragma once
#include "core/kafka/consumer_queue.h"

struct kafka_consumer;

// Called from kafka_consumer_poll(), in its thread, when the group gives or takes partitions.
// Eager: an assignment is whole, a revocation takes all. `assigned` must end in
// kafka_consumer_assign() with explicit offsets; `revoked` must give up everything that belongs to
// the partitions; `lost` says that another member may have them already (nothing may be
// committed). A failure ends kafka_consumer_poll() with the same result. With both NULL reading
// begins at the group's committed positions.
struct kafka_rebalance {
    SG_RESULT (*assigned)(void *context, const struct kafka_position *partitions, size_t count);
    SG_RESULT (*revoked)(void *context, bool lost);
    void *context;
};

struct kafka_consumer_config {
    const struct kafka_settings *kafka;
    const char *group;     // NULL: no group, positions by kafka_consumer_assign() only.
    const char *instance;  // Static member id (KIP-345), NULL for a dynamic member.
    bool read_uncommitted; // Default is read_committed.
    struct kafka_rebalance rebalance;
};

// Opens a consumer. Fails: SG_FATAL for a setting librdkafka refuses.
SG_RESULT kafka_consumer_open(const struct kafka_consumer_config *config,
                              struct kafka_consumer **ret_consumer);

// Leaves (a static member keeps its partitions for the session time-out) and frees. Queues of it
// are freed too; rebalance callbacks are not called: end the work on the partitions first. Records
// must have been given back. Accepts NULL.
void kafka_consumer_close(struct kafka_consumer **consumer);

// Frees at once, without telling anybody: for a process that was fenced and dies. Accepts NULL.
void kafka_consumer_drop(struct kafka_consumer **consumer);

// Subscribes the group member to topics. Fails: SG_FATAL.
SG_RESULT kafka_consumer_subscribe(struct kafka_consumer *consumer, const char *const *topics,
                                   size_t count);

// Reads from these positions from now on; what was prefetched before is dropped. Splits each
// partition into its queue. Also the way to rewind. `positions` NULL gives up everything; a `count`
// of 0 alone is the answer of a member that was given nothing, and waits for its turn. Fails:
// SG_FATAL.
SG_RESULT kafka_consumer_assign(struct kafka_consumer *consumer,
                                const struct kafka_position *positions, size_t count);

// Serves rebalances and errors, waiting at most `timeout_ms`. Fails: SG_FATAL when fenced or
// misconfigured, or with the result of a rebalance callback. Transient trouble (broker away) is
// logged, not returned.
SG_RESULT kafka_consumer_poll(struct kafka_consumer *consumer, int64_t timeout_ms);

// The queue of an assigned partition. Borrowed until the next assign or close. NULL if it is not
// assigned.
struct kafka_queue *kafka_consumer_queue(struct kafka_consumer *consumer, const char *topic,
                                         int32_t partition);

// Sleeps until any queue has something, kafka_consumer_wake() is called or `timeout_ms` have
// passed. Rebalances and errors end it too: kafka_consumer_poll() takes them.
void kafka_consumer_wait(struct kafka_consumer *consumer, int64_t timeout_ms);

// Ends a kafka_consumer_wait(), now or the next one. Any thread.
void kafka_consumer_wake(struct kafka_consumer *consumer);

// Fills offset and metadata (KAFKA_OFFSET_NONE where nothing is committed) of the group's committed
// positions; waits until transactions that touch them have ended, at most `timeout_ms`. `metadata`
// is owned by the consumer until the next call. Fails: SG_RETRY on time-out, SG_FATAL.
SG_RESULT kafka_consumer_committed(struct kafka_consumer *consumer,
                                   struct kafka_position *positions, size_t count,
                                   int64_t timeout_ms);

// First offset kept and the end: for a read_committed consumer that is where the oldest open
// transaction begins, else the next offset to be written. A partition that is not known or has no
// leader yet is waited for. Fails: SG_RETRY, SG_FATAL for one that is unknown for three seconds.
SG_RESULT kafka_consumer_range(struct kafka_consumer *consumer, const char *topic,
                               int32_t partition, int64_t *ret_first, int64_t *ret_end);

// The offset of the first record at or after `time_ms`, the end if there is none. The marker of a
// transaction has the broker's time and may be what is found. Fails as kafka_consumer_range().
SG_RESULT kafka_consumer_offset_at(struct kafka_consumer *consumer, const char *topic,
                                   int32_t partition, int64_t time_ms, int64_t *ret_offset);

// Number of partitions of a topic. Fails: SG_RETRY (broker away), SG_FATAL for an unknown topic.
SG_RESULT kafka_consumer_partitions(struct kafka_consumer *consumer, const char *topic,
                                    int32_t *ret_count);
