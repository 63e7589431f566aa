// The list of streams and who may join it.
#include "query/stream/sse_hub.h"
#include "query/stream/sse_stream.h"

#include "core/hash.h"
#include "core/service/clock.h"
#include "core/service/metric.h"

#include <stdlib.h>
#include <string.h>

enum {
    STATUS_TOO_MANY = 429,
    PREFETCH_RECORDS = 5000,
    PREFETCH_BYTES = 1048576,
};

static const struct option options[] = {
    {"stream.max", OPTION_INT, offsetof(struct sse_settings, max), "1000", 1, 65536, NULL,
     "Most event streams open at a time; never more than three quarters of http.connections."},
    {"stream.per_user", OPTION_INT, offsetof(struct sse_settings, per_user), "20", 1, 65536, NULL,
     "Most event streams of one user; those of nobody count against http.per_address alone."},
    {"stream.buffer_bytes", OPTION_SIZE, offsetof(struct sse_settings, buffer_bytes), "16MiB",
     1048576, 4294967296, NULL,
     "Newest events in memory, for all streams together; one that falls behind them is cut."},
    {"stream.resume_records", OPTION_INT, offsetof(struct sse_settings, resume_records), "100000",
     0, 100000000, NULL,
     "Most records of a partition that are read again for a stream that comes back; beyond them "
     "it is told of a gap."},
    {"stream.heartbeat", OPTION_DURATION, offsetof(struct sse_settings, heartbeat_ms), "15s", 100,
     3600000, NULL, "Time without an event after which a stream is sent a comment."},
    {"stream.pace", OPTION_DURATION, offsetof(struct sse_settings, pace_ms), "50ms", 0, 10000, NULL,
     "Least time between two sendings to one stream; events meanwhile are sent together."},
};
struct option_table sse_options(struct sse_settings *target)
{
    return (struct option_table){"Event streams", options, sizeof options / sizeof options[0],
                                 target, false};
}

struct kafka_settings sse_hub_kafka(const struct sse_hub *hub)
{
    struct kafka_settings kafka = *hub->config.kafka;
    if (kafka.prefetch_records > PREFETCH_RECORDS) {
        kafka.prefetch_records = PREFETCH_RECORDS;
    }
    if (kafka.prefetch_bytes > PREFETCH_BYTES) {
        kafka.prefetch_bytes = PREFETCH_BYTES;
    }
    return kafka;
}

bool sse_hub_lags(const struct sse_hub *hub, const struct sse_stream *stream, uint32_t slot)
{
    // One that is ahead may have been served by another process, or know another topic.
    int64_t next = stream->next[slot];
    return next < hub->slots[slot].floor || (next > hub->slots[slot].next && !stream->checked);
}

static bool lags(const struct sse_hub *hub, const struct sse_stream *stream)
{
    for (size_t i = 0; i < stream->wanted_count; i++) {
        if (sse_hub_lags(hub, stream, stream->wanted[i])) {
            return true;
        }
    }
    return false;
}

void sse_hub_settle(struct sse_hub *hub, struct sse_stream *stream)
{
    if (stream->epoch != hub->epoch) {
        stream->phase = SSE_ENDED;
        return;
    }
    stream->batch = false;
    stream->matched = false;
    if (!lags(hub, stream)) {
        // What the stream has seen of it already is told by its positions.
        stream->at = sse_ring_first(hub->ring);
        stream->phase = SSE_LIVE;
        return;
    }
    stream->phase = SSE_RESUMING;
    stream->queued = true;
    stream->queue_next = NULL;
    *hub->queue_end = stream;
    hub->queue_end = &stream->queue_next;
    pthread_cond_broadcast(&hub->changed);
}

void sse_hub_reset(struct sse_hub *hub)
{
    hub->epoch++;
    hub->live = false;
    sse_ring_free(&hub->ring);
    free(hub->slots);
    hub->slots = NULL;
    hub->slot_count = 0;
}

static void unqueue(struct sse_hub *hub, struct sse_stream *stream)
{
    struct sse_stream **link = &hub->queue;
    while (*link != NULL && *link != stream) {
        link = &(*link)->queue_next;
    }
    if (*link == stream) {
        *link = stream->queue_next;
    }
    if (hub->queue_end == &stream->queue_next) {
        hub->queue_end = link;
    }
    stream->queued = false;
}

static void leave(struct sse_hub *hub, struct sse_stream *stream)
{
    if (stream->list_previous != NULL) {
        stream->list_previous->list_next = stream->list_next;
    } else {
        hub->streams = stream->list_next;
    }
    if (stream->list_next != NULL) {
        stream->list_next->list_previous = stream->list_previous;
    }
    hub->stream_count--;
    if (stream->queued) {
        unqueue(hub, stream);
    }
    metric_set(METRIC_STREAMS, 0, 0, (int64_t)hub->stream_count);
    pthread_cond_broadcast(&hub->changed);
}

void sse_hub_release(struct http_work *work)
{
    struct sse_stream *stream = (struct sse_stream *)work;
    struct sse_hub *hub = stream->hub;
    pthread_mutex_lock(&hub->lock);
    bool last = --stream->refs == 0;
    if (last) {
        leave(hub, stream);
        if (stream->chunk != NULL) {
            hub->chunks--;
        }
    }
    // The resumer frees the one that it works on.
    stream->abandoned = last;
    bool mine = last && hub->working != stream;
    pthread_mutex_unlock(&hub->lock);
    if (mine) {
        sse_stream_free(stream);
    }
}

// The lock is held.
static sg_result check_limits(const struct sse_hub *hub, uint64_t user)
{
    int64_t room = hub->config.connections - hub->config.connections / 4;
    int64_t max = hub->config.settings->max < room ? hub->config.settings->max : room;
    if ((int64_t)hub->stream_count >= max) {
        return sg_fail(SG_RETRY, 0, "there are too many event streams at the moment");
    }
    int64_t own = 0;
    for (const struct sse_stream *each = hub->streams; each != NULL && user != 0;
         each = each->list_next) {
        own += each->user == user ? 1 : 0;
    }
    if (own >= hub->config.settings->per_user) {
        return sg_fail(SG_DROP, STATUS_TOO_MANY, "a user has at most %d event streams",
                       (int)hub->config.settings->per_user);
    }
    return sg_ok();
}

sg_result sse_hub_join(struct sse_hub *hub, struct sse_stream *stream)
{
    pthread_mutex_lock(&hub->lock);
    sg_result result = check_limits(hub, stream->user);
    if (sg_is_ok(result)) {
        stream->refs = 1;
        stream->list_next = hub->streams;
        if (hub->streams != NULL) {
            hub->streams->list_previous = stream;
        }
        hub->streams = stream;
        hub->stream_count++;
        metric_set(METRIC_STREAMS, 0, 0, (int64_t)hub->stream_count);
        pthread_cond_broadcast(&hub->changed);
    }
    pthread_mutex_unlock(&hub->lock);
    return result;
}

static sg_result start(struct sse_hub *hub)
{
    if (pthread_create(&hub->reader, NULL, sse_reader_run, hub) != 0) {
        return sg_fail(SG_FATAL, 0, "streams: the system gives no more threads");
    }
    hub->reader_started = true;
    if (pthread_create(&hub->resumer, NULL, sse_resume_run, hub) != 0) {
        return sg_fail(SG_FATAL, 0, "streams: the system gives no more threads");
    }
    hub->resumer_started = true;
    return sg_ok();
}

sg_result sse_hub_open(const struct sse_hub_config *config, struct sse_hub **ret_hub)
{
    SG_CLEANUP(sse_hub_close) struct sse_hub *hub = calloc(1, sizeof *hub);
    if (hub == NULL) {
        return sg_fail(SG_FATAL, 0, "streams: out of memory");
    }
    hub->config = *config;
    hub->queue_end = &hub->queue;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&hub->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&hub->lock, NULL);
    SG_TRY(start(hub));
    *ret_hub = SG_MOVE(hub);
    return sg_ok();
}

void sse_hub_quit(struct sse_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    hub->quit = true;
    hub->closing = true;
    pthread_cond_broadcast(&hub->changed);
    pthread_mutex_unlock(&hub->lock);
}

void sse_hub_close(struct sse_hub **hub)
{
    struct sse_hub *closing = *hub;
    if (closing == NULL) {
        return;
    }
    sse_hub_quit(closing);
    if (closing->reader_started) {
        pthread_join(closing->reader, NULL);
    }
    if (closing->resumer_started) {
        pthread_join(closing->resumer, NULL);
    }
    sse_hub_reset(closing);
    pthread_cond_destroy(&closing->changed);
    pthread_mutex_destroy(&closing->lock);
    free(closing);
    *hub = NULL;
}
