// Reads again what streams have missed and the buffer does not have any more, a chunk at a time,
// one stream after the other. What is too much, or is not there any more, becomes a gap.
#include "core/hash.h"
#include "core/kafka/consumer.h"
#include "core/service/clock.h"
#include "core/service/log.h"
#include "core/service/metric.h"
#include "query/http/json_writer.h"
#include "query/stream/sse_record.h"
#include "query/stream/sse_stream.h"

#include <string.h>
#include <time.h>

enum {
    WAIT_MS = 20,
    STALL_MS = 2000, // A chunk is given up for now when nothing has come for so long.
    GAP_JSON_MAX = 32768,
    RETRY_MS = 500,
    IDLE_MS = 60000, // The consumer is given up when nobody has missed anything for so long.
    US_PER_S = 1000000,
    NS_PER_US = 1000,
};

// What is read for one stream.
struct missed {
    enum sse_topic topic;
    uint32_t slot;
    int64_t next;
    int64_t end; // The buffer has everything from here on,
    int64_t now; // up to here.
    bool done;
    struct kafka_queue *queue;
};

struct resumer {
    struct sse_hub *hub;
    struct kafka_settings kafka;
    struct kafka_consumer *consumer;
    struct sse_record *record;
    struct sse_stream *stream; // The one that is worked on.
    struct sse_ring *chunk;
    struct missed missed[SSE_PLACES_MAX];
    size_t count;
    char topics[SSE_TOPICS][KAFKA_TOPIC_MAX + 1];
    bool full; // The chunk is.
};

// Lists where the stream lags. False: its positions are worth nothing any more. The lock is held.
static bool list_missed(struct resumer *resumer)
{
    struct sse_hub *hub = resumer->hub;
    struct sse_stream *stream = resumer->stream;
    resumer->count = 0;
    if (stream->epoch != hub->epoch) {
        return false;
    }
    for (size_t i = 0; i < stream->wanted_count; i++) {
        uint32_t slot = stream->wanted[i];
        if (sse_hub_lags(hub, stream, slot)) {
            resumer->missed[resumer->count++] = (struct missed){.topic = hub->slots[slot].topic,
                                                                .slot = slot,
                                                                .next = stream->next[slot],
                                                                .end = hub->slots[slot].floor,
                                                                .now = hub->slots[slot].next};
        }
    }
    return true;
}

static sg_result connect(struct resumer *resumer)
{
    struct sse_hub *hub = resumer->hub;
    const struct sse_hub_config *config = &hub->config;
    SG_TRY(sse_record_prepare(resumer->record, config->registry(config->context)));
    if (resumer->consumer == NULL) {
        SG_TRY(kafka_consumer_open(&(struct kafka_consumer_config){.kafka = &resumer->kafka},
                                   &resumer->consumer));
    }
    for (unsigned i = 0; i < SSE_TOPICS; i++) {
        topic_full_name(config->topics, sse_record_topic((enum sse_topic)i), resumer->topics[i]);
    }
    return sg_ok();
}

static int32_t partition_of(const struct resumer *resumer, const struct missed *missed)
{
    int32_t quotes = resumer->stream->partitions[SSE_TOPIC_QUOTES];
    return (int32_t)missed->slot - (missed->topic == SSE_TOPIC_ALERTS ? quotes : 0);
}

static void write_gap(struct resumer *resumer, const struct missed *missed, int64_t from,
                      const char *reason, struct json_writer *json)
{
    json_writer_object(json, NULL);
    json_writer_literal(json, "topic", topic_info(sse_record_topic(missed->topic))->name);
    json_writer_int(json, "partition", partition_of(resumer, missed));
    json_writer_int(json, "from", from);
    json_writer_int(json, "to", missed->next);
    json_writer_literal(json, "reason", reason);
    json_writer_end(json);
}

// Compares the place with what Kafka has; `*ret_reason` is NULL when nothing is missing.
static sg_result compare(struct resumer *resumer, struct missed *missed, int64_t *ret_from,
                         const char **ret_reason)
{
    int64_t first = 0;
    int64_t end = INT64_MAX;
    *ret_from = missed->next;
    *ret_reason = NULL;
    if (!resumer->stream->checked) {
        SG_TRY(kafka_consumer_range(resumer->consumer, resumer->topics[missed->topic],
                                    partition_of(resumer, missed), &first, &end));
    }
    if (missed->next > end) {
        // The topic is another one than it was.
        *ret_reason = "recreated";
        *ret_from = first;
        missed->next = end;
        return sg_ok();
    }
    if (missed->next < first) {
        *ret_reason = "deleted";
        missed->next = first;
    }
    if (missed->end - missed->next > resumer->hub->config.settings->resume_records) {
        *ret_reason = "too many";
        missed->next = missed->now;
    }
    return sg_ok();
}

// Puts one event into the chunk that tells of everything that is missing.
static sg_result find_gaps(struct resumer *resumer)
{
    SG_CLEANUP(buffer_done) struct buffer text;
    buffer_init(&text, GAP_JSON_MAX);
    struct json_writer json;
    json_writer_init(&json, &text);
    json_writer_object(&json, NULL);
    json_writer_array(&json, "missing");
    bool gap = false;
    for (size_t i = 0; i < resumer->count; i++) {
        struct missed *missed = &resumer->missed[i];
        int64_t from = 0;
        const char *reason = NULL;
        SG_TRY(compare(resumer, missed, &from, &reason));
        if (reason != NULL) {
            write_gap(resumer, missed, from, reason, &json);
            resumer->stream->next[missed->slot] = missed->next;
            gap = true;
        }
    }
    json_writer_end(&json);
    json_writer_end(&json);
    SG_TRY(json_writer_finish(&json));
    resumer->stream->checked = true;
    if (gap) {
        metric_add(METRIC_STREAM_GAPS, 0, 0, 1);
        sse_ring_add(resumer->chunk,
                     &(struct sse_event){.kind = SSE_GAP, .json = buffer_bytes(&text)});
    }
    return sg_ok();
}

static sg_result assign(struct resumer *resumer)
{
    struct kafka_position positions[SSE_PLACES_MAX];
    for (size_t i = 0; i < resumer->count; i++) {
        const struct missed *missed = &resumer->missed[i];
        positions[i] = (struct kafka_position){.topic = resumer->topics[missed->topic],
                                               .partition = partition_of(resumer, missed),
                                               .offset = missed->next};
    }
    SG_TRY(kafka_consumer_assign(resumer->consumer, positions, resumer->count));
    for (size_t i = 0; i < resumer->count; i++) {
        resumer->missed[i].queue =
            kafka_consumer_queue(resumer->consumer, positions[i].topic, positions[i].partition);
        if (resumer->missed[i].queue == NULL) {
            return sg_fail(SG_RETRY, 0, "streams: %s [%d] was not assigned", positions[i].topic,
                           positions[i].partition);
        }
    }
    return sg_ok();
}

// Puts a record into the chunk when the stream wants it.
static sg_result take(struct resumer *resumer, struct missed *missed,
                      const struct kafka_record *raw)
{
    struct sse_event event = {.kind = missed->topic == SSE_TOPIC_QUOTES ? SSE_QUOTE : SSE_ALERT,
                              .key = raw->key};
    event.hash = hash_bytes(raw->key);
    if (sse_filter_takes(resumer->stream->filter, &event) >= 0) {
        sg_result read = sse_record_read(resumer->record, missed->topic, raw, &event);
        if (!sg_is_ok(read) && read.class != SG_DROP) {
            return read;
        }
        event.slot = missed->slot;
        resumer->full = sg_is_ok(read) && !sse_ring_fits(resumer->chunk, &event);
        if (resumer->full) {
            return sg_ok();
        }
        if (sg_is_ok(read)) {
            sse_ring_add(resumer->chunk, &event);
        }
    }
    missed->next = raw->offset + 1;
    return sg_ok();
}

// Reads what there is of one partition.
static sg_result drain(struct resumer *resumer, struct missed *missed, bool *moved)
{
    missed->done = missed->done || missed->next >= missed->end;
    while (!missed->done && !resumer->full) {
        SG_CLEANUP(kafka_record_done) struct kafka_record record = {.handle = NULL};
        sg_result failure = sg_ok();
        switch (kafka_queue_next(missed->queue, &record, &failure)) {
        case KAFKA_NEXT_RECORD:
            SG_TRY(take(resumer, missed, &record));
            *moved = true;
            break;
        case KAFKA_NEXT_END:
            missed->next = record.offset > missed->next ? record.offset : missed->next;
            missed->done = true;
            return sg_ok();
        case KAFKA_NEXT_EMPTY:
            return sg_ok();
        case KAFKA_NEXT_FAILED:
            return sg_fail(SG_RETRY, failure.code, "%s", sg_reason());
        }
        missed->done = missed->next >= missed->end;
    }
    return sg_ok();
}

static bool all_done(const struct resumer *resumer)
{
    for (size_t i = 0; i < resumer->count; i++) {
        if (!resumer->missed[i].done) {
            return false;
        }
    }
    return true;
}

// Fills the chunk.
static sg_result read_missed(struct resumer *resumer)
{
    int64_t moved_us = clock_monotonic_us();
    while (!resumer->full && !all_done(resumer) && !resumer->hub->quit) {
        bool moved = false;
        SG_TRY(kafka_consumer_poll(resumer->consumer, 0));
        for (size_t i = 0; i < resumer->count; i++) {
            SG_TRY(drain(resumer, &resumer->missed[i], &moved));
        }
        int64_t now_us = clock_monotonic_us();
        moved_us = moved ? now_us : moved_us;
        if (now_us - moved_us > STALL_MS * SSE_US_PER_MS) {
            return sg_ok();
        }
        if (!moved && !all_done(resumer)) {
            kafka_consumer_wait(resumer->consumer, WAIT_MS);
        }
    }
    return sg_ok();
}

static sg_result read_for(struct resumer *resumer)
{
    resumer->full = false;
    resumer->chunk = sse_ring_new(SSE_CHUNK_BYTES);
    if (resumer->chunk == NULL) {
        return sg_fail(SG_RETRY, 0, "streams: out of memory");
    }
    SG_TRY(connect(resumer));
    SG_TRY(find_gaps(resumer));
    SG_TRY(assign(resumer));
    sg_result result = read_missed(resumer);
    SG_TRY(kafka_consumer_assign(resumer->consumer, NULL, 0));
    return result;
}

// Gives the stream what was read for it. The lock is held.
static void hand_over(struct resumer *resumer)
{
    struct sse_stream *stream = resumer->stream;
    struct sse_hub *hub = resumer->hub;
    memcpy(stream->after, stream->next, hub->slot_count * sizeof stream->next[0]);
    for (size_t i = 0; i < resumer->count; i++) {
        stream->after[resumer->missed[i].slot] = resumer->missed[i].next;
    }
    stream->at = sse_ring_first(resumer->chunk);
    stream->batch = false;
    stream->chunk = SG_MOVE(resumer->chunk);
    stream->phase = SSE_CHUNK;
}

// What becomes of a stream whose chunk was read. The lock is held.
static void settle(struct resumer *resumer, sg_result result)
{
    struct sse_hub *hub = resumer->hub;
    struct sse_stream *stream = resumer->stream;
    hub->working = NULL;
    bool whole = !stream->abandoned && sg_is_ok(result) && stream->epoch == hub->epoch;
    if (whole && resumer->count > 0) {
        hand_over(resumer);
        return;
    }
    hub->chunks--;
    sse_ring_free(&resumer->chunk);
    if (stream->abandoned) {
        sse_stream_free(stream);
        return;
    }
    stream->checked = stream->checked && sg_is_ok(result);
    sse_hub_settle(hub, stream);
}

// Waits, with the lock held. False when the time is over.
static bool wait_ms(struct sse_hub *hub, int64_t ms)
{
    int64_t end_us = clock_monotonic_us() + ms * SSE_US_PER_MS;
    struct timespec end = {.tv_sec = end_us / US_PER_S, .tv_nsec = end_us % US_PER_S * NS_PER_US};
    return pthread_cond_timedwait(&hub->changed, &hub->lock, &end) == 0;
}

// Takes the next stream of the queue and reads for it. The lock is held, and let go meanwhile.
static void serve(struct resumer *resumer)
{
    struct sse_hub *hub = resumer->hub;
    struct sse_stream *stream = hub->queue;
    hub->queue = stream->queue_next;
    hub->queue_end = hub->queue == NULL ? &hub->queue : hub->queue_end;
    stream->queued = false;
    hub->working = stream;
    hub->chunks++;
    resumer->stream = stream;
    bool reads = list_missed(resumer) && resumer->count > 0;
    pthread_mutex_unlock(&hub->lock);
    sg_result result = reads ? read_for(resumer) : sg_ok();
    if (!sg_is_ok(result)) {
        log_warn("what a stream has missed cannot be read now",
                 (struct log_field[]){log_text("reason", sg_reason()), {.name = NULL}});
    }
    pthread_mutex_lock(&hub->lock);
    settle(resumer, result);
    pthread_mutex_unlock(&hub->lock);
    hub->config.news(hub->config.context);
    pthread_mutex_lock(&hub->lock);
    if (!sg_is_ok(result) && !hub->closing) {
        wait_ms(hub, RETRY_MS);
    }
}

static void resumer_done(struct resumer *resumer)
{
    kafka_consumer_close(&resumer->consumer);
    sse_record_free(&resumer->record);
}

void *sse_resume_run(void *context)
{
    struct sse_hub *hub = context;
    log_thread_name("streams-resume");
    SG_CLEANUP(resumer_done)
    struct resumer resumer = {.hub = hub, .kafka = sse_hub_kafka(hub), .record = sse_record_new()};
    pthread_mutex_lock(&hub->lock);
    while (!hub->closing && resumer.record != NULL) {
        if (hub->queue != NULL && hub->chunks < SSE_CHUNKS_MAX) {
            serve(&resumer);
        } else if (!wait_ms(hub, IDLE_MS)) {
            kafka_consumer_close(&resumer.consumer);
        }
    }
    pthread_mutex_unlock(&hub->lock);
    return NULL;
}
