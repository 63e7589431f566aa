// An idempotent producer without transactions, and records that it cannot take.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mock_kafka.h"

#include <librdkafka/rdkafka.h>

#include <stdlib.h>
#include <string.h>

enum { API_PRODUCE = 0, FLUSH_MS = 10000, TOO_LARGE = 18 << 20 };

struct fixture {
    struct mock_kafka mock;
    struct kafka_producer *producer;
    void *large;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.large = calloc(1, TOO_LARGE)};
    mock_kafka_start(&fixture.mock);
    fixture.producer = mock_kafka_producer(&fixture.mock, NULL);
    *state = &fixture;
    return fixture.large == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    kafka_producer_close(&fixture->producer);
    mock_kafka_end(&fixture->mock);
    free(fixture->large);
    return 0;
}

static void counts_what_is_pending(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(kafka_producer_pending(fixture->producer), 0);
    assert_true(sg_is_ok(mock_kafka_send(fixture->producer, 0)));
    assert_int_equal(kafka_producer_pending(fixture->producer), 64 + 2);
    assert_true(sg_is_ok(kafka_producer_flush(fixture->producer, FLUSH_MS)));
    assert_int_equal(kafka_producer_pending(fixture->producer), 0);
}

static void a_refused_record_is_fatal_and_named(void **state)
{
    struct fixture *fixture = *state;
    mock_kafka_fail(&fixture->mock, API_PRODUCE, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 1);
    assert_true(sg_is_ok(mock_kafka_send(fixture->producer, 0)));
    sg_result result = kafka_producer_flush(fixture->producer, FLUSH_MS);
    assert_int_equal(result.class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), "t [0]"));
    assert_non_null(strstr(sg_reason(), "TOPIC_AUTHORIZATION_FAILED"));
    assert_int_equal(kafka_producer_poll(fixture->producer).class, SG_FATAL);
}

static void a_record_that_is_too_large_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    struct kafka_topic *topic = NULL;
    assert_true(sg_is_ok(kafka_producer_topic(fixture->producer, "t", &topic)));
    const struct kafka_message message = {
        .value = bytes_of(fixture->large, TOO_LARGE), .has_value = true, .partition = 0};
    assert_int_equal(kafka_producer_send(fixture->producer, topic, &message).class, SG_DROP);
    assert_int_equal(kafka_producer_pending(fixture->producer), 0);
    assert_true(sg_is_ok(mock_kafka_send(fixture->producer, 0)));
    assert_true(sg_is_ok(kafka_producer_flush(fixture->producer, FLUSH_MS)));
}

// Headers are the library's own for a moment: under ASan this finds them freed twice.
static void a_partition_that_is_not_there_is_fatal(void **state)
{
    struct fixture *fixture = *state;
    assert_true(sg_is_ok(mock_kafka_send(fixture->producer, 0)));
    assert_true(sg_is_ok(kafka_producer_flush(fixture->producer, FLUSH_MS)));
    assert_int_equal(mock_kafka_send(fixture->producer, 7).class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), "_UNKNOWN_PARTITION"));
}

static void a_flush_without_a_broker_ends(void **state)
{
    struct fixture *fixture = *state;
    mock_kafka_fail(&fixture->mock, API_PRODUCE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 1000);
    assert_true(sg_is_ok(mock_kafka_send(fixture->producer, 0)));
    assert_int_equal(kafka_producer_flush(fixture->producer, 200).class, SG_RETRY);
    assert_true(kafka_producer_pending(fixture->producer) > 0);
    mock_kafka_mend(&fixture->mock, API_PRODUCE);
    assert_true(sg_is_ok(kafka_producer_flush(fixture->producer, FLUSH_MS)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(counts_what_is_pending, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refused_record_is_fatal_and_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_record_that_is_too_large_is_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_partition_that_is_not_there_is_fatal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_flush_without_a_broker_ends, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
