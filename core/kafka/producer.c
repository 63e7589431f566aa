// Writing: the client, its topics, records and their delivery reports.
#include "core/kafka/producer.h"
#include "core/kafka/kafka_client.h"
#include "core/kafka/kafka_error.h"
#include "core/kafka/producer_state.h"
#include "core/kafka/transaction.h"
#include "core/service/clock.h"
#include "core/service/log.h"
#include "core/service/stop.h"

#include <librdkafka/rdkafka.h>

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RECORD_OVERHEAD = 64,
    FULL_WAIT_MS = 60000,
    CLOSE_FLUSH_MS = 10000,
    CLOSE_ABORT_MS = 5000,
};

static int64_t weight_of(size_t key_size, size_t value_size)
{
    return (int64_t)(key_size + value_size) + RECORD_OVERHEAD;
}

// Remembers how far a partition is written. Without memory nothing is remembered, which only makes
// a later recovery read more.
static void note_offset(struct kafka_topic *topic, int32_t partition, int64_t offset)
{
    if (partition >= topic->partitions_known) {
        int32_t count = partition + 1;
        int64_t *larger = realloc(topic->next_offsets, (size_t)count * sizeof *larger);
        if (larger == NULL) {
            return;
        }
        for (int32_t i = topic->partitions_known; i < count; i++) {
            larger[i] = -1;
        }
        topic->next_offsets = larger;
        topic->partitions_known = count;
    }
    if (offset >= topic->next_offsets[partition]) {
        topic->next_offsets[partition] = offset + 1;
    }
}

// Called from polls and flushes, so in the producer's own thread.
static void take_report(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    struct kafka_producer *producer = opaque;
    (void)client;
    producer->pending_bytes -= weight_of(message->key_len, message->len);
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        note_offset(rd_kafka_topic_opaque(message->rkt), message->partition, message->offset);
    }
    // Purged records belong to a transaction that is being aborted.
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR ||
        message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
        message->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT || !sg_is_ok(producer->refusal)) {
        return;
    }
    enum sg_class class = producer->transactional_id == NULL ? SG_FATAL : SG_ABORT;
    snprintf(producer->reason, sizeof producer->reason, "%s [%" PRId32 "]: record refused: %s (%s)",
             rd_kafka_topic_name(message->rkt), message->partition, rd_kafka_err2str(message->err),
             rd_kafka_err2name(message->err));
    producer->refusal = (sg_result){class, (int)message->err};
}

static sg_result open_client(struct kafka_producer *producer)
{
    char linger[24];
    char timeout[24];
    char patience[24];
    int64_t timeout_ms = producer->kafka->transaction_timeout_ms;
    snprintf(linger, sizeof linger, "%" PRId64, producer->linger_ms);
    snprintf(timeout, sizeof timeout, "%" PRId64, timeout_ms);
    // A record that cannot be written is given up while the transaction can still be aborted. The
    // broker ends a transaction that is too old by itself, and who comes later is fenced.
    snprintf(patience, sizeof patience, "%" PRId64, timeout_ms * 2 / 3);
    const char *id = producer->transactional_id;
    const struct kafka_client_property properties[] = {
        {"enable.idempotence", "true"},
        {"acks", "all"},
        {"partitioner", "murmur2_random"},
        {"compression.codec", "lz4"},
        {"linger.ms", linger},
        // The broker refuses for a moment what comes while it still ends the last transaction, or
        // after a pause of its own. The library's 100 ms are several transactions long.
        {"retry.backoff.ms", "10"},
        {"queue.buffering.max.messages", "1000000"},
        {"message.max.bytes", "17825792"},
        {"transaction.timeout.ms", timeout},
        {"message.timeout.ms", patience},
        {"transactional.id", id == NULL ? "" : id},
    };
    size_t count = sizeof properties / sizeof properties[0] - (id == NULL ? 3 : 0);
    SG_CLEANUP(kafka_client_conf_free) rd_kafka_conf_t *conf = NULL;
    SG_TRY(
        kafka_client_conf(producer->kafka, id == NULL ? "soglia" : id, properties, count, &conf));
    rd_kafka_conf_set_opaque(conf, producer);
    rd_kafka_conf_set_dr_msg_cb(conf, take_report);
    producer_state_watch(conf, producer);
    return kafka_client_new(false, &conf, &producer->client);
}

static sg_result bind_topic(struct kafka_producer *producer, struct kafka_topic *topic)
{
    // The client's own defaults, so that the partitioner stays ours.
    rd_kafka_topic_conf_t *conf = rd_kafka_default_topic_conf_dup(producer->client);
    rd_kafka_topic_conf_set_opaque(conf, topic);
    topic->handle = rd_kafka_topic_new(producer->client, topic->name, conf);
    if (topic->handle == NULL) {
        rd_kafka_topic_conf_destroy(conf);
    }
    return topic->handle == NULL ? sg_fail(SG_FATAL, (int)rd_kafka_last_error(), "topic %s: %s",
                                           topic->name, rd_kafka_err2str(rd_kafka_last_error()))
                                 : sg_ok();
}

static void end_client(struct kafka_producer *producer)
{
    for (size_t i = 0; i < producer->topic_count; i++) {
        if (producer->topics[i]->handle != NULL) {
            rd_kafka_topic_destroy(SG_MOVE(producer->topics[i]->handle));
        }
    }
    if (producer->client != NULL) {
        rd_kafka_destroy(SG_MOVE(producer->client));
    }
}

static sg_result replace_client(struct kafka_producer *producer)
{
    end_client(producer);
    producer->pending_bytes = 0;
    producer->in_transaction = false;
    SG_TRY(open_client(producer));
    // Before the wait for the coordinator, so that leaders are known when it ends.
    for (size_t i = 0; i < producer->topic_count; i++) {
        SG_TRY(bind_topic(producer, producer->topics[i]));
    }
    return sg_ok();
}

// While the coordinator ends the transaction of a predecessor it refuses a successor. The library
// asks again after half a second, a new client at once.
static sg_result start_transactions(struct kafka_producer *producer)
{
    static const int limits_ms[] = {40, 80, 160, 0};
    size_t at = 0;
    sg_result started = transaction_init(producer, limits_ms[at]);
    while (started.class == SG_RETRY && limits_ms[at] > 0 && !stop_requested()) {
        SG_TRY(replace_client(producer));
        started = transaction_init(producer, limits_ms[++at]);
    }
    return started;
}

sg_result producer_state_renew(struct kafka_producer *producer)
{
    SG_TRY(replace_client(producer));
    if (producer->transactional_id != NULL) {
        SG_TRY(start_transactions(producer));
    }
    producer->refusal = sg_ok();
    producer->renew = false;
    return sg_ok();
}

static void free_producer(struct kafka_producer **slot)
{
    struct kafka_producer *producer = SG_MOVE(*slot);
    if (producer == NULL) {
        return;
    }
    end_client(producer);
    for (size_t i = 0; i < producer->topic_count; i++) {
        free(producer->topics[i]->name);
        free(producer->topics[i]->next_offsets);
        free(producer->topics[i]);
    }
    free(producer->transactional_id);
    free(producer);
}

sg_result kafka_producer_open(const struct kafka_producer_config *config,
                              struct kafka_producer **ret_producer)
{
    SG_CLEANUP(free_producer) struct kafka_producer *producer = calloc(1, sizeof *producer);
    if (producer == NULL) {
        return sg_fail(SG_FATAL, 0, "producer: out of memory");
    }
    producer->kafka = config->kafka;
    producer->linger_ms = config->linger_ms;
    if (config->transactional_id != NULL) {
        producer->transactional_id = strdup(config->transactional_id);
        if (producer->transactional_id == NULL) {
            // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the cleanup frees it.
            return sg_fail(SG_FATAL, 0, "producer: out of memory");
        }
    }
    SG_TRY(producer_state_renew(producer));
    *ret_producer = SG_MOVE(producer);
    return sg_ok();
}

void kafka_producer_close(struct kafka_producer **producer)
{
    struct kafka_producer *closed = *producer;
    if (closed != NULL && closed->client != NULL &&
        rd_kafka_fatal_error(closed->client, NULL, 0) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_error_t *error = NULL;
        if (closed->in_transaction) {
            error = rd_kafka_abort_transaction(closed->client, CLOSE_ABORT_MS);
        } else if (closed->transactional_id == NULL) {
            sg_ignore(kafka_result(rd_kafka_flush(closed->client, CLOSE_FLUSH_MS), "closing"));
        }
        // What fails here the broker ends by itself after the transaction time-out.
        sg_ignore(kafka_result_of(&error, "closing"));
    }
    free_producer(producer);
}

sg_result kafka_producer_topic(struct kafka_producer *producer, const char *name,
                               struct kafka_topic **ret_topic)
{
    for (size_t i = 0; i < producer->topic_count; i++) {
        if (strcmp(producer->topics[i]->name, name) == 0) {
            *ret_topic = producer->topics[i];
            return sg_ok();
        }
    }
    assert(producer->topic_count < PRODUCER_TOPICS_MAX);
    struct kafka_topic *topic = calloc(1, sizeof *topic);
    char *copy = strdup(name);
    if (topic == NULL || copy == NULL) {
        free(topic);
        free(copy);
        return sg_fail(SG_FATAL, 0, "topic %s: out of memory", name);
    }
    topic->name = copy;
    producer->topics[producer->topic_count++] = topic;
    SG_TRY(bind_topic(producer, topic));
    *ret_topic = topic;
    return sg_ok();
}

// The headers as the library's own, NULL for none. They stay ours when producing fails. Headers
// given one by one are freed twice by the library when the partition does not exist (mended
// in 2.12).
static rd_kafka_headers_t *copy_headers(const struct kafka_message *message)
{
    if (message->header_count == 0) {
        return NULL;
    }
    rd_kafka_headers_t *headers = rd_kafka_headers_new(message->header_count);
    for (size_t i = 0; i < message->header_count; i++) {
        const struct kafka_header *header = &message->headers[i];
        const void *data = header->value.data == NULL ? "" : (const void *)header->value.data;
        rd_kafka_header_add(headers, header->name, -1, data, (ssize_t)header->value.size);
    }
    return headers;
}

static void *without_const(const void *data)
{
    void *same = NULL;
    memcpy(&same, &data, sizeof same);
    return same;
}

static rd_kafka_resp_err_t try_send(struct kafka_producer *producer, struct kafka_topic *topic,
                                    const struct kafka_message *message)
{
    // An empty value is not a tombstone: the library goes by the pointer. It copies, but takes its
    // arguments without const.
    static const uint8_t empty[1] = {0};
    const uint8_t *data = message->value.data == NULL ? empty : message->value.data;
    void *key = without_const(message->key.data);
    void *value = message->has_value ? without_const(data) : NULL;
    size_t size = message->has_value ? message->value.size : 0;
    rd_kafka_headers_t *headers = copy_headers(message);
    const rd_kafka_vu_t parts[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic->handle},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = message->partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {key, message->key.size}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {value, size}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = message->timestamp_ms},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    };
    rd_kafka_error_t *failure =
        rd_kafka_produceva(producer->client, parts, sizeof parts / sizeof parts[0]);
    if (failure == NULL) {
        producer->pending_bytes += weight_of(message->key.size, size);
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    rd_kafka_resp_err_t error = rd_kafka_error_code(failure);
    rd_kafka_error_destroy(failure);
    if (headers != NULL) {
        rd_kafka_headers_destroy(headers);
    }
    return error;
}

// The class of what producing answered. In a transaction the library refuses records as soon as it
// knows that the transaction is lost.
static enum sg_class class_of_send(struct kafka_producer *producer, rd_kafka_resp_err_t error)
{
    if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
        return SG_DROP;
    }
    rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(producer->client, NULL, 0);
    bool lost = error == RD_KAFKA_RESP_ERR__STATE || error == RD_KAFKA_RESP_ERR__QUEUE_FULL;
    if (producer->in_transaction && fatal != RD_KAFKA_RESP_ERR_NO_ERROR) {
        producer->renew = transaction_is_renewable((int)fatal);
        return producer->renew ? SG_ABORT : SG_FATAL;
    }
    if (producer->in_transaction && lost) {
        return SG_ABORT;
    }
    // The client keeps in mind that a topic was deleted; a new one finds it made anew.
    if (producer->in_transaction && error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) {
        producer->renew = true;
        return SG_ABORT;
    }
    return error == RD_KAFKA_RESP_ERR__QUEUE_FULL ? SG_RETRY : SG_FATAL;
}

sg_result kafka_producer_send(struct kafka_producer *producer, struct kafka_topic *topic,
                              const struct kafka_message *message)
{
    assert(producer->transactional_id == NULL || producer->in_transaction);
    rd_kafka_resp_err_t error = try_send(producer, topic, message);
    if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        int64_t limit_us = clock_monotonic_us() + (int64_t)FULL_WAIT_MS * 1000;
        while (error == RD_KAFKA_RESP_ERR__QUEUE_FULL && clock_monotonic_us() < limit_us) {
            SG_TRY(kafka_producer_poll(producer));
            rd_kafka_poll(producer->client, 1);
            error = try_send(producer, topic, message);
        }
    }
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return sg_ok();
    }
    return sg_fail(class_of_send(producer, error), (int)error, "%s: %s (%s)%s", topic->name,
                   rd_kafka_err2str(error), rd_kafka_err2name(error), kafka_advice((int)error));
}

static sg_result report_refusal(struct kafka_producer *producer)
{
    sg_result refusal = producer->refusal;
    return sg_is_ok(refusal) ? sg_ok()
                             : sg_fail(refusal.class, refusal.code, "%s", producer->reason);
}

sg_result kafka_producer_flush(struct kafka_producer *producer, int64_t timeout_ms)
{
    rd_kafka_resp_err_t error = rd_kafka_flush(producer->client, (int)timeout_ms);
    SG_TRY(report_refusal(producer));
    return kafka_result(error, "waiting for acknowledgements");
}

sg_result kafka_producer_poll(struct kafka_producer *producer)
{
    rd_kafka_poll(producer->client, 0);
    char text[SG_REASON_MAX];
    rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(producer->client, text, sizeof text);
    if (fatal == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return report_refusal(producer);
    }
    bool renewable = producer->transactional_id != NULL && transaction_is_renewable((int)fatal);
    producer->renew = producer->renew || renewable;
    if (renewable && !producer->in_transaction) {
        return sg_ok(); // Nothing is lost: the next transaction begins with a new client.
    }
    return sg_fail(renewable ? SG_ABORT : SG_FATAL, (int)fatal, "producer %s: %s (%s)%s",
                   rd_kafka_name(producer->client), text, rd_kafka_err2name(fatal),
                   kafka_advice((int)fatal));
}

int64_t kafka_producer_pending(struct kafka_producer *producer)
{
    return producer->pending_bytes;
}

int64_t kafka_producer_next_offset(const struct kafka_topic *topic, int32_t partition)
{
    return partition < topic->partitions_known ? topic->next_offsets[partition] : -1;
}
