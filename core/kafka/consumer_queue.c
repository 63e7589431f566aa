// Records of one partition. They are taken from the library in batches: its books are kept once a
// call, not once a record. The batch call loses records when the assignment changes while it waits:
// it never waits here, and only the thread that calls it assigns, which drops the batch.
#include "core/kafka/consumer_queue.h"
#include "core/kafka/consumer_state.h"
#include "core/kafka/kafka_error.h"

#include <librdkafka/rdkafka.h>

#include <assert.h>
#include <inttypes.h>
#include <string.h>

// How often the length of a queue is looked at, and how short a queue that was full may be.
enum { LOOK_RECORDS = KAFKA_BATCH_RECORDS, NUDGE_RECORDS = 2048 };

struct kafka_queue *kafka_consumer_queue(struct kafka_consumer *consumer, const char *topic,
                                         int32_t partition)
{
    for (size_t i = 0; i < consumer->queue_count; i++) {
        struct kafka_queue *queue = &consumer->queues[i];
        if (queue->partition == partition && strcmp(queue->topic, topic) == 0) {
            return queue;
        }
    }
    return NULL;
}

// The library's thread fetches when it is awake and a queue has room. When all queues of a broker
// are full nothing wakes it for up to a second, however fast they are emptied, and nothing may
// when they are new. Any request does: this one asks for the end of the partition, and does not
// wait for the answer.
void consumer_state_nudge(struct kafka_queue *queue)
{
    queue->taken = 0;
    queue->was_full = false;
    const struct kafka_position asked = {
        .topic = queue->topic, .partition = queue->partition, .offset = RD_KAFKA_OFFSET_END};
    rd_kafka_topic_partition_list_t *list = consumer_state_list(&asked, 1);
    rd_kafka_resp_err_t ignored = rd_kafka_offsets_for_times(queue->consumer->client, list, 0);
    (void)ignored;
    rd_kafka_topic_partition_list_destroy(list);
}

static void note_taken(struct kafka_queue *queue)
{
    if (++queue->taken % LOOK_RECORDS != 0) {
        return;
    }
    bool is_full = rd_kafka_queue_length(queue->handle) >= queue->consumer->full_records;
    if (queue->was_full && !is_full) {
        consumer_state_nudge(queue);
    }
    queue->was_full = is_full;
}

// It may have been full by the size of its records, which is not told.
static void note_empty(struct kafka_queue *queue)
{
    size_t full = queue->consumer->full_records;
    if (queue->taken >= (full < NUDGE_RECORDS ? full : NUDGE_RECORDS) / 2) {
        consumer_state_nudge(queue);
    }
}

static void fill_record(struct kafka_record *record, rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type;
    *record = (struct kafka_record){
        .key = bytes_of(message->key, message->key_len),
        .value = bytes_of(message->payload, message->len),
        .has_value = message->payload != NULL,
        .partition = message->partition,
        .offset = message->offset,
        .timestamp_ms = rd_kafka_message_timestamp(message, &type),
        .topic = rd_kafka_topic_name(message->rkt),
        .handle = message,
    };
}

// A batch that cannot be read is skipped by the library: going on would lose its records.
static bool misses_records(rd_kafka_resp_err_t error)
{
    return error == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
           error == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE || error == RD_KAFKA_RESP_ERR__BAD_MSG ||
           error == RD_KAFKA_RESP_ERR__BAD_COMPRESSION ||
           error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
}

static enum kafka_next judge_failure(const struct kafka_queue *queue,
                                     const rd_kafka_message_t *message, sg_result *ret_failure)
{
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        return KAFKA_NEXT_END;
    }
    enum sg_class class = misses_records(message->err) ? SG_FATAL : kafka_class(message->err);
    *ret_failure =
        sg_fail(class, (int)message->err, "%s [%" PRId32 "] at %" PRId64 ": %s (%s)%s",
                queue->topic, queue->partition, message->offset, rd_kafka_message_errstr(message),
                rd_kafka_err2name(message->err), kafka_advice((int)message->err));
    return KAFKA_NEXT_FAILED;
}

static bool take_batch(struct kafka_queue *queue)
{
    ssize_t taken =
        rd_kafka_consume_batch_queue(queue->handle, 0, queue->batch, KAFKA_BATCH_RECORDS);
    queue->batch_at = 0;
    queue->batch_count = taken > 0 ? (size_t)taken : 0;
    queue->fresh = queue->fresh && taken <= 0;
    return taken > 0;
}

enum kafka_next kafka_queue_next(struct kafka_queue *queue, struct kafka_record *ret_record,
                                 sg_result *ret_failure)
{
    if (queue->batch_at == queue->batch_count && !take_batch(queue)) {
        note_empty(queue);
        return KAFKA_NEXT_EMPTY;
    }
    rd_kafka_message_t *message = queue->batch[queue->batch_at++];
    if (queue->batch_at < queue->batch_count) {
        // Another thread has written it, so it is in no cache of this processor.
        __builtin_prefetch(queue->batch[queue->batch_at]->payload);
    }
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        note_taken(queue);
        fill_record(ret_record, message);
        return KAFKA_NEXT_RECORD;
    }
    enum kafka_next next = judge_failure(queue, message, ret_failure);
    if (next == KAFKA_NEXT_END) {
        *ret_record =
            (struct kafka_record){.partition = message->partition, .offset = message->offset};
    }
    rd_kafka_message_destroy(message);
    return next;
}

int64_t kafka_queue_end(const struct kafka_queue *queue)
{
    int64_t first = KAFKA_OFFSET_NONE;
    int64_t end = KAFKA_OFFSET_NONE;
    rd_kafka_resp_err_t error = rd_kafka_get_watermark_offsets(
        queue->consumer->client, queue->topic, queue->partition, &first, &end);
    return error == RD_KAFKA_RESP_ERR_NO_ERROR ? end : KAFKA_OFFSET_NONE;
}

void kafka_record_done(struct kafka_record *record)
{
    if (record->handle != NULL) {
        rd_kafka_message_destroy(SG_MOVE(record->handle));
    }
}

size_t kafka_record_headers(const struct kafka_record *record, struct kafka_header *ret_headers,
                            size_t max)
{
    rd_kafka_headers_t *headers = NULL;
    if (rd_kafka_message_headers(record->handle, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return 0;
    }
    size_t count = rd_kafka_header_cnt(headers);
    for (size_t i = 0; i < count && i < max; i++) {
        const void *value = NULL;
        size_t size = 0;
        rd_kafka_resp_err_t error =
            rd_kafka_header_get_all(headers, i, &ret_headers[i].name, &value, &size);
        assert(error == RD_KAFKA_RESP_ERR_NO_ERROR);
        (void)error;
        ret_headers[i].value = bytes_of(value, size);
    }
    return count;
}
