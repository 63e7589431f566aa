// The consumer of the fake. Records are copied, so that a use after kafka_record_done() shows.
#include "fake_cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUES_MAX = 64, SUBSCRIBED_MAX = 4 };

struct kafka_queue {
    struct kafka_consumer *consumer;
    struct cluster_log *log;
    int64_t position;
    int64_t told_end; // The end said last.
    int left;         // Records until the next poll.
};

struct kafka_consumer {
    char group[CLUSTER_NAME_MAX];
    bool grouped;
    struct kafka_rebalance rebalance;
    char topics[SUBSCRIBED_MAX][CLUSTER_NAME_MAX];
    size_t topic_count;
    bool joined;
    bool assigned;
    struct kafka_queue queues[QUEUES_MAX];
    size_t queue_count;
};

const char *fake_consumer_group(const struct kafka_consumer *consumer);

const char *fake_consumer_group(const struct kafka_consumer *consumer)
{
    return consumer->group;
}

sg_result kafka_consumer_open(const struct kafka_consumer_config *config,
                              struct kafka_consumer **ret_consumer)
{
    struct kafka_consumer *consumer = calloc(1, sizeof *consumer);
    if (consumer == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    consumer->rebalance = config->rebalance;
    consumer->grouped = config->group != NULL;
    snprintf(consumer->group, sizeof consumer->group, "%s",
             config->group == NULL ? "" : config->group);
    *ret_consumer = consumer;
    return sg_ok();
}

void kafka_consumer_close(struct kafka_consumer **consumer)
{
    free(*consumer);
    *consumer = NULL;
}

void kafka_consumer_drop(struct kafka_consumer **consumer)
{
    kafka_consumer_close(consumer);
}

sg_result kafka_consumer_subscribe(struct kafka_consumer *consumer, const char *const *topics,
                                   size_t count)
{
    for (size_t i = 0; i < count; i++) {
        snprintf(consumer->topics[i], sizeof consumer->topics[i], "%s", topics[i]);
    }
    consumer->topic_count = count;
    return sg_ok();
}

sg_result kafka_consumer_assign(struct kafka_consumer *consumer,
                                const struct kafka_position *positions, size_t count)
{
    consumer->assigned = true;
    consumer->queue_count = count;
    for (size_t i = 0; i < count; i++) {
        struct cluster_log *log = cluster_log_of(positions[i].topic, positions[i].partition);
        if (log == NULL || positions[i].offset < 0) {
            return sg_fail(SG_FATAL, 0, "cannot assign %s at %lld", positions[i].topic,
                           (long long)positions[i].offset);
        }
        consumer->queues[i] = (struct kafka_queue){
            .consumer = consumer,
            .log = log,
            .position = positions[i].offset,
            .told_end = -1,
            .left = cluster_get()->limit,
        };
    }
    return sg_ok();
}

static sg_result give(struct kafka_consumer *consumer)
{
    struct kafka_position positions[QUEUES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < consumer->topic_count; i++) {
        for (int32_t p = 0; p < cluster_partitions(consumer->topics[i]); p++) {
            positions[count++] = (struct kafka_position){
                .topic = consumer->topics[i], .partition = p, .offset = KAFKA_OFFSET_NONE};
        }
    }
    consumer->joined = true;
    consumer->assigned = false;
    sg_result given = consumer->rebalance.assigned(consumer->rebalance.context, positions, count);
    if (!consumer->assigned) {
        consumer->queue_count = 0;
    }
    return given;
}

static sg_result take(struct kafka_consumer *consumer, bool lost)
{
    consumer->joined = false;
    sg_result taken = consumer->rebalance.revoked(consumer->rebalance.context, lost);
    consumer->queue_count = 0;
    return taken;
}

sg_result kafka_consumer_poll(struct kafka_consumer *consumer, int64_t timeout_ms)
{
    struct cluster *cluster = cluster_get();
    (void)timeout_ms;
    if (!consumer->grouped) {
        return sg_ok();
    }
    SG_TRY(cluster_failure(cluster_count(FAKE_POLL)));
    for (size_t i = 0; i < consumer->queue_count; i++) {
        consumer->queues[i].left = cluster->limit;
    }
    if (!consumer->joined) {
        return give(consumer);
    }
    if (cluster->revoke_at > 0 && cluster->calls[FAKE_POLL] >= cluster->revoke_at) {
        cluster->revoke_at = 0;
        return take(consumer, cluster->revoke_lost);
    }
    return sg_ok();
}

struct kafka_queue *kafka_consumer_queue(struct kafka_consumer *consumer, const char *topic,
                                         int32_t partition)
{
    for (size_t i = 0; i < consumer->queue_count; i++) {
        struct kafka_queue *queue = &consumer->queues[i];
        if (queue->log->partition == partition && strcmp(queue->log->topic, topic) == 0) {
            return queue;
        }
    }
    return NULL;
}

static void fill(struct kafka_record *record, const struct cluster_log *log,
                 const struct fake_record *content)
{
    uint8_t *copy = malloc(content->key.size + content->value.size + 1);
    if (copy == NULL) {
        abort();
    }
    *record = (struct kafka_record){
        .has_value = content->has_value,
        .partition = log->partition,
        .offset = content->offset,
        .timestamp_ms = content->timestamp_ms,
        .topic = log->topic,
        .handle = copy,
    };
    if (content->key.data != NULL) {
        memcpy(copy, content->key.data, content->key.size);
        record->key = bytes_of(copy, content->key.size);
    }
    if (content->has_value) {
        memcpy(copy + content->key.size, content->value.data, content->value.size);
        record->value = bytes_of(copy + content->key.size, content->value.size);
    }
}

static enum kafka_next end_of(struct kafka_queue *queue, struct kafka_record *ret_record)
{
    if (queue->told_end == queue->position) {
        return KAFKA_NEXT_EMPTY;
    }
    queue->told_end = queue->position;
    *ret_record =
        (struct kafka_record){.partition = queue->log->partition, .offset = queue->position};
    return KAFKA_NEXT_END;
}

enum kafka_next kafka_queue_next(struct kafka_queue *queue, struct kafka_record *ret_record,
                                 sg_result *ret_failure)
{
    struct cluster *cluster = cluster_get();
    const struct fake_fault *fault = cluster_count(FAKE_NEXT);
    if (fault != NULL || queue->position < queue->log->first) {
        *ret_failure = fault != NULL ? cluster_failure(fault)
                                     : sg_fail(SG_FATAL, 0, "offset %lld is not kept any more",
                                               (long long)queue->position);
        return KAFKA_NEXT_FAILED;
    }
    int64_t end = cluster_stable_end(queue->log);
    while (queue->position < end &&
           queue->log->records[queue->position].status != CLUSTER_COMMITTED) {
        queue->position++;
    }
    if (queue->position >= end) {
        return end_of(queue, ret_record);
    }
    if (queue->consumer->grouped && cluster->limit > 0 && queue->left-- <= 0) {
        return KAFKA_NEXT_EMPTY;
    }
    fill(ret_record, queue->log, &queue->log->records[queue->position++].content);
    cluster->waits = 0;
    return KAFKA_NEXT_RECORD;
}

int64_t kafka_queue_end(const struct kafka_queue *queue)
{
    return cluster_stable_end(queue->log);
}

void kafka_record_done(struct kafka_record *record)
{
    free(SG_MOVE(record->handle));
}

void fake_clock_advance(int64_t ms);

void kafka_consumer_wait(struct kafka_consumer *consumer, int64_t timeout_ms)
{
    struct cluster *cluster = cluster_get();
    fake_clock_advance(timeout_ms);
    cluster->waits += consumer->grouped ? 1 : 0;
    if (cluster->on_wait != NULL) {
        cluster->on_wait(cluster->waits);
    }
}

void kafka_consumer_wake(struct kafka_consumer *consumer)
{
    (void)consumer;
}

sg_result kafka_consumer_committed(struct kafka_consumer *consumer,
                                   struct kafka_position *positions, size_t count,
                                   int64_t timeout_ms)
{
    (void)timeout_ms;
    SG_TRY(cluster_failure(cluster_count(FAKE_COMMITTED)));
    if (cluster_get()->pending_count > 0) {
        return sg_fail(SG_RETRY, 0, "positions are not decided yet (UNSTABLE_OFFSET_COMMIT)");
    }
    for (size_t i = 0; i < count; i++) {
        const struct cluster_position *stored =
            cluster_position_of(consumer->group, positions[i].topic, positions[i].partition);
        positions[i].offset = stored == NULL ? KAFKA_OFFSET_NONE : stored->offset;
        positions[i].metadata = stored == NULL ? NULL : stored->metadata;
    }
    return sg_ok();
}

sg_result kafka_consumer_range(struct kafka_consumer *consumer, const char *topic,
                               int32_t partition, int64_t *ret_first, int64_t *ret_end)
{
    (void)consumer;
    SG_TRY(cluster_failure(cluster_count(FAKE_RANGE)));
    const struct cluster_log *log = cluster_log_of(topic, partition);
    if (log == NULL) {
        return sg_fail(SG_FATAL, 0, "unknown topic %s", topic);
    }
    *ret_first = log->first;
    *ret_end = cluster_stable_end(log);
    return sg_ok();
}

sg_result kafka_consumer_partitions(struct kafka_consumer *consumer, const char *topic,
                                    int32_t *ret_count)
{
    (void)consumer;
    SG_TRY(cluster_failure(cluster_count(FAKE_PARTITIONS)));
    *ret_count = cluster_partitions(topic);
    return *ret_count > 0 ? sg_ok() : sg_fail(SG_FATAL, 0, "unknown topic %s", topic);
}
