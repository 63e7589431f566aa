// Streams over a hub that is filled by hand: what is written, in whatever pieces, and when.
#include "query/stream/sse_stream.h"

#include "core/hash.h"
#include "core/service/clock.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RING_BYTES = 65536, QUOTES = 4, ALERTS = 2, TEXT_MAX = 262144, ROOM = 32768 };

static struct sse_settings settings;
static struct sse_hub hub;
static struct http_request request;
static struct http_response response;
static uint8_t text[TEXT_MAX];
static size_t text_size;

static int set_up(void **state)
{
    (void)state;
    settings = (struct sse_settings){
        .max = 3, .per_user = 2, .buffer_bytes = RING_BYTES, .heartbeat_ms = 3600000};
    memset(&hub, 0, sizeof hub);
    hub.config = (struct sse_hub_config){.settings = &settings, .connections = 100};
    pthread_mutex_init(&hub.lock, NULL);
    pthread_cond_init(&hub.changed, NULL);
    hub.queue_end = &hub.queue;
    hub.ring = sse_ring_new(RING_BYTES);
    hub.slots = calloc(QUOTES + ALERTS, sizeof *hub.slots);
    hub.slot_count = QUOTES + ALERTS;
    hub.partitions[SSE_TOPIC_QUOTES] = QUOTES;
    hub.partitions[SSE_TOPIC_ALERTS] = ALERTS;
    for (int32_t i = 0; i < QUOTES + ALERTS; i++) {
        bool alerts = i >= QUOTES;
        hub.slots[i] = (struct sse_slot){
            .topic = alerts ? SSE_TOPIC_ALERTS : SSE_TOPIC_QUOTES,
            .partition = alerts ? i - QUOTES : i,
            .floor = 10,
            .next = 10,
        };
    }
    hub.live = true;
    http_response_init(&response);
    text_size = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_response_done(&response);
    assert_int_equal(hub.stream_count, 0);
    sse_hub_reset(&hub);
    pthread_cond_destroy(&hub.changed);
    pthread_mutex_destroy(&hub.lock);
    return 0;
}

// Asks as a user, "" for nobody, with the id of an earlier event or NULL.
static sg_result ask(const char *target, const char *user, const char *id)
{
    assert_true(sg_is_ok(http_request_parse(&request, bytes_of_text(target))));
    assert_true(user[0] == '\0' || http_request_set_user(&request, bytes_of_text(user)));
    request.headers[HTTP_HEADER_LAST_EVENT_ID] = bytes_of_text(id);
    return sse_hub_answer(&hub, &request, &response);
}

static struct http_stream *stream_of(const char *target, const char *user, const char *id)
{
    assert_true(sg_is_ok(ask(target, user, id)));
    assert_non_null(response.stream);
    return response.stream;
}

// Adds an event as the hub's reader does, at the next offset of its partition.
static void add(enum sse_kind kind, const char *key, int64_t event_time, const char *json)
{
    uint32_t hash = hash_murmur2(bytes_of_text(key));
    uint32_t slot = kind == SSE_ALERT ? QUOTES + hash % ALERTS : hash % QUOTES;
    struct sse_event event = {.kind = kind,
                              .slot = slot,
                              .offset = hub.slots[slot].next++,
                              .event_time = event_time,
                              .hash = hash_bytes(bytes_of_text(key)),
                              .key = bytes_of_text(key),
                              .json = bytes_of_text(json)};
    struct sse_event old;
    while (!sse_ring_fits(hub.ring, &event) && sse_ring_drop(hub.ring, &old)) {
        hub.slots[old.slot].floor = old.offset + 1;
    }
    sse_ring_add(hub.ring, &event);
}

// Reads until nothing comes, `room` bytes at a time. Returns what ended it: 0 or -1.
static ptrdiff_t read_all(struct http_stream *stream, size_t room)
{
    ptrdiff_t size = 0;
    while ((size = stream->read(stream, text + text_size, room)) > 0) {
        assert_true((size_t)size <= room && text_size + (size_t)size < TEXT_MAX);
        text_size += (size_t)size;
    }
    text[text_size] = '\0';
    return size;
}

// The text behind the ids, which tests of ids look at; what was read is forgotten.
static const char *data_of(void)
{
    static char data[TEXT_MAX];
    size_t size = 0;
    char *rest = NULL;
    for (char *line = strtok_r((char *)text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, "data: ", 6) == 0) {
            size += (size_t)snprintf(data + size, sizeof data - size, "%s ", line + 6);
        }
    }
    data[size] = '\0';
    text_size = 0;
    return data;
}

static void wanted_events_are_written(void **state)
{
    (void)state;
    struct http_stream *stream = stream_of("/v1/stream?instruments=a,b&alerts=true", "ann", NULL);
    assert_true(stream->work.done(&stream->work));
    assert_int_equal(read_all(stream, ROOM), 0);
    assert_int_equal(strncmp((char *)text, "retry: ", 7), 0);
    assert_non_null(strstr((char *)text, "\nid: "));
    assert_string_equal((char *)text + text_size - 2, "\n\n");
    text_size = 0;
    assert_false(stream->work.done(&stream->work));
    add(SSE_QUOTE, "c", 1, "1");
    add(SSE_ALERT, "bob", 1, "2");
    assert_false(stream->work.done(&stream->work));
    add(SSE_QUOTE, "b", 1, "3");
    add(SSE_ALERT, "ann", 1, "4");
    add(SSE_QUOTE, "a", 1, "5");
    assert_true(stream->work.done(&stream->work));
    assert_int_equal(read_all(stream, ROOM), 0);
    assert_string_equal(data_of(), "3 4 5 ");
    assert_false(stream->work.done(&stream->work));
}

static void pieces_of_any_size_make_the_same_text(void **state)
{
    (void)state;
    static uint8_t whole[TEXT_MAX];
    char json[3000];
    struct http_stream *stream = stream_of("/v1/stream?instruments=a", "", NULL);
    read_all(stream, ROOM);
    static const char start[] = "id: ";
    char id[64];
    const char *found = strstr((char *)text, start) + strlen(start);
    snprintf(id, sizeof id, "%.*s", (int)strcspn(found, "\n"), found);
    for (int i = 0; i < 20; i++) {
        snprintf(json, sizeof json, "%0*d", 1 + i * 149, i);
        add(SSE_QUOTE, "a", i, json);
    }
    text_size = 0;
    read_all(stream, ROOM);
    size_t size = text_size;
    memcpy(whole, text, size);
    for (size_t room = 1; room < 4000; room += room < 40 ? 1 : 311) {
        http_response_done(&response);
        http_response_init(&response);
        stream = stream_of("/v1/stream?instruments=a", "", id);
        text_size = 0;
        read_all(stream, room);
        size_t greeting = text_size - size;
        assert_int_equal(strncmp((char *)text, "retry: ", 7), 0);
        assert_memory_equal(text + greeting, whole, size);
    }
}

static void an_id_leads_behind_its_event(void **state)
{
    (void)state;
    struct http_stream *stream = stream_of("/v1/stream?instruments=a,b,c", "", NULL);
    char json[16];
    for (int i = 0; i < 30; i++) {
        snprintf(json, sizeof json, "%d", i);
        add(SSE_QUOTE, i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "c", i, json);
    }
    read_all(stream, ROOM);
    static char all[TEXT_MAX];
    snprintf(all, sizeof all, "%s", (char *)text);
    const char *at = all;
    for (int seen = 0; seen <= 30; seen++) {
        at = strstr(at, "id: ") + strlen("id: ");
        char id[128];
        snprintf(id, sizeof id, "%.*s", (int)strcspn(at, "\n"), at);
        http_response_done(&response);
        http_response_init(&response);
        text_size = 0;
        read_all(stream_of("/v1/stream?instruments=a,b,c", "", id), ROOM);
        const char *data = data_of();
        snprintf(json, sizeof json, "%d ", seen);
        assert_true(seen == 30 ? data[0] == '\0' : strncmp(data, json, strlen(json)) == 0);
    }
}

static void an_interval_gives_the_newest_of_each(void **state)
{
    (void)state;
    struct http_stream *stream =
        stream_of("/v1/stream?instruments=a,b&alerts=true&every=10s", "ann", NULL);
    read_all(stream, ROOM);
    text_size = 0;
    add(SSE_QUOTE, "a", 5, "a5");
    add(SSE_QUOTE, "b", 9, "b9");
    add(SSE_ALERT, "ann", 1, "one");
    add(SSE_QUOTE, "a", 7, "a7");
    add(SSE_QUOTE, "a", 7, "a7again");
    add(SSE_QUOTE, "a", 6, "late");
    add(SSE_ALERT, "ann", 1, "two");
    add(SSE_QUOTE, "b", 8, "late");
    assert_int_equal(read_all(stream, 1), 0);
    assert_string_equal(data_of(), "b9 one a7again two ");
    add(SSE_QUOTE, "a", 8, "next");
    assert_false(stream->work.done(&stream->work));
    assert_int_equal(read_all(stream, ROOM), 0);
    assert_int_equal(text_size, 0);
}

static void who_falls_behind_is_read_for(void **state)
{
    (void)state;
    struct http_stream *http = stream_of("/v1/stream?instruments=a", "", NULL);
    struct sse_stream *stream = (struct sse_stream *)http;
    read_all(http, ROOM);
    for (int i = 0; i < 2000; i++) {
        add(SSE_QUOTE, "a", i, "0123456789012345678901234567890123456789");
    }
    assert_true(http->work.done(&http->work));
    text_size = 0;
    assert_int_equal(read_all(http, ROOM), 0);
    assert_int_equal(text_size, 0);
    assert_int_equal(stream->phase, SSE_RESUMING);
    assert_ptr_equal(hub.queue, stream);
    assert_false(http->work.done(&http->work));
    // One that was given something long ago is slow, and cut.
    sse_hub_settle(&hub, stream);
    stream->phase = SSE_LIVE;
    stream->at = 0;
    stream->sent_us = clock_monotonic_us() - 60000000;
    assert_int_equal(read_all(http, ROOM), -1);
    hub.queue = NULL;
    hub.queue_end = &hub.queue;
    stream->queued = false;
}

static void a_quiet_stream_is_led_on(void **state)
{
    (void)state;
    struct http_stream *http = stream_of("/v1/stream?instruments=a", "", NULL);
    struct sse_stream *stream = (struct sse_stream *)http;
    read_all(http, ROOM);
    text_size = 0;
    for (int i = 0; i < 5000; i++) {
        add(SSE_QUOTE, "b", i, "0123456789012345678901234567890123456789");
        if (i % 100 == 0) {
            sse_stream_pass(stream);
        }
    }
    add(SSE_QUOTE, "a", 1, "mine");
    sse_stream_pass(stream);
    assert_true(http->work.done(&http->work));
    assert_int_equal(read_all(http, ROOM), 0);
    assert_string_equal(data_of(), "mine ");
}

static void streams_end(void **state)
{
    (void)state;
    struct http_stream *http = stream_of("/v1/stream?instruments=a", "", NULL);
    struct sse_stream *stream = (struct sse_stream *)http;
    assert_int_equal(read_all(http, ROOM), 0);
    stream->expires_us = clock_monotonic_us() - 1;
    assert_true(http->work.done(&http->work));
    assert_int_equal(read_all(http, ROOM), -1);
    stream->expires_us = 0;
    assert_int_equal(read_all(http, ROOM), 0);
    hub.quit = true;
    assert_true(http->work.done(&http->work));
    assert_int_equal(read_all(http, ROOM), -1);
    hub.quit = false;
    sse_hub_reset(&hub);
    assert_true(http->work.done(&http->work));
    assert_int_equal(read_all(http, ROOM), -1);
}

static void a_quiet_stream_beats(void **state)
{
    (void)state;
    struct http_stream *http = stream_of("/v1/stream?instruments=a", "", NULL);
    read_all(http, ROOM);
    text_size = 0;
    ((struct sse_stream *)http)->beat_us = clock_monotonic_us() - 1;
    assert_true(http->work.done(&http->work));
    assert_int_equal(read_all(http, ROOM), 0);
    assert_int_equal(strncmp((char *)text, ":\nid: ", 6), 0);
    assert_string_equal((char *)text + text_size - 2, "\n\n");
    assert_false(http->work.done(&http->work));
}

static void there_are_limits(void **state)
{
    (void)state;
    struct http_stream *open[3];
    open[0] = stream_of("/v1/stream?instruments=a", "ann", NULL);
    open[1] = stream_of("/v1/stream?instruments=a", "ann", NULL);
    assert_int_equal(ask("/v1/stream?instruments=a", "ann", NULL).code, 429);
    open[2] = stream_of("/v1/stream?instruments=a", "bob", NULL);
    assert_int_equal(ask("/v1/stream?instruments=a", "eve", NULL).class, SG_RETRY);
    assert_int_equal(hub.stream_count, 3);
    response.stream = NULL;
    for (size_t i = 0; i < 3; i++) {
        open[i]->work.release(&open[i]->work);
    }
    hub.config.connections = 1;
    stream_of("/v1/stream?instruments=a", "ann", NULL);
    assert_int_equal(ask("/v1/stream?instruments=a", "bob", NULL).class, SG_RETRY);
}

static void a_request_waits_until_the_hub_is_live(void **state)
{
    (void)state;
    hub.live = false;
    assert_true(sg_is_ok(ask("/v1/stream?instruments=a", "", NULL)));
    assert_null(response.stream);
    struct http_work *work = SG_MOVE(response.wait_for);
    assert_false(work->done(work));
    request.work = work;
    assert_true(sg_is_ok(sse_hub_answer(&hub, &request, &response)));
    assert_ptr_equal(response.wait_for, work);
    response.wait_for = NULL;
    hub.live = true;
    assert_true(work->done(work));
    assert_true(sg_is_ok(sse_hub_answer(&hub, &request, &response)));
    assert_ptr_equal(response.stream, work);
    work->release(work);
    assert_int_equal(hub.stream_count, 1);
    assert_int_equal(read_all(response.stream, ROOM), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(wanted_events_are_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pieces_of_any_size_make_the_same_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_id_leads_behind_its_event, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_interval_gives_the_newest_of_each, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_falls_behind_is_read_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_quiet_stream_is_led_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(streams_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_quiet_stream_beats, set_up, tear_down),
        cmocka_unit_test_setup_teardown(there_are_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_waits_until_the_hub_is_live, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
