// The producer of the fake.
#include "fake_cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"

enum { TOPICS_MAX = 16 };

struct kafka_topic {
    char name[CLUSTER_NAME_MAX];
    int64_t next_offsets[FAKE_PARTITIONS_MAX];
};

struct kafka_producer {
    int epoch;
    bool in_transaction;
    struct kafka_topic topics[TOPICS_MAX];
    size_t topic_count;
    bool has_offsets; // In the open transaction.
};

sg_result kafka_producer_open(const struct kafka_producer_config *config,
                              struct kafka_producer **ret_producer)
{
    (void)config;
    struct kafka_producer *producer = calloc(1, sizeof *producer);
    if (producer == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    cluster_end_transaction(CLUSTER_ABORTED); // Of the predecessor, which is fenced.
    producer->epoch = ++cluster_get()->producer_epoch;
    *ret_producer = producer;
    return sg_ok();
}

static void commit_offsets(void)
{
    const struct cluster *cluster = cluster_get();
    for (size_t i = 0; i < cluster->pending_count; i++) {
        const struct cluster_position *kept = &cluster->pending[i];
        struct kafka_position position = {
            .topic = kept->topic,
            .partition = kept->partition,
            .offset = kept->offset,
            .metadata = kept->metadata,
        };
        fake_kafka_set_committed(kept->group, &position);
    }
}

static void end(struct kafka_producer *producer, enum cluster_status status)
{
    cluster_end_transaction(status);
    if (producer->has_offsets && status == CLUSTER_COMMITTED) {
        commit_offsets();
    }
    if (producer->has_offsets) {
        cluster_get()->pending_count = 0;
    }
    producer->in_transaction = false;
    producer->has_offsets = false;
}

void kafka_producer_close(struct kafka_producer **producer)
{
    if (*producer == NULL) {
        return;
    }
    if ((*producer)->in_transaction) {
        end(*producer, CLUSTER_ABORTED);
    }
    free(*producer);
    *producer = NULL;
}

sg_result kafka_producer_topic(struct kafka_producer *producer, const char *name,
                               struct kafka_topic **ret_topic)
{
    struct kafka_topic *topic = &producer->topics[producer->topic_count++];
    snprintf(topic->name, sizeof topic->name, "%s", name);
    for (size_t i = 0; i < FAKE_PARTITIONS_MAX; i++) {
        topic->next_offsets[i] = -1;
    }
    *ret_topic = topic;
    return sg_ok();
}

sg_result kafka_producer_settle(struct kafka_producer *producer, const char *group,
                                const struct kafka_position *position)
{
    (void)group, (void)position;
    for (size_t i = 0; i < producer->topic_count; i++) {
        struct cluster_log *log = NULL;
        for (int32_t partition = 0;
             (log = cluster_log_of(producer->topics[i].name, partition)) != NULL; partition++) {
            log->touched = true;
        }
    }
    producer->has_offsets = true;
    end(producer, CLUSTER_ABORTED);
    return sg_ok();
}

static sg_result check_running(const struct kafka_producer *producer)
{
    if (producer->epoch != cluster_get()->producer_epoch) {
        return sg_fail(SG_FATAL, 0, "fenced by a newer producer");
    }
    if (!producer->in_transaction) {
        return sg_fail(SG_FATAL, 0, "no transaction is running");
    }
    return sg_ok();
}

sg_result kafka_producer_send(struct kafka_producer *producer, struct kafka_topic *topic,
                              const struct kafka_message *message)
{
    SG_TRY(check_running(producer));
    SG_TRY(cluster_failure(cluster_count(FAKE_SEND)));
    cluster_get()->waits = 0;
    int32_t partition = message->partition;
    if (partition < 0) {
        int32_t count = cluster_partitions(topic->name);
        partition = count == 0 ? 0 : (int32_t)(hash_murmur2(message->key) % (uint32_t)count);
    }
    struct cluster_log *log = cluster_log_of(topic->name, partition);
    if (log == NULL) {
        return sg_fail(SG_FATAL, 0, "no partition %d of %s", (int)partition, topic->name);
    }
    struct fake_record record = {
        .key = message->key,
        .value = message->value,
        .has_value = message->has_value,
        .timestamp_ms = message->timestamp_ms,
    };
    for (size_t i = 0; i < message->header_count; i++) {
        if (strcmp(message->headers[i].name, "soglia-reason") == 0) {
            record.reason = (const char *)message->headers[i].value.data;
        }
    }
    log->touched = true;
    topic->next_offsets[partition] = cluster_append(log, &record, CLUSTER_OPEN) + 1;
    return sg_ok();
}

sg_result kafka_producer_begin(struct kafka_producer *producer)
{
    if (producer->in_transaction) {
        return sg_fail(SG_FATAL, 0, "a transaction is running already");
    }
    SG_TRY(cluster_failure(cluster_count(FAKE_BEGIN)));
    producer->in_transaction = true;
    return sg_ok();
}

// The fake's consumers give their group to the transaction.
const char *fake_consumer_group(const struct kafka_consumer *consumer);

sg_result kafka_producer_send_offsets(struct kafka_producer *producer,
                                      struct kafka_consumer *consumer,
                                      const struct kafka_position *positions, size_t count)
{
    SG_TRY(check_running(producer));
    SG_TRY(cluster_failure(cluster_count(FAKE_SEND_OFFSETS)));
    for (size_t i = 0; i < count; i++) {
        if (positions[i].offset < 0) {
            return sg_fail(SG_FATAL, 0, "a position without an offset was committed");
        }
        struct cluster *cluster = cluster_get();
        if (cluster->pending_count == CLUSTER_GROUPED_MAX) {
            return sg_fail(SG_FATAL, 0, "too many pending positions");
        }
        struct cluster_position *kept = &cluster->pending[cluster->pending_count++];
        producer->has_offsets = true;
        kept->partition = positions[i].partition;
        kept->offset = positions[i].offset;
        snprintf(kept->group, sizeof kept->group, "%s", fake_consumer_group(consumer));
        snprintf(kept->topic, sizeof kept->topic, "%s", positions[i].topic);
        snprintf(kept->metadata, sizeof kept->metadata, "%s", positions[i].metadata);
    }
    return sg_ok();
}

sg_result kafka_producer_commit(struct kafka_producer *producer)
{
    SG_TRY(check_running(producer));
    const struct fake_fault *fault = cluster_count(FAKE_COMMIT);
    if (fault != NULL && fault->class == SG_OK) {
        cluster_forget_transaction(fault->after);
        producer->in_transaction = false;
        producer->has_offsets = false;
        return sg_ok();
    }
    if (fault == NULL || fault->after) {
        end(producer, CLUSTER_COMMITTED);
    }
    return cluster_failure(fault);
}

sg_result kafka_producer_abort(struct kafka_producer *producer)
{
    SG_TRY(check_running(producer));
    SG_TRY(cluster_failure(cluster_count(FAKE_ABORT)));
    end(producer, CLUSTER_ABORTED);
    return sg_ok();
}

int kafka_producer_outages(const struct kafka_producer *producer)
{
    (void)producer;
    return cluster_get()->outages;
}

sg_result kafka_producer_poll(struct kafka_producer *producer)
{
    (void)producer;
    return cluster_failure(cluster_count(FAKE_PRODUCER_POLL));
}

int64_t kafka_producer_next_offset(const struct kafka_topic *topic, int32_t partition)
{
    return topic->next_offsets[partition];
}
