// The hub's reader: from the newest records of every partition on into the buffer. It reads while
// there are streams and for a while after the last one.
#include "core/kafka/admin.h"
#include "core/kafka/partition_watch.h"
#include "core/service/backoff.h"
#include "core/service/clock.h"
#include "core/service/log.h"
#include "query/stream/sse_partitions.h"
#include "query/stream/sse_record.h"
#include "query/stream/sse_stream.h"

#include <stdlib.h>
#include <time.h>

enum {
    ROUND_RECORDS_MAX = 500, // Of one partition, before the next one's turn.
    WAIT_MS = 50,
    NEWS_MS = 20,   // Least time between two looks at the streams.
    PASS_PART = 16, // Streams are led on when this part of the buffer is new.
    ECHO_MS = 500,  // So long after an event they are looked at again, for those that pause.
    IDLE_MS = 60000,
    PROBE_MS = 1000, // As the views do: a stop has to wait for the call that runs.
    US_PER_S = 1000000,
    NS_PER_US = 1000,
    REFUSALS_LOGGED = 10,
};

static const struct backoff retries = {.first_ms = 100, .max_ms = 5000};

struct reader {
    struct sse_hub *hub;
    struct kafka_settings kafka;
    struct kafka_admin *admin;
    struct sse_record *record;
    struct kafka_queue **queues; // By slot.
    struct sse_partitions partitions;
    int64_t added_us;
    int64_t told_us;
    uint64_t passed; // The end of the buffer when streams were last led on.
    int64_t idle_us; // Since when there is no stream; 0: there are some.
    int64_t refusals;
};

static sg_result connect(struct reader *reader)
{
    const struct sse_hub_config *config = &reader->hub->config;
    if (reader->admin == NULL) {
        SG_TRY(kafka_admin_open(&reader->kafka, &reader->admin));
    }
    SG_TRY(kafka_admin_wait(reader->admin, PROBE_MS));
    struct registry *registry = config->registry(config->context);
    if (registry == NULL) {
        return sg_fail(SG_RETRY, 0, "the schemas are not there yet");
    }
    SG_TRY(sse_record_prepare(reader->record, registry));
    if (reader->partitions.consumer == NULL) {
        SG_TRY(kafka_consumer_open(&(struct kafka_consumer_config){.kafka = &reader->kafka},
                                   &reader->partitions.consumer));
    }
    return sg_ok();
}

static sg_result assign(struct reader *reader)
{
    const struct sse_hub *hub = reader->hub;
    size_t count = hub->slot_count;
    struct kafka_position positions[SSE_SLOTS_MAX];
    for (size_t i = 0; i < count; i++) {
        positions[i] =
            (struct kafka_position){.topic = reader->partitions.topics[hub->slots[i].topic],
                                    .partition = hub->slots[i].partition,
                                    .offset = hub->slots[i].next};
    }
    SG_TRY(kafka_consumer_assign(reader->partitions.consumer, positions, count));
    free(reader->queues);
    reader->queues = calloc(count + 1, sizeof(struct kafka_queue *));
    if (reader->queues == NULL) {
        return sg_fail(SG_RETRY, 0, "streams: out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        reader->queues[i] = kafka_consumer_queue(reader->partitions.consumer, positions[i].topic,
                                                 positions[i].partition);
        if (reader->queues[i] == NULL) {
            return sg_fail(SG_RETRY, 0, "streams: %s [%d] was not assigned", positions[i].topic,
                           positions[i].partition);
        }
    }
    return sg_ok();
}

static void note_refusal(struct reader *reader, const struct kafka_record *raw)
{
    if (++reader->refusals <= REFUSALS_LOGGED) {
        log_warn("a record was left out of the streams",
                 (struct log_field[]){log_text("topic", raw->topic),
                                      log_int("partition", raw->partition),
                                      log_int("offset", raw->offset),
                                      log_text("reason", sg_reason()),
                                      {.name = NULL}});
    }
}

// Adds an event to the buffer. The lock is held.
static void add(struct reader *reader, const struct sse_event *event)
{
    struct sse_hub *hub = reader->hub;
    struct sse_event old;
    while (!sse_ring_fits(hub->ring, event) && sse_ring_drop(hub->ring, &old)) {
        hub->slots[old.slot].floor = old.offset + 1;
    }
    sse_ring_add(hub->ring, event);
    uint64_t end = sse_ring_end(hub->ring);
    if (end - reader->passed > (uint64_t)hub->config.settings->buffer_bytes / PASS_PART) {
        reader->passed = end;
        for (struct sse_stream *each = hub->streams; each != NULL; each = each->list_next) {
            sse_stream_pass(each);
        }
    }
    reader->added_us = clock_monotonic_us();
}

// Whether the hub has become live by what was read of this partition. Where quotes never pause no
// end is ever told. The lock is held.
static bool note_goal(struct sse_hub *hub, size_t slot)
{
    hub->slots[slot].at_end = true;
    bool live = true;
    for (size_t i = 0; i < hub->slot_count && live; i++) {
        live = hub->slots[i].at_end;
    }
    bool news = live && !hub->live;
    hub->live = live;
    return news;
}

static void tell_of_life(const struct sse_hub *hub, bool news)
{
    if (news) {
        hub->config.news(hub->config.context);
    }
}

static sg_result take(struct reader *reader, size_t slot, const struct kafka_record *raw)
{
    struct sse_hub *hub = reader->hub;
    struct sse_event event;
    sg_result read = sse_record_read(reader->record, hub->slots[slot].topic, raw, &event);
    if (!sg_is_ok(read) && read.class != SG_DROP) {
        return read;
    }
    if (!sg_is_ok(read)) {
        note_refusal(reader, raw);
    }
    pthread_mutex_lock(&hub->lock);
    hub->slots[slot].next = raw->offset + 1;
    if (sg_is_ok(read)) {
        event.slot = (uint32_t)slot;
        add(reader, &event);
    }
    bool news = !hub->live && raw->offset + 1 >= hub->slots[slot].goal && note_goal(hub, slot);
    pthread_mutex_unlock(&hub->lock);
    tell_of_life(hub, news);
    return sg_ok();
}

static void note_end(struct sse_hub *hub, size_t slot, int64_t offset)
{
    pthread_mutex_lock(&hub->lock);
    // Behind the markers of transactions.
    if (offset > hub->slots[slot].next) {
        hub->slots[slot].next = offset;
    }
    bool news = note_goal(hub, slot);
    pthread_mutex_unlock(&hub->lock);
    tell_of_life(hub, news);
}

static sg_result drain(struct reader *reader, size_t slot, size_t *taken)
{
    for (size_t i = 0; i < ROUND_RECORDS_MAX; i++) {
        SG_CLEANUP(kafka_record_done) struct kafka_record record = {.handle = NULL};
        sg_result failure = sg_ok();
        switch (kafka_queue_next(reader->queues[slot], &record, &failure)) {
        case KAFKA_NEXT_RECORD:
            SG_TRY(take(reader, slot, &record));
            ++*taken;
            break;
        case KAFKA_NEXT_END:
            note_end(reader->hub, slot, record.offset);
            break;
        case KAFKA_NEXT_EMPTY:
            return sg_ok();
        case KAFKA_NEXT_FAILED:
            return sg_fail(SG_RETRY, failure.code, "%s", sg_reason());
        }
    }
    return sg_ok();
}

// Has the streams looked at: at once after a quiet time, else now and then. Returns the ms until
// the next time.
static int64_t tell(struct reader *reader)
{
    int64_t now_us = clock_monotonic_us();
    bool due = now_us - reader->added_us < ECHO_MS * SSE_US_PER_MS;
    int64_t left_ms = NEWS_MS - (now_us - reader->told_us) / SSE_US_PER_MS;
    if (!due) {
        return WAIT_MS;
    }
    if (left_ms > 0) {
        return left_ms;
    }
    reader->told_us = now_us;
    reader->hub->config.news(reader->hub->config.context);
    return NEWS_MS;
}

static sg_result read_round(struct reader *reader)
{
    size_t taken = 0;
    SG_TRY(kafka_consumer_poll(reader->partitions.consumer, 0));
    for (size_t i = 0; i < reader->hub->slot_count; i++) {
        SG_TRY(drain(reader, i, &taken));
    }
    int64_t wait_ms = tell(reader);
    if (taken == 0) {
        kafka_consumer_wait(reader->partitions.consumer, wait_ms);
    }
    return sg_ok();
}

static bool is_idle(struct reader *reader)
{
    struct sse_hub *hub = reader->hub;
    pthread_mutex_lock(&hub->lock);
    bool used = hub->stream_count > 0;
    pthread_mutex_unlock(&hub->lock);
    int64_t now_us = clock_monotonic_us();
    reader->idle_us = used ? 0 : reader->idle_us == 0 ? now_us : reader->idle_us;
    return !used && now_us - reader->idle_us > IDLE_MS * SSE_US_PER_MS;
}

// Reads until the end is asked for, nobody listens any more or partitions were added.
static sg_result follow(struct reader *reader)
{
    SG_TRY(connect(reader));
    int32_t counts[SSE_TOPICS];
    SG_TRY(sse_partitions_count(&reader->partitions, counts));
    bool goes_on = false;
    SG_TRY(sse_partitions_keep(&reader->partitions, counts, &goes_on));
    if (!goes_on) {
        SG_TRY(sse_partitions_begin(&reader->partitions, counts));
        reader->hub->config.news(reader->hub->config.context);
    }
    SG_TRY(assign(reader));
    SG_CLEANUP(partition_watch_close) struct partition_watch *watch = NULL;
    SG_TRY(
        partition_watch_open(&(struct partition_watch_config){.admin = reader->admin,
                                                              .count = SSE_TOPICS,
                                                              .topics = reader->partitions.topics,
                                                              .counts = counts},
                             &watch));
    bool changed = false;
    while (!reader->hub->quit && !changed && !is_idle(reader)) {
        SG_TRY(read_round(reader));
        SG_TRY(partition_watch_look(watch, &changed));
    }
    return sg_ok();
}

// Forgets everything when nobody listens: positions that are not read on grow old.
static void rest(struct reader *reader)
{
    struct sse_hub *hub = reader->hub;
    kafka_consumer_close(&reader->partitions.consumer);
    kafka_admin_close(&reader->admin);
    pthread_mutex_lock(&hub->lock);
    sse_hub_reset(hub);
    while (!hub->closing && hub->stream_count == 0) {
        pthread_cond_wait(&hub->changed, &hub->lock);
    }
    pthread_mutex_unlock(&hub->lock);
    reader->idle_us = 0;
}

static void wait_to_retry(struct reader *reader, int64_t attempt)
{
    struct sse_hub *hub = reader->hub;
    int64_t wait_ms = backoff_ms(&retries, attempt, (uint64_t)clock_monotonic_us());
    log_warn("the event streams wait for Kafka",
             (struct log_field[]){
                 log_text("reason", sg_reason()), log_int("wait_ms", wait_ms), {.name = NULL}});
    int64_t end_us = clock_monotonic_us() + wait_ms * SSE_US_PER_MS;
    struct timespec end = {.tv_sec = end_us / US_PER_S, .tv_nsec = end_us % US_PER_S * NS_PER_US};
    pthread_mutex_lock(&hub->lock);
    int status = 0;
    while (!hub->closing && status == 0) {
        status = pthread_cond_timedwait(&hub->changed, &hub->lock, &end);
    }
    pthread_mutex_unlock(&hub->lock);
}

static void reader_done(struct reader *reader)
{
    free(reader->queues);
    kafka_consumer_close(&reader->partitions.consumer);
    kafka_admin_close(&reader->admin);
    sse_record_free(&reader->record);
}

void *sse_reader_run(void *context)
{
    struct sse_hub *hub = context;
    log_thread_name("streams");
    SG_CLEANUP(reader_done)
    struct reader reader = {.hub = hub,
                            .partitions = {.hub = hub},
                            .kafka = sse_hub_kafka(hub),
                            .record = sse_record_new()};
    int64_t attempt = 0;
    rest(&reader);
    while (!hub->quit && reader.record != NULL) {
        sg_result result = follow(&reader);
        if (!sg_is_ok(result)) {
            wait_to_retry(&reader, ++attempt);
            continue;
        }
        attempt = 0;
        if (is_idle(&reader)) {
            rest(&reader);
        }
    }
    return NULL;
}
