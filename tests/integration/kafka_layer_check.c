// What the Kafka folder promises, on a real broker: kafka_layer_check BROKERS [TEST-PATTERN].
// Run by test_kafka_layer.py, which starts the broker.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/kafka/admin.h"
#include "core/kafka/consumer.h"
#include "core/kafka/producer.h"
#include "core/service/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PARTITIONS = 3, WAIT_MS = 30000, NAME_MAX_BYTES = 64 };

static struct kafka_settings settings = {
    .session_timeout_ms = 6000,
    .transaction_timeout_ms = 10000,
    .fetch_wait_ms = 20,
    .prefetch_records = 200000,
    .prefetch_bytes = 32 << 20,
    .endtxn_defence = true,
};

// One test's topic, consumer and producer; the teardown ends what is left.
struct fixture {
    char topic[NAME_MAX_BYTES];
    struct kafka_consumer *reader;
    struct kafka_consumer *second;
    struct kafka_producer *writer;
    struct kafka_producer *rival;
    struct kafka_admin *admin;
};

static void succeed(sg_result result)
{
    if (!sg_is_ok(result)) {
        fail_msg("%s: %s", sg_class_name(result.class), sg_reason());
    }
}

static int set_up(void **state)
{
    static struct fixture fixture;
    static int number;
    fixture = (struct fixture){.reader = NULL};
    snprintf(fixture.topic, sizeof fixture.topic, "layer-%d-%d", (int)getpid(), number++);
    const struct kafka_topic_plan plan = {
        .name = fixture.topic, .partitions = PARTITIONS, .replication = -1};
    if (!sg_is_ok(kafka_admin_open(&settings, &fixture.admin)) ||
        !sg_is_ok(kafka_admin_create(fixture.admin, &plan))) {
        print_error("%s\n", sg_reason());
        return -1;
    }
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    kafka_consumer_close(&fixture->reader);
    kafka_consumer_close(&fixture->second);
    kafka_producer_close(&fixture->writer);
    kafka_producer_close(&fixture->rival);
    kafka_admin_close(&fixture->admin);
    return 0;
}

static void open_writer(struct fixture *fixture, const char *id, struct kafka_producer **ret)
{
    static char full[NAME_MAX_BYTES * 2];
    snprintf(full, sizeof full, "%s-%s", fixture->topic, id == NULL ? "" : id);
    const struct kafka_producer_config config = {
        .kafka = &settings, .transactional_id = id == NULL ? NULL : full, .linger_ms = 5};
    succeed(kafka_producer_open(&config, ret));
}

static sg_result put(struct kafka_producer *writer, const char *topic, int32_t partition,
                     int64_t number)
{
    struct kafka_topic *handle = NULL;
    SG_TRY(kafka_producer_topic(writer, topic, &handle));
    char text[32];
    int size = snprintf(text, sizeof text, "%" PRId64, number);
    const struct kafka_message message = {.key = bytes_of(text, (size_t)size),
                                          .value = bytes_of(text, (size_t)size),
                                          .has_value = true,
                                          .partition = partition,
                                          .timestamp_ms = 1000 + number};
    return kafka_producer_send(writer, handle, &message);
}

static void open_reader(struct fixture *fixture, int64_t offset, int32_t partitions)
{
    const struct kafka_consumer_config config = {.kafka = &settings};
    succeed(kafka_consumer_open(&config, &fixture->reader));
    struct kafka_position positions[PARTITIONS];
    for (int32_t i = 0; i < partitions; i++) {
        positions[i] =
            (struct kafka_position){.topic = fixture->topic, .partition = i, .offset = offset};
    }
    succeed(kafka_consumer_assign(fixture->reader, positions, (size_t)partitions));
}

// Waits for the next record or end of a queue, serving the main queue meanwhile.
static enum kafka_next next(struct kafka_consumer *reader, struct kafka_queue *queue,
                            struct kafka_record *record)
{
    int64_t limit_us = clock_monotonic_us() + (int64_t)WAIT_MS * 1000;
    while (clock_monotonic_us() < limit_us) {
        sg_result failure = sg_ok();
        enum kafka_next found = kafka_queue_next(queue, record, &failure);
        if (found != KAFKA_NEXT_EMPTY) {
            return found;
        }
        succeed(kafka_consumer_poll(reader, 0));
        kafka_consumer_wait(reader, 1000);
    }
    return KAFKA_NEXT_EMPTY;
}

// The numbers of a partition's records from its position to the end, in one text.
static const char *read_all(struct kafka_consumer *reader, const char *topic, int32_t partition)
{
    static char text[4096];
    size_t used = 0;
    text[0] = 0;
    struct kafka_queue *queue = kafka_consumer_queue(reader, topic, partition);
    assert_non_null(queue);
    struct kafka_record record = {.handle = NULL};
    while (next(reader, queue, &record) == KAFKA_NEXT_RECORD) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%.*s", used == 0 ? "" : " ",
                                 (int)record.value.size, (const char *)record.value.data);
        kafka_record_done(&record);
    }
    return text;
}

static void reads_what_was_written(void **state)
{
    struct fixture *fixture = *state;
    open_writer(fixture, NULL, &fixture->writer);
    for (int i = 0; i < 30; i++) {
        succeed(put(fixture->writer, fixture->topic, i % PARTITIONS, i));
    }
    assert_true(kafka_producer_pending(fixture->writer) > 0);
    succeed(kafka_producer_flush(fixture->writer, WAIT_MS));
    assert_int_equal(kafka_producer_pending(fixture->writer), 0);
    open_reader(fixture, KAFKA_OFFSET_BEGINNING, PARTITIONS);
    assert_string_equal(read_all(fixture->reader, fixture->topic, 1), "1 4 7 10 13 16 19 22 25 28");
    assert_string_equal(read_all(fixture->reader, fixture->topic, 0), "0 3 6 9 12 15 18 21 24 27");
    assert_null(kafka_consumer_queue(fixture->reader, fixture->topic, PARTITIONS));
}

static void shows_committed_transactions_only(void **state)
{
    struct fixture *fixture = *state;
    open_writer(fixture, "tx", &fixture->writer);
    succeed(kafka_producer_begin(fixture->writer));
    succeed(put(fixture->writer, fixture->topic, 0, 1));
    succeed(kafka_producer_commit(fixture->writer));
    succeed(kafka_producer_begin(fixture->writer));
    succeed(put(fixture->writer, fixture->topic, 0, 2));
    succeed(kafka_producer_abort(fixture->writer));
    succeed(kafka_producer_begin(fixture->writer));
    succeed(put(fixture->writer, fixture->topic, 0, 3));
    succeed(kafka_producer_commit(fixture->writer));
    open_reader(fixture, KAFKA_OFFSET_BEGINNING, 1);
    assert_string_equal(read_all(fixture->reader, fixture->topic, 0), "1 3");
}

// Rewinding under load: the next record is always the wanted one.
static void rewinds_to_the_exact_record(void **state)
{
    struct fixture *fixture = *state;
    open_writer(fixture, NULL, &fixture->writer);
    for (int i = 0; i < 20000; i++) {
        succeed(put(fixture->writer, fixture->topic, 0, i));
    }
    succeed(kafka_producer_flush(fixture->writer, WAIT_MS));
    open_reader(fixture, 0, 1);
    for (int round = 0; round < 60; round++) {
        int64_t wanted = (round * 7919) % 19000;
        const struct kafka_position position = {
            .topic = fixture->topic, .partition = 0, .offset = wanted};
        succeed(kafka_consumer_assign(fixture->reader, &position, 1));
        struct kafka_queue *queue = kafka_consumer_queue(fixture->reader, fixture->topic, 0);
        for (int64_t i = 0; i < round * 10 + 1; i++) {
            struct kafka_record record;
            assert_int_equal(next(fixture->reader, queue, &record), KAFKA_NEXT_RECORD);
            assert_int_equal(record.offset, wanted + i);
            kafka_record_done(&record);
            kafka_record_done(&record);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s BROKERS [TEST-PATTERN]\n", argv[0]);
        return 2;
    }
    settings.brokers = argv[1];
    if (argc > 2) {
        cmocka_set_test_filter(argv[2]);
    }
#define LAYER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        LAYER_TEST(reads_what_was_written),
        LAYER_TEST(shows_committed_transactions_only),
        LAYER_TEST(rewinds_to_the_exact_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
