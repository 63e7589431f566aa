// The mock cluster as the tests of this folder use it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mock_kafka.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

void mock_kafka_start(struct mock_kafka *mock)
{
    char text[256];
    mock->client = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), text, sizeof text);
    assert_non_null(mock->client);
    mock->cluster = rd_kafka_mock_cluster_new(mock->client, 1);
    assert_non_null(mock->cluster);
    rd_kafka_mock_topic_create(mock->cluster, "t", 1, 1);
    mock->settings = (struct kafka_settings){
        .brokers = rd_kafka_mock_cluster_bootstraps(mock->cluster),
        .session_timeout_ms = 6000,
        .transaction_timeout_ms = 5000,
        .fetch_wait_ms = 20,
        .prefetch_records = 1000,
        .prefetch_bytes = 1 << 20,
    };
}

void mock_kafka_end(struct mock_kafka *mock)
{
    if (mock->cluster != NULL) {
        rd_kafka_mock_cluster_destroy(mock->cluster);
    }
    if (mock->client != NULL) {
        rd_kafka_destroy(mock->client);
    }
}

void mock_kafka_fail(struct mock_kafka *mock, int api, int error, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        rd_kafka_mock_push_request_errors(mock->cluster, (int16_t)api, 1,
                                          (rd_kafka_resp_err_t)error);
    }
}

void mock_kafka_mend(struct mock_kafka *mock, int api)
{
    rd_kafka_mock_clear_request_errors(mock->cluster, (int16_t)api);
}

struct kafka_producer *mock_kafka_producer(struct mock_kafka *mock, const char *id)
{
    const struct kafka_producer_config config = {
        .kafka = &mock->settings, .transactional_id = id, .linger_ms = 0};
    struct kafka_producer *producer = NULL;
    if (!sg_is_ok(kafka_producer_open(&config, &producer))) {
        fail_msg("%s", sg_reason());
    }
    return producer;
}

sg_result mock_kafka_send(struct kafka_producer *producer, int32_t partition)
{
    struct kafka_topic *topic = NULL;
    SG_TRY(kafka_producer_topic(producer, "t", &topic));
    const struct kafka_header header = {"h", bytes_of_text("1")};
    const struct kafka_message message = {.key = bytes_of_text("k"),
                                          .value = bytes_of_text("v"),
                                          .has_value = true,
                                          .partition = partition,
                                          .headers = &header,
                                          .header_count = 1};
    return kafka_producer_send(producer, topic, &message);
}
