// From a request to a stream: its parameters, then its positions once the hub has its own.
#include "core/hash.h"
#include "core/service/clock.h"
#include "query/stream/sse_stream.h"

#include <stdlib.h>
#include <string.h>

enum { STATUS_UNAUTHORIZED = 401, STATUS_BAD_REQUEST = 400, EVERY_TEXT_MAX = 32 };

// What a client asks for.
struct wish {
    struct bytes instruments;
    bool alerts;
    int64_t every_ms;
};

static sg_result read_every(struct bytes text, int64_t *ret_ms)
{
    static const struct option every = {"every", OPTION_DURATION, 0, "", 10, 10000, NULL, ""};
    char copy[EVERY_TEXT_MAX];
    sg_result read = sg_fail(SG_DROP, 0, "too long");
    if (text.size < sizeof copy) {
        memcpy(copy, text.data, text.size);
        copy[text.size] = '\0';
        read = option_read(&every, copy, ret_ms);
    }
    return sg_is_ok(read) ? read
                          : sg_fail(SG_DROP, STATUS_BAD_REQUEST,
                                    "every must be a time from 10ms to 10s, as 250ms or 2s");
}

static sg_result read_wish(const struct http_request *request, struct wish *ret_wish)
{
    const struct bytes *instruments = http_request_parameter(request, "instruments");
    const struct bytes *alerts = http_request_parameter(request, "alerts");
    const struct bytes *every = http_request_parameter(request, "every");
    *ret_wish = (struct wish){.instruments = bytes_of_text("")};
    if (instruments != NULL) {
        if (instruments->size == 0) {
            return sg_fail(SG_DROP, STATUS_BAD_REQUEST, "instruments is empty");
        }
        ret_wish->instruments = *instruments;
    }
    if (alerts != NULL && !bytes_is_text(*alerts, "true") && !bytes_is_text(*alerts, "false")) {
        return sg_fail(SG_DROP, STATUS_BAD_REQUEST, "alerts must be true or false");
    }
    ret_wish->alerts = alerts != NULL && bytes_is_text(*alerts, "true");
    if (instruments == NULL && !ret_wish->alerts) {
        return sg_fail(SG_DROP, STATUS_BAD_REQUEST,
                       "say what to send: instruments=stock:AAPL,stock:MSFT or alerts=true");
    }
    if (ret_wish->alerts && request->user_id.size == 0) {
        return sg_fail(SG_DROP, STATUS_UNAUTHORIZED,
                       "alerts are for users: send a token as \"Authorization: Bearer TOKEN\"");
    }
    return every == NULL ? sg_ok() : read_every(*every, &ret_wish->every_ms);
}

static void drop_stream(struct sse_stream **stream)
{
    if (*stream != NULL) {
        sse_stream_free(*stream);
    }
}

static sg_result read_resume(const struct http_request *request, struct sse_stream *stream)
{
    struct bytes id = request->headers[HTTP_HEADER_LAST_EVENT_ID];
    if (id.size == 0) {
        return sg_ok();
    }
    stream->resume = malloc(sizeof *stream->resume);
    if (stream->resume == NULL) {
        return sg_fail(SG_FATAL, 0, "stream: out of memory");
    }
    return sse_id_read(id, stream->resume);
}

static sg_result set_wish(const struct http_request *request, struct sse_stream *stream)
{
    struct wish wish;
    SG_TRY(read_wish(request, &wish));
    SG_TRY(sse_filter_new(wish.instruments, wish.alerts ? request->user_id : bytes_of_text(""),
                          &stream->filter));
    stream->user = request->user_id.size == 0 ? 0 : hash_bytes(request->user_id);
    stream->every_us = wish.every_ms * SSE_US_PER_MS;
    if (request->expires_at_ms > 0) {
        int64_t left_ms = request->expires_at_ms - clock_wall_ms();
        stream->expires_us = clock_monotonic_us() + left_ms * SSE_US_PER_MS;
    }
    if (stream->every_us > 0) {
        stream->latest = calloc(sse_filter_count(stream->filter) + 1, sizeof *stream->latest);
    }
    return stream->every_us > 0 && stream->latest == NULL
               ? sg_fail(SG_FATAL, 0, "stream: out of memory")
               : sg_ok();
}

// Makes the stream of a request, listed with one reference.
static sg_result make_stream(struct sse_hub *hub, const struct http_request *request,
                             struct sse_stream **ret_stream)
{
    SG_CLEANUP(drop_stream) struct sse_stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL) {
        return sg_fail(SG_FATAL, 0, "stream: out of memory");
    }
    stream->hub = hub;
    sse_stream_init(stream);
    SG_TRY(set_wish(request, stream));
    SG_TRY(read_resume(request, stream));
    SG_TRY(sse_hub_join(hub, stream));
    *ret_stream = SG_MOVE(stream);
    return sg_ok();
}

// Where to begin in a partition.
static int64_t first_of(const struct sse_stream *stream, const struct sse_slot *slot)
{
    const struct sse_position *resume = stream->resume;
    for (size_t i = 0; resume != NULL && i < resume->count; i++) {
        if (resume->places[i].topic == slot->topic &&
            resume->places[i].partition == slot->partition) {
            return resume->places[i].next;
        }
    }
    // A partition that was made meanwhile has nothing that the client has seen.
    bool read_before = resume != NULL && resume->partitions[slot->topic] > 0;
    return read_before && slot->partition >= resume->partitions[slot->topic] ? 0 : slot->next;
}

static void want(struct sse_stream *stream, enum sse_topic topic, struct bytes key)
{
    const struct sse_hub *hub = stream->hub;
    uint32_t hash = hash_murmur2(key);
    uint32_t base = topic == SSE_TOPIC_ALERTS ? (uint32_t)hub->partitions[SSE_TOPIC_QUOTES] : 0;
    int32_t before = stream->resume == NULL ? 0 : stream->resume->partitions[topic];
    // A key that has moved may have left records in the partition where it was.
    if (before > 0 && before < hub->partitions[topic]) {
        uint32_t slot = base + hash % (uint32_t)before;
        stream->next[slot] = first_of(stream, &hub->slots[slot]);
    }
    uint32_t slot = base + hash % (uint32_t)hub->partitions[topic];
    stream->next[slot] = first_of(stream, &hub->slots[slot]);
}

static void want_all(struct sse_stream *stream)
{
    for (size_t i = 0; i < sse_filter_count(stream->filter); i++) {
        want(stream, SSE_TOPIC_QUOTES, sse_filter_name(stream->filter, i));
    }
    struct bytes user = sse_filter_user(stream->filter);
    if (user.size > 0) {
        want(stream, SSE_TOPIC_ALERTS, user);
    }
    for (uint32_t slot = 0; slot < stream->hub->slot_count; slot++) {
        if (stream->next[slot] != INT64_MAX) {
            stream->wanted[stream->wanted_count++] = slot;
        }
    }
}

// Gives the stream its positions. The lock is held, the hub is live.
static sg_result begin(struct sse_stream *stream)
{
    struct sse_hub *hub = stream->hub;
    size_t count = hub->slot_count;
    stream->next =
        malloc(count * (sizeof *stream->next + sizeof *stream->after + sizeof *stream->wanted));
    if (stream->next == NULL) {
        return sg_fail(SG_FATAL, 0, "stream: out of memory");
    }
    stream->after = stream->next + count;
    stream->wanted = (uint32_t *)(stream->after + count);
    for (size_t i = 0; i < count; i++) {
        stream->next[i] = INT64_MAX;
    }
    stream->epoch = hub->epoch;
    memcpy(stream->partitions, hub->partitions, sizeof stream->partitions);
    want_all(stream);
    SG_TRY(sse_stream_greet(stream));
    sse_hub_settle(hub, stream);
    return sg_ok();
}

static sg_result try_begin(struct sse_hub *hub, struct sse_stream *stream, bool *ret_begun)
{
    pthread_mutex_lock(&hub->lock);
    *ret_begun = hub->live;
    sg_result result = hub->live ? begin(stream) : sg_ok();
    pthread_mutex_unlock(&hub->lock);
    return result;
}

static void release(struct sse_stream **stream)
{
    if (*stream != NULL) {
        sse_hub_release(&(*stream)->http.work);
    }
}

static void refer(struct sse_hub *hub, struct sse_stream *stream)
{
    pthread_mutex_lock(&hub->lock);
    stream->refs++;
    pthread_mutex_unlock(&hub->lock);
}

sg_result sse_hub_answer(struct sse_hub *hub, const struct http_request *request,
                         struct http_response *response)
{
    SG_CLEANUP(release) struct sse_stream *stream = (struct sse_stream *)request->work;
    if (stream == NULL) {
        SG_TRY(make_stream(hub, request, &stream));
    } else {
        refer(hub, stream);
    }
    bool begun = request->method == HTTP_HEAD;
    if (!begun) {
        SG_TRY(try_begin(hub, stream, &begun));
    }
    if (!begun) {
        // The request has a reference of its own to what it waits for already.
        if (request->work == NULL) {
            response->wait_for = &SG_MOVE(stream)->http.work;
        } else {
            response->wait_for = request->work;
        }
        return sg_ok();
    }
    SG_TRY(http_response_header(response, "Cache-Control", "no-store"));
    SG_TRY(http_response_header(response, "X-Accel-Buffering", "no"));
    response->stream = &SG_MOVE(stream)->http;
    return sg_ok();
}
