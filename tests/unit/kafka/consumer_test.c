// A reader that is faster than it reads ahead, and one that asks about a partition without leader.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/kafka/consumer.h"
#include "core/kafka/consumer_queue.h"
#include "core/service/clock.h"
#include "mock_kafka.h"

#include <librdkafka/rdkafka.h>

enum { API_LIST_OFFSETS = 2, FAILURES = 5 };
enum { BATCHES = 10, BATCH_RECORDS = 3000, FLUSH_MS = 10000, READ_US_MAX = 60000000 };

// The library's thread sleeps for a second when nothing wakes it.
enum { GAP_US_MAX = 500000 };

static void produce_batches(struct mock_kafka *mock)
{
    struct kafka_producer *producer = mock_kafka_producer(mock, NULL);
    for (int batch = 0; batch < BATCHES; batch++) {
        for (int i = 0; i < BATCH_RECORDS; i++) {
            assert_true(sg_is_ok(mock_kafka_send(producer, 0)));
        }
        assert_true(sg_is_ok(kafka_producer_flush(producer, FLUSH_MS)));
    }
    kafka_producer_close(&producer);
}

// Takes everything; the longest time without a record behind the first one.
static int64_t longest_gap_us(struct kafka_consumer *consumer, struct kafka_queue *queue)
{
    int64_t began_us = clock_monotonic_us();
    int64_t last_us = 0;
    int64_t longest_us = 0;
    for (int taken = 0; taken < BATCHES * BATCH_RECORDS;) {
        struct kafka_record record;
        sg_result failure = sg_ok();
        int64_t now_us = clock_monotonic_us();
        assert_true(now_us - began_us < READ_US_MAX);
        if (kafka_queue_next(queue, &record, &failure) != KAFKA_NEXT_RECORD) {
            kafka_consumer_wait(consumer, 10);
            continue;
        }
        assert_int_equal(record.offset, taken++);
        kafka_record_done(&record);
        longest_us = last_us > 0 && now_us - last_us > longest_us ? now_us - last_us : longest_us;
        last_us = now_us;
    }
    return longest_us;
}

static void queues_that_were_all_full_are_filled_again_at_once(void **state)
{
    (void)state;
    struct mock_kafka mock;
    mock_kafka_start(&mock);
    produce_batches(&mock);
    mock.settings.prefetch_records = 1000;
    const struct kafka_consumer_config config = {.kafka = &mock.settings};
    struct kafka_consumer *consumer = NULL;
    assert_true(sg_is_ok(kafka_consumer_open(&config, &consumer)));
    const struct kafka_position begin = {.topic = "t", .offset = 0};
    assert_true(sg_is_ok(kafka_consumer_assign(consumer, &begin, 1)));
    struct kafka_queue *queue = kafka_consumer_queue(consumer, "t", 0);
    assert_true(longest_gap_us(consumer, queue) < GAP_US_MAX);
    kafka_consumer_close(&consumer);
    mock_kafka_end(&mock);
}

// As right after the topic was made, while a broker goes, or right after it has come.
static void a_range_is_asked_for_until_the_partition_is_there(void **state)
{
    (void)state;
    struct mock_kafka mock;
    mock_kafka_start(&mock);
    const struct kafka_consumer_config config = {.kafka = &mock.settings};
    struct kafka_consumer *consumer = NULL;
    assert_true(sg_is_ok(kafka_consumer_open(&config, &consumer)));
    int64_t first = -1;
    int64_t end = -1;
    const int errors[] = {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                          RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
                          RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        mock_kafka_fail(&mock, API_LIST_OFFSETS, errors[i], FAILURES);
        assert_true(sg_is_ok(kafka_consumer_range(consumer, "t", 0, &first, &end)));
        assert_int_equal(first, 0);
        assert_int_equal(end, 0);
        mock_kafka_mend(&mock, API_LIST_OFFSETS);
    }
    sg_result missing = kafka_consumer_range(consumer, "t", 99, &first, &end);
    assert_int_equal(missing.class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), "t [99] is not there: run `soglia topics apply`"));
    kafka_consumer_close(&consumer);
    mock_kafka_end(&mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_is_asked_for_until_the_partition_is_there),
        cmocka_unit_test(queues_that_were_all_full_are_filled_again_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
