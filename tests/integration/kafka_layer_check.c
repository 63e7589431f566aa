// Records, positions, queues and topics on a real broker: kafka_layer_check BROKERS [TEST-PATTERN].
// Run by test_kafka_layer.py, which starts the broker.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kafka_fixture.h"

#include "core/service/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reads_what_was_written(void **state)
{
    struct kafka_fixture *fixture = *state;
    kafka_fixture_open_writer(fixture, NULL, &fixture->writer);
    for (int i = 0; i < 30; i++) {
        kafka_fixture_succeed(
            kafka_fixture_put(fixture->writer, fixture->topic, i % KAFKA_FIXTURE_PARTITIONS, i));
    }
    assert_true(kafka_producer_pending(fixture->writer) > 0);
    kafka_fixture_succeed(kafka_producer_flush(fixture->writer, KAFKA_FIXTURE_WAIT_MS));
    assert_int_equal(kafka_producer_pending(fixture->writer), 0);
    kafka_fixture_open_reader(fixture, KAFKA_OFFSET_BEGINNING, KAFKA_FIXTURE_PARTITIONS);
    assert_string_equal(kafka_fixture_read_all(fixture->reader, fixture->topic, 1),
                        "1 4 7 10 13 16 19 22 25 28");
    assert_string_equal(kafka_fixture_read_all(fixture->reader, fixture->topic, 0),
                        "0 3 6 9 12 15 18 21 24 27");
    assert_null(kafka_consumer_queue(fixture->reader, fixture->topic, KAFKA_FIXTURE_PARTITIONS));
}

static void shows_committed_transactions_only(void **state)
{
    struct kafka_fixture *fixture = *state;
    kafka_fixture_open_writer(fixture, "tx", &fixture->writer);
    kafka_fixture_succeed(kafka_producer_begin(fixture->writer));
    kafka_fixture_succeed(kafka_fixture_put(fixture->writer, fixture->topic, 0, 1));
    kafka_fixture_succeed(kafka_producer_commit(fixture->writer));
    kafka_fixture_succeed(kafka_producer_begin(fixture->writer));
    kafka_fixture_succeed(kafka_fixture_put(fixture->writer, fixture->topic, 0, 2));
    kafka_fixture_succeed(kafka_producer_abort(fixture->writer));
    kafka_fixture_succeed(kafka_producer_begin(fixture->writer));
    kafka_fixture_succeed(kafka_fixture_put(fixture->writer, fixture->topic, 0, 3));
    kafka_fixture_succeed(kafka_producer_commit(fixture->writer));
    kafka_fixture_open_reader(fixture, KAFKA_OFFSET_BEGINNING, 1);
    assert_string_equal(kafka_fixture_read_all(fixture->reader, fixture->topic, 0), "1 3");
}

// Rewinding under load: the next record is always the wanted one.
static void rewinds_to_the_exact_record(void **state)
{
    struct kafka_fixture *fixture = *state;
    kafka_fixture_open_writer(fixture, NULL, &fixture->writer);
    for (int i = 0; i < 20000; i++) {
        kafka_fixture_succeed(kafka_fixture_put(fixture->writer, fixture->topic, 0, i));
    }
    kafka_fixture_succeed(kafka_producer_flush(fixture->writer, KAFKA_FIXTURE_WAIT_MS));
    kafka_fixture_open_reader(fixture, 0, 1);
    for (int round = 0; round < 60; round++) {
        int64_t wanted = (round * 7919) % 19000;
        const struct kafka_position position = {
            .topic = fixture->topic, .partition = 0, .offset = wanted};
        kafka_fixture_succeed(kafka_consumer_assign(fixture->reader, &position, 1));
        struct kafka_queue *queue = kafka_consumer_queue(fixture->reader, fixture->topic, 0);
        for (int64_t i = 0; i < round * 10 + 1; i++) {
            struct kafka_record record;
            assert_int_equal(kafka_fixture_next(fixture->reader, queue, &record),
                             KAFKA_NEXT_RECORD);
            assert_int_equal(record.offset, wanted + i);
            kafka_record_done(&record);
            kafka_record_done(&record);
        }
    }
}

static void keeps_what_a_record_is_made_of(void **state)
{
    struct kafka_fixture *fixture = *state;
    kafka_fixture_open_writer(fixture, NULL, &fixture->writer);
    struct kafka_topic *topic = NULL;
    kafka_fixture_succeed(kafka_producer_topic(fixture->writer, fixture->topic, &topic));
    const struct kafka_header headers[] = {{"soglia-reason", bytes_of_text("why")},
                                           {"empty", {NULL, 0}}};
    const struct kafka_message messages[] = {
        {.key = bytes_of_text("k"),
         .value = bytes_of_text("v"),
         .has_value = true,
         .partition = 0,
         .timestamp_ms = 1700000000123,
         .headers = headers,
         .header_count = 2},
        {.key = bytes_of_text("k"), .has_value = false, .partition = 0}, // A tombstone.
        {.has_value = true, .partition = 0},                             // No key, empty value.
    };
    for (size_t i = 0; i < 3; i++) {
        kafka_fixture_succeed(kafka_producer_send(fixture->writer, topic, &messages[i]));
    }
    kafka_fixture_succeed(kafka_producer_flush(fixture->writer, KAFKA_FIXTURE_WAIT_MS));
    kafka_fixture_open_reader(fixture, KAFKA_OFFSET_BEGINNING, 1);
    struct kafka_queue *queue = kafka_consumer_queue(fixture->reader, fixture->topic, 0);
    struct kafka_record record;
    assert_int_equal(kafka_fixture_next(fixture->reader, queue, &record), KAFKA_NEXT_RECORD);
    assert_true(bytes_is_text(record.key, "k") && bytes_is_text(record.value, "v"));
    assert_int_equal(record.timestamp_ms, 1700000000123);
    assert_string_equal(record.topic, fixture->topic);
    struct kafka_header read[1];
    assert_int_equal(kafka_record_headers(&record, read, 1), 2);
    assert_string_equal(read[0].name, "soglia-reason");
    assert_true(bytes_is_text(read[0].value, "why"));
    kafka_record_done(&record);
    assert_int_equal(kafka_fixture_next(fixture->reader, queue, &record), KAFKA_NEXT_RECORD);
    assert_false(record.has_value);
    assert_int_equal(kafka_record_headers(&record, read, 1), 0);
    kafka_record_done(&record);
    assert_int_equal(kafka_fixture_next(fixture->reader, queue, &record), KAFKA_NEXT_RECORD);
    assert_true(record.has_value && record.value.size == 0 && record.key.data == NULL);
    kafka_record_done(&record);
}

// Hashes from the unit tests of Kafka's own client (UtilsTest.testMurmur2).
static void places_keys_as_java_does(void **state)
{
    static const struct {
        const char *key;
        int32_t hash;
    } cases[] = {
        {"21", -973932308},
        {"foobar", -790332482},
        {"a-little-bit-long-string", -985981536},
        {"a-little-bit-longer-string", -1486304829},
        {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
        {"abc", 479470107},
    };
    struct kafka_fixture *fixture = *state;
    kafka_fixture_open_writer(fixture, NULL, &fixture->writer);
    struct kafka_topic *topic = NULL;
    kafka_fixture_succeed(kafka_producer_topic(fixture->writer, fixture->topic, &topic));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct kafka_message message = {.key = bytes_of_text(cases[i].key),
                                              .has_value = false,
                                              .partition = -1,
                                              .timestamp_ms = 1};
        kafka_fixture_succeed(kafka_producer_send(fixture->writer, topic, &message));
        kafka_fixture_succeed(kafka_producer_flush(fixture->writer, KAFKA_FIXTURE_WAIT_MS));
    }
    kafka_fixture_open_reader(fixture, KAFKA_OFFSET_BEGINNING, KAFKA_FIXTURE_PARTITIONS);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int32_t partition = (cases[i].hash & INT32_MAX) % KAFKA_FIXTURE_PARTITIONS;
        struct kafka_queue *queue =
            kafka_consumer_queue(fixture->reader, fixture->topic, partition);
        struct kafka_record record;
        assert_int_equal(kafka_fixture_next(fixture->reader, queue, &record), KAFKA_NEXT_RECORD);
        assert_true(bytes_is_text(record.key, cases[i].key));
        kafka_record_done(&record);
    }
}

static void tells_what_a_partition_holds(void **state)
{
    struct kafka_fixture *fixture = *state;
    kafka_fixture_open_writer(fixture, "tx", &fixture->writer);
    for (int i = 0; i < 3; i++) {
        kafka_fixture_succeed(kafka_producer_begin(fixture->writer));
        kafka_fixture_succeed(kafka_fixture_put(fixture->writer, fixture->topic, 0, i * 1000));
        kafka_fixture_succeed(kafka_producer_commit(fixture->writer));
    }
    kafka_fixture_open_reader(fixture, KAFKA_OFFSET_BEGINNING, 1);
    int64_t first = -7;
    int64_t end = -7;
    int64_t offset = -7;
    int32_t count = 0;
    kafka_fixture_succeed(kafka_consumer_range(fixture->reader, fixture->topic, 0, &first, &end));
    assert_int_equal(first, 0);
    assert_int_equal(end, 6); // Each record is followed by the marker of its transaction.
    kafka_fixture_succeed(
        kafka_consumer_offset_at(fixture->reader, fixture->topic, 0, 1500, &offset));
    assert_int_equal(offset, 1); // The marker before the record has the broker's time.
    kafka_fixture_succeed(kafka_consumer_offset_at(fixture->reader, fixture->topic, 0,
                                                   clock_wall_ms() + 3600000, &offset));
    assert_int_equal(offset, 6);
    kafka_fixture_succeed(kafka_consumer_partitions(fixture->reader, fixture->topic, &count));
    assert_int_equal(count, KAFKA_FIXTURE_PARTITIONS);
    struct kafka_queue *queue = kafka_consumer_queue(fixture->reader, fixture->topic, 0);
    struct kafka_record record;
    enum kafka_next found = KAFKA_NEXT_RECORD;
    while (found == KAFKA_NEXT_RECORD) {
        found = kafka_fixture_next(fixture->reader, queue, &record);
        if (found == KAFKA_NEXT_RECORD) {
            kafka_record_done(&record);
        }
    }
    assert_int_equal(found, KAFKA_NEXT_END);
    assert_int_equal(record.offset, end);
    assert_int_equal(kafka_queue_end(queue), end);
}

static void what_is_not_there_is_fatal(void **state)
{
    struct kafka_fixture *fixture = *state;
    kafka_fixture_open_reader(fixture, 12345, 1); // Far beyond the end.
    struct kafka_queue *queue = kafka_consumer_queue(fixture->reader, fixture->topic, 0);
    struct kafka_record record = {.handle = NULL};
    sg_result failure = sg_ok();
    enum kafka_next found = KAFKA_NEXT_EMPTY;
    int64_t limit_us = clock_monotonic_us() + (int64_t)KAFKA_FIXTURE_WAIT_MS * 1000;
    while (found == KAFKA_NEXT_EMPTY && clock_monotonic_us() < limit_us) {
        kafka_consumer_wait(fixture->reader, 100);
        found = kafka_queue_next(queue, &record, &failure);
    }
    assert_int_equal(found, KAFKA_NEXT_FAILED);
    assert_int_equal(failure.class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), fixture->topic));
    int32_t count = 0;
    assert_int_equal(kafka_consumer_partitions(fixture->reader, "layer-nothing-here", &count).class,
                     SG_FATAL);
}

static void *wake(void *opaque)
{
    clock_sleep_ms(50);
    kafka_consumer_wake(opaque);
    return NULL;
}

static void a_wait_ends_when_woken(void **state)
{
    struct kafka_fixture *fixture = *state;
    kafka_fixture_open_reader(fixture, KAFKA_OFFSET_BEGINNING, 1);
    assert_string_equal(kafka_fixture_read_all(fixture->reader, fixture->topic, 0), "");
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, wake, fixture->reader), 0);
    int64_t begin_us = clock_monotonic_us();
    kafka_consumer_wait(fixture->reader, KAFKA_FIXTURE_WAIT_MS);
    assert_true(clock_monotonic_us() - begin_us < 5000000);
    pthread_join(thread, NULL);
    // A record ends it as well, within the time that it takes to arrive.
    kafka_fixture_open_writer(fixture, NULL, &fixture->writer);
    kafka_fixture_succeed(kafka_fixture_put(fixture->writer, fixture->topic, 0, 5));
    assert_string_equal(kafka_fixture_read_all(fixture->reader, fixture->topic, 0), "5");
}

static void a_topic_is_made_once_and_described(void **state)
{
    struct kafka_fixture *fixture = *state;
    char name[KAFKA_FIXTURE_NAME_MAX + 8];
    snprintf(name, sizeof name, "%s-made", fixture->topic);
    const struct kafka_config configs[] = {{"retention.ms", "123456"}, {NULL, NULL}};
    const struct kafka_topic_plan plan = {
        .name = name, .partitions = 2, .replication = -1, .configs = configs};
    struct kafka_topic_facts facts;
    kafka_fixture_succeed(kafka_admin_describe(fixture->admin, name, &facts));
    assert_false(facts.exists);
    kafka_fixture_succeed(kafka_admin_create(fixture->admin, &plan, 1));
    kafka_fixture_succeed(kafka_admin_create(fixture->admin, &plan, 1));
    kafka_fixture_succeed(kafka_admin_describe(fixture->admin, name, &facts));
    assert_true(facts.exists && facts.partitions == 2 && facts.replication == 1);
    struct kafka_config_values asked = {.names = {"cleanup.policy", "retention.ms"}, .count = 2};
    kafka_fixture_succeed(kafka_admin_configs(fixture->admin, name, &asked));
    assert_string_equal(asked.values[0], "delete");
    assert_string_equal(asked.values[1], "123456");
    kafka_config_values_done(&asked);
    asked = (struct kafka_config_values){.names = {"retention.ms", "no.such.thing"}, .count = 2};
    assert_int_equal(kafka_admin_configs(fixture->admin, name, &asked).class, SG_FATAL);
    kafka_config_values_done(&asked);
    const struct kafka_config wrong[] = {{"retention.ms", "soon"}, {NULL, NULL}};
    const struct kafka_topic_plan bad = {
        .name = "layer-bad", .partitions = 1, .replication = -1, .configs = wrong};
    assert_int_equal(kafka_admin_create(fixture->admin, &bad, 1).class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), "retention.ms"));
    const char *id = NULL;
    kafka_fixture_succeed(kafka_admin_cluster_id(fixture->admin, &id));
    assert_true(strlen(id) > 0);
}

static void what_a_broker_does_not_know_is_left_out(void **state)
{
    struct kafka_fixture *fixture = *state;
    char name[KAFKA_FIXTURE_NAME_MAX + 8];
    snprintf(name, sizeof name, "%s-newer", fixture->topic);
    const struct kafka_config configs[] = {{"retention.ms", "123456"}, {NULL, NULL}};
    const struct kafka_config newer[] = {{"no.such.thing", "1"}, {NULL, NULL}};
    struct kafka_topic_plan plan = {
        .name = name, .partitions = 1, .replication = -1, .configs = newer};
    assert_int_equal(kafka_admin_create(fixture->admin, &plan, 1).class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), "no.such.thing"));
    plan.configs = configs;
    plan.newer = newer;
    kafka_fixture_succeed(kafka_admin_create(fixture->admin, &plan, 1));
    struct kafka_config_values asked = {.names = {"cleanup.policy", "retention.ms"}, .count = 2};
    kafka_fixture_succeed(kafka_admin_configs(fixture->admin, name, &asked));
    assert_string_equal(asked.values[0], "delete");
    assert_string_equal(asked.values[1], "123456");
    kafka_config_values_done(&asked);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_what_was_written, kafka_fixture_set_up,
                                        kafka_fixture_tear_down),
        cmocka_unit_test_setup_teardown(shows_committed_transactions_only, kafka_fixture_set_up,
                                        kafka_fixture_tear_down),
        cmocka_unit_test_setup_teardown(rewinds_to_the_exact_record, kafka_fixture_set_up,
                                        kafka_fixture_tear_down),
        cmocka_unit_test_setup_teardown(keeps_what_a_record_is_made_of, kafka_fixture_set_up,
                                        kafka_fixture_tear_down),
        cmocka_unit_test_setup_teardown(places_keys_as_java_does, kafka_fixture_set_up,
                                        kafka_fixture_tear_down),
        cmocka_unit_test_setup_teardown(tells_what_a_partition_holds, kafka_fixture_set_up,
                                        kafka_fixture_tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_fatal, kafka_fixture_set_up,
                                        kafka_fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_wait_ends_when_woken, kafka_fixture_set_up,
                                        kafka_fixture_tear_down),
        cmocka_unit_test_setup_teardown(a_topic_is_made_once_and_described, kafka_fixture_set_up,
                                        kafka_fixture_tear_down),
        cmocka_unit_test_setup_teardown(what_a_broker_does_not_know_is_left_out,
                                        kafka_fixture_set_up, kafka_fixture_tear_down),
    };
    if (!kafka_fixture_arguments(argc, argv)) {
        return 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
