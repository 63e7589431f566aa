// The fixture of the checks on a real broker.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kafka_fixture.h"

#include "core/service/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *prefix = "";

struct kafka_settings kafka_fixture_settings = {
    .session_timeout_ms = 6000,
    .transaction_timeout_ms = 10000,
    .fetch_wait_ms = 20,
    .prefetch_records = 200000,
    .prefetch_bytes = 32 << 20,
};

void kafka_fixture_succeed(sg_result result)
{
    if (!sg_is_ok(result)) {
        fail_msg("%s: %s", sg_class_name(result.class), sg_reason());
    }
}

int kafka_fixture_set_up(void **state)
{
    static struct kafka_fixture fixture;
    static int number;
    fixture = (struct kafka_fixture){.reader = NULL};
    snprintf(fixture.topic, sizeof fixture.topic, "%slayer-%d-%d", prefix, (int)getpid(), number++);
    // The records are of 1970: the broker would take them for expired.
    const struct kafka_config configs[] = {{"retention.ms", "-1"}, {NULL, NULL}};
    const struct kafka_topic_plan plan = {.name = fixture.topic,
                                          .partitions = KAFKA_FIXTURE_PARTITIONS,
                                          .replication = -1,
                                          .configs = configs};
    if (!sg_is_ok(kafka_admin_open(&kafka_fixture_settings, &fixture.admin)) ||
        !sg_is_ok(kafka_admin_create(fixture.admin, &plan, 1))) {
        print_error("%s\n", sg_reason());
        return -1;
    }
    *state = &fixture;
    return 0;
}

int kafka_fixture_tear_down(void **state)
{
    struct kafka_fixture *fixture = *state;
    kafka_consumer_close(&fixture->reader);
    kafka_consumer_close(&fixture->second);
    kafka_producer_close(&fixture->writer);
    kafka_producer_close(&fixture->rival);
    kafka_admin_close(&fixture->admin);
    return 0;
}

void kafka_fixture_open_writer(struct kafka_fixture *fixture, const char *id,
                               struct kafka_producer **ret)
{
    static char full[KAFKA_FIXTURE_NAME_MAX * 2];
    snprintf(full, sizeof full, "%s-%s", fixture->topic, id == NULL ? "" : id);
    const struct kafka_producer_config config = {.kafka = &kafka_fixture_settings,
                                                 .transactional_id = id == NULL ? NULL : full,
                                                 .linger_ms = 5};
    kafka_fixture_succeed(kafka_producer_open(&config, ret));
}

sg_result kafka_fixture_put(struct kafka_producer *writer, const char *topic, int32_t partition,
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

void kafka_fixture_open_reader(struct kafka_fixture *fixture, int64_t offset, int32_t partitions)
{
    const struct kafka_consumer_config config = {.kafka = &kafka_fixture_settings};
    kafka_fixture_succeed(kafka_consumer_open(&config, &fixture->reader));
    struct kafka_position positions[KAFKA_FIXTURE_PARTITIONS];
    for (int32_t i = 0; i < partitions; i++) {
        positions[i] =
            (struct kafka_position){.topic = fixture->topic, .partition = i, .offset = offset};
    }
    kafka_fixture_succeed(kafka_consumer_assign(fixture->reader, positions, (size_t)partitions));
}

// Waits for the next record or end of a queue, serving the main queue meanwhile.
enum kafka_next kafka_fixture_next(struct kafka_consumer *reader, struct kafka_queue *queue,
                                   struct kafka_record *record)
{
    int64_t limit_us = clock_monotonic_us() + (int64_t)KAFKA_FIXTURE_WAIT_MS * 1000;
    while (clock_monotonic_us() < limit_us) {
        sg_result failure = sg_ok();
        enum kafka_next found = kafka_queue_next(queue, record, &failure);
        if (found != KAFKA_NEXT_EMPTY) {
            return found;
        }
        kafka_fixture_succeed(kafka_consumer_poll(reader, 0));
        kafka_consumer_wait(reader, 1000);
    }
    return KAFKA_NEXT_EMPTY;
}

// The numbers of a partition's records from its position to the end, in one text.
const char *kafka_fixture_read_all(struct kafka_consumer *reader, const char *topic,
                                   int32_t partition)
{
    static char text[4096];
    size_t used = 0;
    text[0] = 0;
    struct kafka_queue *queue = kafka_consumer_queue(reader, topic, partition);
    assert_non_null(queue);
    struct kafka_record record = {.handle = NULL};
    while (kafka_fixture_next(reader, queue, &record) == KAFKA_NEXT_RECORD) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%.*s", used == 0 ? "" : " ",
                                 (int)record.value.size, (const char *)record.value.data);
        kafka_record_done(&record);
    }
    return text;
}

bool kafka_fixture_arguments(int argc, char **argv)
{
    if (argc < 3 || strlen(argv[2]) > KAFKA_FIXTURE_PREFIX_MAX) {
        fprintf(stderr, "usage: %s BROKERS TOPIC-PREFIX [TEST-PATTERN]\n", argv[0]);
        return false;
    }
    kafka_fixture_settings.brokers = argv[1];
    prefix = argv[2];
    if (argc > 3) {
        cmocka_set_test_filter(argv[3]);
    }
    return true;
}
