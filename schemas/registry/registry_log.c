// Reading and writing _schemas.
//
// Two writers must not give one id to two schemas. They share a transactional id made of the
// topic's name, so that the coordinator fences the older one when the newer one begins: its open
// transaction is aborted, its next commit refused. A writer reads the log to its end after that and
// before it chooses an id, so it sees every id that any writer before it will ever have given.
#include "schemas/registry/registry_log.h"
#include "core/kafka/producer.h"
#include "core/service/clock.h"
#include "core/service/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A broker says that the log ends here only when it has waited for more.
enum { RECORD_BYTES_MAX = 16 << 20, ID_ROOM = 32, POLL_MS = 100, FETCH_WAIT_MS = 5 };

struct registry_log {
    const struct kafka_settings *kafka;
    struct kafka_settings reading;
    char topic[KAFKA_TOPIC_MAX + 1];
    struct kafka_consumer *reader;
    struct kafka_producer *writer; // NULL until claimed.
    struct kafka_topic *target;
    int64_t next;
};

void registry_log_close(struct registry_log **log)
{
    struct registry_log *closed = SG_MOVE(*log);
    if (closed == NULL) {
        return;
    }
    kafka_producer_close(&closed->writer);
    kafka_consumer_close(&closed->reader);
    free(closed);
}

sg_result registry_log_open(const struct kafka_settings *kafka, const char *topic,
                            struct registry_log **ret_log)
{
    SG_CLEANUP(registry_log_close) struct registry_log *log = calloc(1, sizeof *log);
    if (log == NULL) {
        return sg_fail(SG_FATAL, 0, "registry: out of memory");
    }
    log->kafka = kafka;
    log->next = KAFKA_OFFSET_BEGINNING;
    snprintf(log->topic, sizeof log->topic, "%s", topic);
    log->reading = *kafka;
    log->reading.fetch_wait_ms = FETCH_WAIT_MS;
    const struct kafka_consumer_config config = {.kafka = &log->reading};
    SG_TRY(kafka_consumer_open(&config, &log->reader));
    int32_t partitions = 0;
    SG_TRY(kafka_consumer_partitions(log->reader, topic, &partitions));
    if (partitions != 1) {
        // Over several partitions there is no one order in which ids are given.
        return sg_fail(SG_FATAL, 0, "topic %s has %d partitions, a registry's has one", topic,
                       (int)partitions);
    }
    *ret_log = SG_MOVE(log);
    return sg_ok();
}

static sg_result take_record(const struct kafka_record *read, struct registry_book *book)
{
    struct registry_record record = {.kind = REGISTRY_RECORD_OTHER};
    sg_result result = registry_record_read(read->key, read->value, read->has_value, &record);
    if (sg_is_ok(result)) {
        result = registry_book_take(book, &record);
        registry_record_done(&record);
    }
    if (result.class == SG_DROP) {
        const struct log_field fields[] = {log_text("topic", read->topic),
                                           log_int("offset", read->offset),
                                           log_text("reason", sg_reason()),
                                           {.name = NULL}};
        log_warn("no record of a registry", fields);
        return sg_ok();
    }
    return result;
}

// Takes records until the queue is empty; `*ret_ended` tells whether the end was met.
static sg_result drain(struct registry_log *log, struct registry_book *book, bool *ret_ended)
{
    struct kafka_queue *queue = kafka_consumer_queue(log->reader, log->topic, 0);
    struct kafka_record record = {.handle = NULL};
    sg_result result = sg_ok();
    enum kafka_next next = kafka_queue_next(queue, &record, &result);
    while (next == KAFKA_NEXT_RECORD && sg_is_ok(result)) {
        result = take_record(&record, book);
        log->next = record.offset + 1;
        kafka_record_done(&record);
        if (sg_is_ok(result)) {
            next = kafka_queue_next(queue, &record, &result);
        }
    }
    *ret_ended = next == KAFKA_NEXT_END;
    if (*ret_ended) {
        log->next = record.offset;
    }
    kafka_record_done(&record);
    return sg_explain(result, "topic %s", log->topic);
}

static sg_result read_to_end(struct registry_log *log, int64_t timeout_ms,
                             struct registry_book *book)
{
    int64_t limit_us = clock_monotonic_us() + timeout_ms * 1000;
    bool ended = false;
    SG_TRY(drain(log, book, &ended));
    while (!ended) {
        if (clock_monotonic_us() > limit_us) {
            return sg_fail(SG_RETRY, 0, "topic %s: its end was not reached in %lld ms", log->topic,
                           (long long)timeout_ms);
        }
        kafka_consumer_wait(log->reader, POLL_MS);
        SG_TRY(kafka_consumer_poll(log->reader, 0));
        SG_TRY(drain(log, book, &ended));
    }
    return sg_ok();
}

sg_result registry_log_read(struct registry_log *log, int64_t timeout_ms,
                            struct registry_book *book)
{
    int64_t first = 0;
    int64_t end = 0;
    SG_TRY(kafka_consumer_range(log->reader, log->topic, 0, &first, &end));
    if (log->next == end) {
        return sg_ok();
    }
    const struct kafka_position position = {
        .topic = log->topic, .partition = 0, .offset = log->next};
    SG_TRY(kafka_consumer_assign(log->reader, &position, 1));
    sg_result read = read_to_end(log, timeout_ms, book);
    // Until the next time the broker is not asked.
    sg_result rested = kafka_consumer_assign(log->reader, NULL, 0);
    return sg_is_ok(read) ? rested : read;
}

sg_result registry_log_claim(struct registry_log *log)
{
    if (log->writer != NULL) {
        return sg_ok();
    }
    char id[KAFKA_TOPIC_MAX + ID_ROOM];
    snprintf(id, sizeof id, "soglia-registry-%s", log->topic);
    const struct kafka_producer_config config = {
        .kafka = log->kafka, .transactional_id = id, .linger_ms = 0};
    SG_CLEANUP(kafka_producer_close) struct kafka_producer *writer = NULL;
    SG_TRY(kafka_producer_open(&config, &writer));
    SG_TRY(kafka_producer_topic(writer, log->topic, &log->target));
    log->writer = SG_MOVE(writer);
    return sg_ok();
}

static sg_result send_record(struct registry_log *log, const struct registry_record *record)
{
    SG_CLEANUP(buffer_done) struct buffer key;
    SG_CLEANUP(buffer_done) struct buffer value;
    buffer_init(&key, RECORD_BYTES_MAX);
    buffer_init(&value, RECORD_BYTES_MAX);
    SG_TRY(registry_record_key(record, &key));
    SG_TRY(registry_record_value(record, &value));
    const struct kafka_message message = {.key = buffer_bytes(&key),
                                          .value = buffer_bytes(&value),
                                          .has_value = true,
                                          .partition = 0};
    return kafka_producer_send(log->writer, log->target, &message);
}

static sg_result send_all(struct registry_log *log, const struct registry_record *const *records,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        SG_TRY(send_record(log, records[i]));
    }
    return kafka_producer_commit(log->writer);
}

sg_result registry_log_write(struct registry_log *log, const struct registry_record *const *records,
                             size_t count)
{
    SG_TRY(sg_explain(kafka_producer_begin(log->writer), "topic %s", log->topic));
    sg_result result = send_all(log, records, count);
    if (sg_is_ok(result)) {
        return result;
    }
    char reason[SG_REASON_MAX];
    snprintf(reason, sizeof reason, "%s", sg_reason());
    if (result.class != SG_FATAL) {
        // Whatever the abort says, the first failure is the one to tell.
        sg_ignore(kafka_producer_abort(log->writer));
    }
    enum sg_class class = result.class == SG_ABORT ? SG_RETRY : result.class;
    return sg_fail(class, result.code, "topic %s: %s", log->topic, reason);
}
