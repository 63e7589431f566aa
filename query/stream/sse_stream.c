// What one stream sends: events of its chunk or of the hub's buffer, each with the position behind
// it as its id. A position counts every record that was passed, wanted or not.
#include "query/stream/sse_stream.h"

#include "core/hash.h"
#include "core/service/clock.h"
#include "core/service/metric.h"
#include "query/stream/sse_output.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    RETRY_MS = 2000, // A client comes back after this, and up to as much again.
    SLOW_MS = 1000,  // Who takes what it was given within this time is not to blame.
};

// Whether the stream wants the event, which stands at `at`.
static bool wants(const struct sse_stream *stream, const struct sse_event *event, uint64_t at)
{
    if (event->kind == SSE_GAP) {
        return true;
    }
    if (event->offset < stream->next[event->slot]) {
        return false;
    }
    int index = sse_filter_takes(stream->filter, event);
    bool replaced = index >= 0 && index < SSE_INSTRUMENTS_MAX && stream->batch &&
                    stream->latest[index].at != at;
    return index >= 0 && !replaced;
}

static void pass(struct sse_stream *stream, const struct sse_event *event)
{
    // Of a partition that is not wanted the next offset is the largest number.
    if (event->kind != SSE_GAP && event->offset >= stream->next[event->slot]) {
        stream->next[event->slot] = event->offset + 1;
    }
}

// Goes on to the next wanted event before `until`. False: there is none.
static bool seek(struct sse_stream *stream, const struct sse_ring *ring, uint64_t until)
{
    while (stream->at != until) {
        uint64_t behind = stream->at;
        struct sse_event event;
        if (!sse_ring_next(ring, &behind, &event)) {
            return false;
        }
        if (wants(stream, &event, stream->at)) {
            return true;
        }
        pass(stream, &event);
        stream->at = behind;
    }
    return false;
}

// Begins a batch at `at`: of each instrument the quote with the newest event time, the last one of
// equal ones, stands for all.
static void begin_batch(struct sse_stream *stream, const struct sse_ring *ring)
{
    size_t count = sse_filter_count(stream->filter);
    for (size_t i = 0; i < count; i++) {
        stream->latest[i] = (struct sse_latest){UINT64_MAX, INT64_MIN};
    }
    stream->batch = false;
    uint64_t at = stream->at;
    uint64_t behind = at;
    struct sse_event event;
    for (; sse_ring_next(ring, &behind, &event); at = behind) {
        int index = wants(stream, &event, at) ? sse_filter_takes(stream->filter, &event) : -1;
        if (index >= 0 && index < SSE_INSTRUMENTS_MAX &&
            event.event_time >= stream->latest[index].event_time) {
            stream->latest[index] = (struct sse_latest){at, event.event_time};
        }
    }
    stream->batch = true;
    stream->until = sse_ring_end(ring);
}

// Writes wanted events while there is room. True: it came to the end.
static bool copy_events(struct sse_stream *stream, const struct sse_ring *ring,
                        struct sse_output *output)
{
    if (stream->every_us > 0 && !stream->batch) {
        begin_batch(stream, ring);
    }
    uint64_t until = stream->every_us > 0 ? stream->until : sse_ring_end(ring);
    while (!output->full && seek(stream, ring, until)) {
        uint64_t behind = stream->at;
        struct sse_event event;
        sse_ring_next(ring, &behind, &event);
        bool counts = event.kind != SSE_GAP;
        int64_t before = counts ? stream->next[event.slot] : 0;
        pass(stream, &event);
        if (!sse_output_event(stream, &event, output)) {
            if (counts) {
                stream->next[event.slot] = before;
            }
            break;
        }
        stream->at = behind;
    }
    stream->batch = stream->batch && output->full;
    return !output->full;
}

// Ends a chunk that was sent.
static void end_chunk(struct sse_stream *stream)
{
    struct sse_hub *hub = stream->hub;
    for (size_t i = 0; i < stream->wanted_count; i++) {
        uint32_t slot = stream->wanted[i];
        stream->next[slot] = stream->after[slot];
    }
    sse_ring_free(&stream->chunk);
    pthread_mutex_lock(&hub->lock);
    hub->chunks--;
    sse_hub_settle(hub, stream);
    pthread_cond_broadcast(&hub->changed);
    pthread_mutex_unlock(&hub->lock);
}

// True when the buffer still has what the stream is to read next.
static bool keeps_up(struct sse_stream *stream)
{
    struct sse_hub *hub = stream->hub;
    return stream->epoch == hub->epoch && stream->at >= sse_ring_first(hub->ring);
}

// The buffer has gone on without the stream. A client that is slow is cut; another one is read for.
// The lock is held.
static void fall_behind(struct sse_stream *stream, int64_t now_us)
{
    bool slow = stream->sent_us > 0 && now_us - stream->sent_us > SLOW_MS * SSE_US_PER_MS;
    if (slow && stream->epoch == stream->hub->epoch) {
        stream->phase = SSE_ENDED;
        metric_add(METRIC_STREAM_CUT, 0, 0, 1);
        return;
    }
    stream->checked = false;
    sse_hub_settle(stream->hub, stream);
}

static void copy_live(struct sse_stream *stream, int64_t now_us, struct sse_output *output)
{
    struct sse_hub *hub = stream->hub;
    pthread_mutex_lock(&hub->lock);
    if (keeps_up(stream)) {
        stream->matched = !copy_events(stream, hub->ring, output);
    } else {
        fall_behind(stream, now_us);
    }
    pthread_mutex_unlock(&hub->lock);
}

// A comment, and where the stream is: an id without data moves the client's last id.
static void beat(struct sse_stream *stream, struct sse_output *output)
{
    buffer_clear(&output->frame);
    sg_result printed = buffer_append(&output->frame, bytes_of_text(":\n"));
    // While it is resuming its positions belong to the resumer.
    if (sg_is_ok(printed) && stream->phase == SSE_LIVE) {
        pthread_mutex_lock(&stream->hub->lock);
        printed = sse_output_id(stream, &output->frame);
        pthread_mutex_unlock(&stream->hub->lock);
    }
    printed = sg_is_ok(printed) ? buffer_append_byte(&output->frame, '\n') : printed;
    if (sg_is_ok(printed)) {
        sse_output_frame(stream, output);
    }
}

static void write_events(struct sse_stream *stream, int64_t now_us, struct sse_output *output)
{
    enum sse_phase phase = stream->phase;
    switch (phase) {
    case SSE_OPENING:
    case SSE_RESUMING:
    case SSE_ENDED:
        return;
    case SSE_CHUNK:
        if (copy_events(stream, stream->chunk, output)) {
            end_chunk(stream);
        }
        return;
    case SSE_LIVE:
        // What did not fit the last time follows at once.
        if (now_us < stream->due_us) {
            return;
        }
        copy_live(stream, now_us, output);
        int64_t pause_us = stream->hub->config.settings->pace_ms * SSE_US_PER_MS;
        pause_us = stream->every_us > pause_us ? stream->every_us : pause_us;
        stream->wrote = stream->wrote || output->size > 0;
        if (!output->full) {
            stream->due_us = stream->wrote ? now_us + pause_us : 0;
            stream->wrote = false;
        }
        return;
    }
}

static bool is_over(const struct sse_stream *stream, int64_t now_us)
{
    return stream->hub->quit || stream->phase == SSE_ENDED ||
           (stream->expires_us > 0 && now_us >= stream->expires_us);
}

// http_stream's read().
static ptrdiff_t read_more(struct http_stream *http, uint8_t *out, size_t max)
{
    struct sse_stream *stream = (struct sse_stream *)http;
    int64_t now_us = clock_monotonic_us();
    if (stream->rest.size > 0) {
        return sse_output_rest(stream, out, max);
    }
    if (is_over(stream, now_us)) {
        return -1;
    }
    SG_CLEANUP(sse_output_done) struct sse_output output;
    sse_output_init(&output, out, max);
    write_events(stream, now_us, &output);
    if (output.size == 0 && stream->phase != SSE_ENDED && now_us >= stream->beat_us) {
        beat(stream, &output);
    }
    stream->sent_us = output.size > 0 ? now_us : 0;
    if (output.size > 0) {
        stream->beat_us = now_us + stream->hub->config.settings->heartbeat_ms * SSE_US_PER_MS;
    }
    return output.size == 0 && stream->phase == SSE_ENDED ? -1 : (ptrdiff_t)output.size;
}

// Whether the buffer has something for the stream, or no longer what it would need.
static bool look_ahead(struct sse_stream *stream)
{
    struct sse_hub *hub = stream->hub;
    pthread_mutex_lock(&hub->lock);
    bool found = !keeps_up(stream) || seek(stream, hub->ring, sse_ring_end(hub->ring));
    pthread_mutex_unlock(&hub->lock);
    return found;
}

static bool is_live(struct sse_hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    bool live = hub->live;
    pthread_mutex_unlock(&hub->lock);
    return live;
}

// http_work's done().
static bool has_news(struct http_work *work)
{
    struct sse_stream *stream = (struct sse_stream *)work;
    int64_t now_us = clock_monotonic_us();
    if (is_over(stream, now_us) || stream->rest.size > 0) {
        return true;
    }
    enum sse_phase phase = stream->phase;
    switch (phase) {
    case SSE_OPENING:
        return is_live(stream->hub);
    case SSE_RESUMING:
        return now_us >= stream->beat_us;
    case SSE_CHUNK:
    case SSE_ENDED:
        return true;
    case SSE_LIVE:
        stream->matched = stream->matched || look_ahead(stream);
        return now_us >= stream->beat_us || (stream->matched && now_us >= stream->due_us);
    }
    return true;
}

void sse_stream_pass(struct sse_stream *stream)
{
    const struct sse_ring *ring = stream->hub->ring;
    // In a batch only events of the batch can be told from unwanted ones.
    if (stream->phase == SSE_LIVE && !stream->batch && keeps_up(stream)) {
        seek(stream, ring, sse_ring_end(ring));
    }
}

sg_result sse_stream_greet(struct sse_stream *stream)
{
    // Clients of a server that ends do not all come back at once.
    uint64_t seed = hash_bytes(bytes_of(&stream->beat_us, sizeof stream->beat_us));
    SG_TRY(buffer_print(&stream->rest, "retry: %d\n", RETRY_MS + (int)(seed % RETRY_MS)));
    SG_TRY(sse_output_id(stream, &stream->rest));
    return buffer_append_byte(&stream->rest, '\n');
}

void sse_stream_init(struct sse_stream *stream)
{
    stream->http = (struct http_stream){.work = {.done = has_news, .release = sse_hub_release},
                                        .read = read_more};
    stream->phase = SSE_OPENING;
    buffer_init(&stream->rest, SSE_FRAME_MAX);
    stream->beat_us =
        clock_monotonic_us() + stream->hub->config.settings->heartbeat_ms * SSE_US_PER_MS;
}

void sse_stream_free(struct sse_stream *stream)
{
    sse_ring_free(&stream->chunk);
    sse_filter_free(&stream->filter);
    buffer_done(&stream->rest);
    free(stream->resume);
    free(stream->latest);
    free(stream->next);
    free(stream);
}
