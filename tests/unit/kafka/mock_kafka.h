// librdkafka's mock cluster: for faults only, since it has neither isolation nor fencing.
#pragma once
#include "core/kafka/producer.h"

struct rd_kafka_s;
struct rd_kafka_mock_cluster_s;

struct mock_kafka {
    struct rd_kafka_s *client;
    struct rd_kafka_mock_cluster_s *cluster;
    struct kafka_settings settings;
};

// Starts a cluster of one broker with a topic "t" of one partition. The caller ends it.
void mock_kafka_start(struct mock_kafka *mock);
void mock_kafka_end(struct mock_kafka *mock);

// The next `count` answers to requests of this API are this error.
void mock_kafka_fail(struct mock_kafka *mock, int api, int error, size_t count);

// Errors that were not used yet are forgotten.
void mock_kafka_mend(struct mock_kafka *mock, int api);

// Opens a producer, transactional when `id` is not NULL; fails the test when it cannot.
struct kafka_producer *mock_kafka_producer(struct mock_kafka *mock, const char *id);

// Hands a small record for topic "t" to the producer.
sg_result mock_kafka_send(struct kafka_producer *producer, int32_t partition);
