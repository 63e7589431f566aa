// Topics: create, list, describe. Never deletes.
#pragma once
#include "core/kafka/kafka.h"

enum { KAFKA_ADMIN_PLANS_MAX = 64, KAFKA_CONFIG_VALUES_MAX = 16 };

struct kafka_admin;

// A configuration entry of a topic ("retention.ms", "2592000000"); a list ends with a NULL name.
struct kafka_config {
    const char *name;
    const char *value;
};

struct kafka_topic_plan {
    const char *name;
    int32_t partitions;
    int32_t replication; // -1: the broker's default.
    const struct kafka_config *configs;
    const struct kafka_config *newer; // Left out by brokers that do not know them; NULL for none.
};

// Settings of a topic that are asked for: names borrowed, values NULL at first.
struct kafka_config_values {
    const char *names[KAFKA_CONFIG_VALUES_MAX];
    char *values[KAFKA_CONFIG_VALUES_MAX];
    size_t count;
};

struct kafka_topic_facts {
    bool exists;
    int32_t partitions;
    int32_t replication;
};

// Fails: SG_FATAL for refused settings.
SG_RESULT kafka_admin_open(const struct kafka_settings *settings, struct kafka_admin **ret_admin);
void kafka_admin_close(struct kafka_admin **admin);

// Waits until a broker answers. Fails: SG_RETRY after `timeout_ms`, with the last error of the
// connection.
SG_RESULT kafka_admin_wait(struct kafka_admin *admin, int64_t timeout_ms);

// Id of the cluster, borrowed until close. Fails: SG_RETRY.
SG_RESULT kafka_admin_cluster_id(struct kafka_admin *admin, const char **ret_id);

// Creates topics, KAFKA_ADMIN_PLANS_MAX at most, and waits until every broker we see knows them.
// One that exists already is no failure. Fails: SG_RETRY, SG_FATAL with the broker's words; the
// others may have been made then.
SG_RESULT kafka_admin_create(struct kafka_admin *admin, const struct kafka_topic_plan *plans,
                             size_t count);

// What there is. A missing topic is a success with exists = false. Fails: SG_RETRY.
SG_RESULT kafka_admin_describe(struct kafka_admin *admin, const char *topic,
                               struct kafka_topic_facts *ret_facts);

// The values in force of a topic's configuration, by name, copied; to be freed by
// kafka_config_values_done() even after a failure. Fails: SG_RETRY, SG_FATAL for an unknown name.
SG_RESULT kafka_admin_configs(struct kafka_admin *admin, const char *topic,
                              struct kafka_config_values *asked);
void kafka_config_values_done(struct kafka_config_values *values);
