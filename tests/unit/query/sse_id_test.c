// Ids of events: what was printed is what is read, and nothing else is.
#include "query/stream/sse_id.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static struct sse_position position;
static struct buffer text;

static int set_up(void **state)
{
    (void)state;
    memset(&position, 0, sizeof position);
    buffer_init(&text, SSE_ID_TEXT_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buffer_done(&text);
    return 0;
}

static void add(enum sse_topic topic, int32_t partition, int64_t next)
{
    position.places[position.count++] = (struct sse_place){topic, partition, next};
}

static void assert_reads_back(void)
{
    struct sse_position read;
    assert_true(sg_is_ok(sse_id_print(&position, &text)));
    assert_true(sg_is_ok(sse_id_read(buffer_bytes(&text), &read)));
    assert_int_equal(read.count, position.count);
    assert_memory_equal(read.partitions, position.partitions, sizeof read.partitions);
    for (size_t i = 0; i < read.count; i++) {
        assert_int_equal(read.places[i].topic, position.places[i].topic);
        assert_int_equal(read.places[i].partition, position.places[i].partition);
        assert_int_equal(read.places[i].next, position.places[i].next);
    }
}

static void test_what_is_printed_is_read(void **state)
{
    (void)state;
    assert_reads_back();
    buffer_clear(&text);
    position.partitions[SSE_TOPIC_QUOTES] = 4;
    position.partitions[SSE_TOPIC_ALERTS] = 4;
    add(SSE_TOPIC_QUOTES, 0, 127);
    add(SSE_TOPIC_QUOTES, 3, 128);
    add(SSE_TOPIC_ALERTS, 2, 123456789);
    assert_reads_back();
    assert_int_equal(text.size, 20);
}

static void test_the_largest_position_has_room(void **state)
{
    (void)state;
    position.partitions[SSE_TOPIC_QUOTES] = INT32_MAX;
    position.partitions[SSE_TOPIC_ALERTS] = INT32_MAX;
    for (int32_t i = 1; i < SSE_PLACES_MAX; i++) {
        add(SSE_TOPIC_QUOTES, i * (INT32_MAX / SSE_PLACES_MAX), INT64_MAX);
    }
    add(SSE_TOPIC_ALERTS, INT32_MAX - 1, INT64_MAX);
    assert_reads_back();
}

static void test_nothing_else_is_read(void **state)
{
    (void)state;
    // Padding, white space, no text, no id, another version, a step of 0, a partition that is not
    // there, a number in too many bytes, more places than there may be, something behind the end.
    static const char *const broken[] = {
        "",           "AQ==",     "AQAAAAA=", " AQAAAAA", "*",  "AgAAAAA", "AQQCAQEAAQAA",
        "AQQBBAEAAA", "AYQAAAAA", "AQT_AwAA", "AQAAAAAA", "AQ", "AQQBAQ"};
    struct sse_position read;
    memset(&read, 0x55, sizeof read);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        sg_result result = sse_id_read(bytes_of_text(broken[i]), &read);
        if (result.class != SG_DROP || result.code != 400) {
            fail_msg("\"%s\" was read", broken[i]);
        }
    }
    assert_true(sg_is_ok(sse_id_read(bytes_of_text("AQAAAAA"), &read)));
}

// An id that is read is the only text of its position.
static void check_text(struct bytes id)
{
    struct sse_position other;
    if (!sg_is_ok(sse_id_read(id, &other))) {
        return;
    }
    SG_CLEANUP(buffer_done) struct buffer again;
    buffer_init(&again, SSE_ID_TEXT_MAX);
    assert_true(sg_is_ok(sse_id_print(&other, &again)));
    if (!bytes_equal(buffer_bytes(&again), id)) {
        fail_msg("\"%.*s\" means the place of \"%.*s\"", (int)id.size, (const char *)id.data,
                 (int)again.size, (const char *)again.data);
    }
}

static void test_every_cut_and_every_flip_is_refused_or_means_another_place(void **state)
{
    (void)state;
    position.partitions[SSE_TOPIC_QUOTES] = 12;
    add(SSE_TOPIC_QUOTES, 1, 1000);
    add(SSE_TOPIC_QUOTES, 11, 2000000);
    assert_true(sg_is_ok(sse_id_print(&position, &text)));
    struct sse_position read;
    for (size_t size = 0; size < text.size; size++) {
        assert_false(sg_is_ok(sse_id_read(bytes_of(text.data, size), &read)));
    }
    for (size_t i = 0; i < text.size; i++) {
        uint8_t kept = text.data[i];
        for (unsigned byte = 0; byte < 256; byte++) {
            text.data[i] = (uint8_t)byte;
            check_text(buffer_bytes(&text));
        }
        text.data[i] = kept;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_printed_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_largest_position_has_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_else_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_every_cut_and_every_flip_is_refused_or_means_another_place, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
