// The ring against a list: what fits, what is forgotten, what a reader sees.
#include "query/stream/sse_ring.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

enum { RING_BYTES = 4096, EVENTS = 20000, JSON_MAX = 900, KEY_MAX = 60 };

// The bytes of an event follow from its number.
static struct sse_event make(int64_t number, uint8_t text[static JSON_MAX])
{
    memset(text, (int)('a' + number % 26), JSON_MAX);
    size_t key = (size_t)(number * 7 % KEY_MAX);
    size_t json = (size_t)(number * 131 % (JSON_MAX - 1)) + 1;
    return (struct sse_event){.kind = (enum sse_kind)(number % 3),
                              .slot = (uint32_t)(number % 5),
                              .offset = number,
                              .event_time = -number,
                              .hash = (uint64_t)number * 3,
                              .key = bytes_of(text, key),
                              .json = bytes_of(text, json)};
}

static void assert_is(const struct sse_event *event, int64_t number)
{
    uint8_t text[JSON_MAX];
    struct sse_event expected = make(number, text);
    assert_int_equal(event->kind, expected.kind);
    assert_int_equal(event->slot, expected.slot);
    assert_int_equal(event->offset, number);
    assert_int_equal(event->event_time, -number);
    assert_true(event->hash == expected.hash);
    assert_true(bytes_equal(event->key, expected.key));
    assert_true(bytes_equal(event->json, expected.json));
}

static void test_the_newest_are_kept_in_order(void **state)
{
    (void)state;
    struct sse_ring *ring = sse_ring_new(RING_BYTES);
    int64_t oldest = 0;
    uint8_t text[JSON_MAX];
    struct sse_event event;
    for (int64_t number = 0; number < EVENTS; number++) {
        struct sse_event added = make(number, text);
        while (!sse_ring_fits(ring, &added)) {
            assert_true(sse_ring_drop(ring, &event));
            assert_is(&event, oldest++);
        }
        sse_ring_add(ring, &added);
        assert_true(sse_ring_end(ring) - sse_ring_first(ring) <= RING_BYTES);
        uint64_t at = sse_ring_first(ring);
        int64_t seen = oldest;
        while (sse_ring_next(ring, &at, &event)) {
            assert_is(&event, seen++);
        }
        assert_int_equal(seen, number + 1);
        assert_true(at == sse_ring_end(ring));
    }
    assert_true(EVENTS - oldest >= 3);
    sse_ring_free(&ring);
    assert_null(ring);
}

static void test_a_reader_goes_on_where_it_was(void **state)
{
    (void)state;
    struct sse_ring *ring = sse_ring_new(RING_BYTES);
    uint64_t at = sse_ring_first(ring);
    uint8_t text[JSON_MAX];
    struct sse_event event;
    assert_false(sse_ring_next(ring, &at, &event));
    assert_false(sse_ring_drop(ring, &event));
    for (int64_t number = 0; number < EVENTS; number++) {
        struct sse_event added = make(number, text);
        while (!sse_ring_fits(ring, &added)) {
            sse_ring_drop(ring, &event);
        }
        sse_ring_add(ring, &added);
        assert_true(sse_ring_next(ring, &at, &event));
        assert_is(&event, number);
        assert_false(sse_ring_next(ring, &at, &event));
    }
    sse_ring_free(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_newest_are_kept_in_order),
        cmocka_unit_test(test_a_reader_goes_on_where_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
