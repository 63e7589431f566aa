// One consumer for reading; a second one, which sees what is not committed, only says how far
// partitions are written.
#include "app/audit/log/log_reader.h"

#include "core/service/clock.h"
#include "core/service/stop.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    WAIT_MS = 200,
    PREFETCH_BYTES_MIN = 256 << 10,
    PREFETCH_RECORDS_MIN = 1000,
    RECORD_BYTES = 1024, // A small record in memory, with what the library keeps beside it.
    MICROSECONDS = 1000,
    PATIENCE = 2, // Times the longest transaction.
    RANGE_PATIENCE_US = 15000000,
};

struct stretch {
    char name[KAFKA_TOPIC_MAX + 1];
    int32_t partition;
    int64_t next; // Offset behind what was read.
    int64_t end;
    struct kafka_queue *queue;
    struct kafka_record record;
    bool has_record; // Read, and not given out.
    bool is_given;
};

struct log_reader {
    struct kafka_settings kafka;
    struct kafka_consumer *consumer;
    struct kafka_consumer *witness; // Sees what is written, committed or not.
    struct stretch *list;
    size_t count;
};

SG_RESULT log_reader_partitions(const struct settings_all *all, enum topic topic,
                                int32_t *ret_count)
{
    SG_CLEANUP(kafka_consumer_close) struct kafka_consumer *consumer = NULL;
    struct kafka_consumer_config config = {.kafka = &all->kafka};
    SG_TRY(kafka_consumer_open(&config, &consumer));
    char name[KAFKA_TOPIC_MAX + 1];
    topic_full_name(&all->topics, topic, name);
    return sg_explain(kafka_consumer_partitions(consumer, name, ret_count), "topic %s", name);
}

SG_RESULT log_reader_offset_at(const struct settings_all *all, enum topic topic, int32_t partition,
                               int64_t time_ms, int64_t *ret_offset)
{
    SG_CLEANUP(kafka_consumer_close) struct kafka_consumer *consumer = NULL;
    struct kafka_consumer_config config = {.kafka = &all->kafka};
    SG_TRY(kafka_consumer_open(&config, &consumer));
    char name[KAFKA_TOPIC_MAX + 1];
    topic_full_name(&all->topics, topic, name);
    return kafka_consumer_offset_at(consumer, name, partition, time_ms, ret_offset);
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    value = value > most ? most : value;
    return value < least ? least : value;
}

// A partition may be without a leader for a moment.
static sg_result range_of(struct kafka_consumer *consumer, const struct stretch *stretch,
                          int64_t *ret_first, int64_t *ret_end)
{
    int64_t until_us = clock_monotonic_us() + RANGE_PATIENCE_US;
    for (;;) {
        sg_result result =
            kafka_consumer_range(consumer, stretch->name, stretch->partition, ret_first, ret_end);
        bool is_over = clock_monotonic_us() >= until_us || stop_requested();
        if (result.class != SG_RETRY || is_over) {
            return sg_explain(result, "topic %s", stretch->name);
        }
        kafka_consumer_wait(consumer, WAIT_MS);
    }
}

static sg_result place(struct log_reader *reader, const struct settings_all *all,
                       struct log_span *span, struct stretch *stretch)
{
    topic_full_name(&all->topics, span->topic, stretch->name);
    stretch->partition = span->partition;
    bool is_written = span->end == LOG_END_WRITTEN;
    int64_t first = 0;
    int64_t end = 0;
    SG_TRY(range_of(is_written ? reader->witness : reader->consumer, stretch, &first, &end));
    span->end = span->end < 0 || span->end > end ? end : span->end;
    span->from = clamp(span->from, first, span->end > first ? span->end : first);
    stretch->next = span->from;
    stretch->end = span->end;
    return sg_ok();
}

static sg_result assign(struct log_reader *reader)
{
    struct kafka_position *positions = calloc(reader->count + 1, sizeof *positions);
    if (positions == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    size_t count = 0;
    for (size_t i = 0; i < reader->count; i++) {
        const struct stretch *stretch = &reader->list[i];
        positions[count++] = (struct kafka_position){
            .topic = stretch->name, .partition = stretch->partition, .offset = stretch->next};
    }
    sg_result result = kafka_consumer_assign(reader->consumer, positions, count);
    free(positions);
    for (size_t i = 0; i < reader->count; i++) {
        struct stretch *stretch = &reader->list[i];
        stretch->queue = kafka_consumer_queue(reader->consumer, stretch->name, stretch->partition);
    }
    return result;
}

static sg_result open_consumers(struct log_reader *reader)
{
    struct kafka_consumer_config config = {.kafka = &reader->kafka};
    SG_TRY(kafka_consumer_open(&config, &reader->consumer));
    config.read_uncommitted = true;
    return kafka_consumer_open(&config, &reader->witness);
}

SG_RESULT log_reader_open(const struct settings_all *all, struct log_span *spans, size_t count,
                          int64_t prefetch_bytes, struct log_reader **ret_reader)
{
    SG_CLEANUP(log_reader_close) struct log_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL || count > LOG_SPANS_MAX) {
        return sg_fail(SG_FATAL, 0, "more than %d partitions, or out of memory", LOG_SPANS_MAX);
    }
    reader->list = calloc(count + 1, sizeof *reader->list);
    if (reader->list == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    reader->kafka = all->kafka;
    int64_t share = prefetch_bytes / (int64_t)(count + 1);
    reader->kafka.prefetch_bytes = clamp(share, PREFETCH_BYTES_MIN, all->kafka.prefetch_bytes);
    reader->kafka.prefetch_records =
        clamp(share / RECORD_BYTES, PREFETCH_RECORDS_MIN, all->kafka.prefetch_records);
    SG_TRY(open_consumers(reader));
    for (size_t i = 0; i < count; i++) {
        SG_TRY(place(reader, all, &spans[i], &reader->list[i]));
    }
    reader->count = count;
    SG_TRY(assign(reader));
    *ret_reader = SG_MOVE(reader);
    return sg_ok();
}

void log_reader_close(struct log_reader **reader)
{
    struct log_reader *closing = *reader;
    if (closing == NULL) {
        return;
    }
    for (size_t i = 0; i < closing->count; i++) {
        kafka_record_done(&closing->list[i].record);
    }
    kafka_consumer_close(&closing->consumer);
    kafka_consumer_close(&closing->witness);
    free(closing->list);
    free(closing);
    *reader = NULL;
}

// Looks once. `*ret_looked` false: nothing was there yet.
static sg_result look(struct stretch *stretch, bool *ret_looked)
{
    sg_result failure = sg_ok();
    *ret_looked = true;
    switch (kafka_queue_next(stretch->queue, &stretch->record, &failure)) {
    case KAFKA_NEXT_RECORD:
        stretch->has_record = true;
        stretch->next = stretch->record.offset;
        return sg_ok();
    case KAFKA_NEXT_END:
        stretch->next =
            stretch->record.offset > stretch->next ? stretch->record.offset : stretch->next;
        return sg_ok();
    case KAFKA_NEXT_EMPTY:
        *ret_looked = false;
        return sg_ok();
    case KAFKA_NEXT_FAILED:
        break;
    }
    *ret_looked = false;
    return failure.class == SG_RETRY ? sg_ok() : failure;
}

// Waits for a record or for the end of the stretch.
static sg_result wait_for(struct log_reader *reader, struct stretch *stretch)
{
    int64_t patience_us = PATIENCE * reader->kafka.transaction_timeout_ms * MICROSECONDS;
    int64_t since_us = 0;
    while (!stretch->has_record && stretch->next < stretch->end) {
        bool has_looked = false;
        SG_TRY(look(stretch, &has_looked));
        if (has_looked) {
            continue;
        }
        int64_t now_us = clock_monotonic_us();
        since_us = since_us == 0 ? now_us : since_us;
        if (stop_requested()) {
            return sg_fail(SG_FATAL, 0, "stopped");
        }
        if (now_us - since_us > patience_us) {
            return sg_fail(SG_RETRY, 0,
                           "%s [%" PRId32 "] cannot be read from offset %" PRId64 " to %" PRId64
                           ": the broker does not answer, or a transaction stays open",
                           stretch->name, stretch->partition, stretch->next, stretch->end);
        }
        SG_TRY(kafka_consumer_poll(reader->consumer, 0));
        kafka_consumer_wait(reader->consumer, WAIT_MS);
    }
    return sg_ok();
}

SG_RESULT log_reader_next(struct log_reader *reader, size_t at,
                          const struct kafka_record **ret_record)
{
    assert(at < reader->count);
    struct stretch *stretch = &reader->list[at];
    if (stretch->is_given) {
        stretch->next = stretch->record.offset + 1;
        kafka_record_done(&stretch->record);
        stretch->is_given = false;
    }
    if (!stretch->has_record) {
        SG_TRY(wait_for(reader, stretch));
    }
    if (!stretch->has_record || stretch->record.offset >= stretch->end) {
        *ret_record = NULL;
        return sg_ok();
    }
    stretch->has_record = false;
    stretch->is_given = true;
    *ret_record = &stretch->record;
    return sg_ok();
}

void log_reader_unread(struct log_reader *reader, size_t at)
{
    struct stretch *stretch = &reader->list[at];
    if (stretch->is_given) {
        stretch->is_given = false;
        stretch->has_record = true;
    }
}

SG_RESULT log_reader_extend(struct log_reader *reader, size_t at)
{
    struct stretch *stretch = &reader->list[at];
    int64_t first = 0;
    int64_t end = 0;
    SG_TRY(range_of(reader->witness, stretch, &first, &end));
    stretch->end = end > stretch->end ? end : stretch->end;
    return sg_ok();
}

int64_t log_reader_position(const struct log_reader *reader, size_t at)
{
    const struct stretch *stretch = &reader->list[at];
    return stretch->is_given ? stretch->record.offset + 1 : stretch->next;
}
