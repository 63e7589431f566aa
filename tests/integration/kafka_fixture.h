// What the checks of the Kafka folder on a real broker share: a topic, clients, reading to the end.
#pragma once
#include "core/kafka/admin.h"
#include "core/kafka/consumer.h"
#include "core/kafka/producer.h"

enum {
    KAFKA_FIXTURE_PARTITIONS = 3,
    KAFKA_FIXTURE_WAIT_MS = 30000,
    KAFKA_FIXTURE_NAME_MAX = 96,
    KAFKA_FIXTURE_PREFIX_MAX = 32,
};

extern struct kafka_settings kafka_fixture_settings;

// One test's topic, consumer and producer; the teardown ends what is left.
struct kafka_fixture {
    char topic[KAFKA_FIXTURE_NAME_MAX];
    struct kafka_consumer *reader;
    struct kafka_consumer *second;
    struct kafka_producer *writer;
    struct kafka_producer *rival;
    struct kafka_admin *admin;
};

// Reads BROKERS, TOPIC-PREFIX and a pattern of tests. False when they are missing.
bool kafka_fixture_arguments(int argc, char **argv);

// Makes a new topic; ends everything.
int kafka_fixture_set_up(void **state);
int kafka_fixture_tear_down(void **state);

// Fails the test unless the result is a success.
void kafka_fixture_succeed(sg_result result);

// Opens a producer; `id` is made this test's own, NULL for no transactions.
void kafka_fixture_open_writer(struct kafka_fixture *fixture, const char *id,
                               struct kafka_producer **ret);

// Sends a number as key and value, with the timestamp 1000 + number.
sg_result kafka_fixture_put(struct kafka_producer *writer, const char *topic, int32_t partition,
                            int64_t number);

// Opens fixture->reader on the first partitions of the topic, without a group.
void kafka_fixture_open_reader(struct kafka_fixture *fixture, int64_t offset, int32_t partitions);

// Waits for the next record or end of a queue, serving the main queue meanwhile.
enum kafka_next kafka_fixture_next(struct kafka_consumer *reader, struct kafka_queue *queue,
                                   struct kafka_record *record);

// The numbers of a partition's records from its position to the end, in one text.
const char *kafka_fixture_read_all(struct kafka_consumer *reader, const char *topic,
                                   int32_t partition);
