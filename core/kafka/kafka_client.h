// How a client of librdkafka is configured and made. For the sources of this folder alone.
#pragma once
#include "core/kafka/kafka.h"

struct rd_kafka_s;
struct rd_kafka_conf_s;

// Longest wait for an answer to a question that is asked outside the stream of records.
enum { KAFKA_CLIENT_ASK_MS = 10000 };

// A property and its value as text.
struct kafka_client_property {
    const char *name;
    const char *value;
};

// A configuration with brokers, log and `properties` (`count` of them), the settings' extras
// applied last. Caller frees with kafka_client_conf_free() or hands it to kafka_client_new().
// Fails: SG_FATAL naming the property that is refused; a secret's value is never told.
SG_RESULT kafka_client_conf(const struct kafka_settings *settings, const char *client_id,
                            const struct kafka_client_property *properties, size_t count,
                            struct rd_kafka_conf_s **ret_conf);
void kafka_client_conf_free(struct rd_kafka_conf_s **conf);

// A producer, or a consumer; takes `*conf` over when it succeeds. Fails: SG_FATAL with the
// library's words.
SG_RESULT kafka_client_new(bool consumer, struct rd_kafka_conf_s **conf,
                           struct rd_kafka_s **ret_client);

// Number of partitions of a topic; `*ret_count` is 0 for one that is not there. Fails: SG_RETRY.
SG_RESULT kafka_client_partitions(struct rd_kafka_s *client, const char *topic, int32_t *ret_count,
                                  int32_t *ret_replication);
