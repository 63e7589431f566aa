// What every Avro record must be before a processor sees it.
#include "streams/tasks/input_check.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/hash.h"
#include "schemas/quote.h"

enum { PARTITIONS = 4 };

static const char instrument[] = "stock:AAPL";

static sg_result check(enum topic topic, struct bytes key, int32_t partition)
{
    struct quote quote = {.instrument = bytes_of_text(instrument)};
    struct event event = {.topic = topic, .key = key, .record = &quote, .partition = partition};
    return input_check(topic_info(topic), &event, PARTITIONS);
}

static void expect_drop(sg_result result, const char *words)
{
    assert_int_equal(result.class, SG_DROP);
    assert_non_null(strstr(sg_reason(), words));
}

static void only_the_partition_of_java_is_taken(void **state)
{
    (void)state;
    int32_t home = (int32_t)(hash_murmur2(bytes_of_text(instrument)) % PARTITIONS);
    for (int32_t partition = 0; partition < PARTITIONS; partition++) {
        sg_result result = check(TOPIC_QUOTES, bytes_of_text(instrument), partition);
        if (partition == home) {
            assert_true(sg_is_ok(result));
        } else {
            expect_drop(result, "murmur2_random");
        }
    }
}

static void a_key_must_be_there_and_be_that_of_the_record(void **state)
{
    (void)state;
    expect_drop(check(TOPIC_QUOTES, bytes_of(NULL, 0), 0),
                "has no key; send it with the key stock:AAPL");
    expect_drop(check(TOPIC_QUOTES, bytes_of_text("stock:MSFT"), 0), "the key is stock:MSFT");
    expect_drop(check(TOPIC_QUOTES, bytes_of_text(""), 0), "must be the same");
    expect_drop(check(TOPIC_QUOTES, bytes_of_text("stock:AAPL "), 0), "must be the same");
}

static void a_long_key_is_shown_in_part(void **state)
{
    (void)state;
    char key[1000];
    memset(key, 'k', sizeof key);
    expect_drop(check(TOPIC_QUOTES, bytes_of(key, sizeof key), 0), "must be the same");
    assert_true(strlen(sg_reason()) < 300);
}

static void lines_of_json_need_no_key(void **state)
{
    (void)state;
    struct event event = {.topic = TOPIC_QUOTES_JSON, .partition = 3};
    assert_true(sg_is_ok(input_check(topic_info(TOPIC_QUOTES_JSON), &event, PARTITIONS)));
}

static void a_tombstone_is_refused_with_the_way_to_end_something(void **state)
{
    (void)state;
    assert_true(sg_is_ok(input_check_value(topic_info(TOPIC_USERS), true)));
    expect_drop(input_check_value(topic_info(TOPIC_USERS), false), "active = false");
    expect_drop(input_check_value(topic_info(TOPIC_QUOTES), false), "no value");
    assert_null(strstr(sg_reason(), "active"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_partition_of_java_is_taken),
        cmocka_unit_test(a_key_must_be_there_and_be_that_of_the_record),
        cmocka_unit_test(a_long_key_is_shown_in_part),
        cmocka_unit_test(lines_of_json_need_no_key),
        cmocka_unit_test(a_tombstone_is_refused_with_the_way_to_end_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
