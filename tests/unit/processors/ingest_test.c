// Values too large for a file of JSON lines, and what happens when memory is out.
#include "streams/processors/ingest.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "schemas/quote.h"

#include <stdlib.h>
#include <string.h>

enum { LIMIT_BYTES = 1 << 20, ARENA_BYTES = 64 << 20 };

struct counter {
    size_t count;
    enum topic topic;
};

static sg_result count_output(void *context, enum topic topic, struct bytes key, const void *record)
{
    struct counter *counter = context;
    (void)key;
    (void)record;
    counter->count++;
    counter->topic = topic;
    return sg_ok();
}

// Gives a quote to ingest; *ret_count is what it wrote.
static sg_result take(struct bytes value, size_t arena_bytes, size_t *ret_count)
{
    struct counter counter = {0, TOPIC_COUNT};
    struct emitter emitter = {count_output, &counter};
    SG_CLEANUP(arena_free) struct arena *arena = arena_new(arena_bytes);
    struct process process = {.arena = arena, .emitter = &emitter};
    struct event event = {.topic = TOPIC_QUOTES_JSON, .value = value, .timestamp_ms = 1000};
    sg_result result = ingest_take(&process, &event);
    *ret_count = counter.count;
    return result;
}

// A quote of `size` bytes, filled up with blanks.
static char *quote_of(size_t size)
{
    static const char quote[] = "{\"instrument\":\"stock:AAPL\",\"value\":1}";
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, ' ', size);
    memcpy(text, quote, sizeof quote - 1);
    return text;
}

static void a_value_of_a_mebibyte_is_the_largest(void **state)
{
    (void)state;
    size_t count = 0;
    char *text = quote_of(LIMIT_BYTES + 1);
    assert_true(sg_is_ok(take(bytes_of(text, LIMIT_BYTES), ARENA_BYTES, &count)));
    assert_int_equal(count, 1);
    assert_int_equal(take(bytes_of(text, LIMIT_BYTES + 1), ARENA_BYTES, &count).class, SG_DROP);
    assert_int_equal(count, 0);
    assert_non_null(strstr(sg_reason(), "1048577 bytes"));
    assert_non_null(strstr(sg_reason(), "1048576"));
    free(text);
}

static void ten_mebibytes_are_refused_too(void **state)
{
    (void)state;
    size_t count = 0;
    size_t size = 10 * (size_t)LIMIT_BYTES;
    char *text = quote_of(size);
    assert_int_equal(take(bytes_of(text, size), ARENA_BYTES, &count).class, SG_DROP);
    assert_int_equal(count, 0);
    free(text);
}

static void a_deep_nest_is_refused(void **state)
{
    (void)state;
    size_t count = 0;
    char *text = malloc(LIMIT_BYTES);
    assert_non_null(text);
    memset(text, '[', LIMIT_BYTES);
    assert_int_equal(take(bytes_of(text, LIMIT_BYTES), ARENA_BYTES, &count).class, SG_DROP);
    static const char begin[] = "{\"details\":";
    memcpy(text, begin, sizeof begin - 1);
    assert_int_equal(take(bytes_of(text, LIMIT_BYTES), ARENA_BYTES, &count).class, SG_DROP);
    assert_int_equal(count, 0);
    free(text);
}

// Every cut of a good line and every byte of it replaced: refused or taken, never worse.
static void every_damage_of_a_line_is_survived(void **state)
{
    (void)state;
    static const char line[] =
        "{\"instrument\":\"stock:\\u00e9\",\"value\":-1.5e3,\"details\":{\"a\":\"b\"},"
        "\"event_time\":999,\"unit\":null}";
    char damaged[sizeof line];
    size_t count = 0;
    assert_true(sg_is_ok(take(bytes_of_text(line), ARENA_BYTES, &count)));
    for (size_t at = 0; at < sizeof line - 1; at++) {
        assert_int_equal(take(bytes_of(line, at), ARENA_BYTES, &count).class, SG_DROP);
        for (unsigned byte = 0; byte < 256; byte++) {
            memcpy(damaged, line, sizeof line);
            damaged[at] = (char)byte;
            sg_result result = take(bytes_of(damaged, sizeof line - 1), ARENA_BYTES, &count);
            assert_true(result.class == SG_OK || result.class == SG_DROP);
            assert_int_equal(count, result.class == SG_OK ? 1 : 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_of_a_mebibyte_is_the_largest),
        cmocka_unit_test(ten_mebibytes_are_refused_too),
        cmocka_unit_test(a_deep_nest_is_refused),
        cmocka_unit_test(every_damage_of_a_line_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
