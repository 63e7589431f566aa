// Schema ids: the embedded registry (the _schemas topic, in Confluent's format) or an external one by URL.
#pragma once
#include "core/kafka/kafka.h"
#include "schemas/topic_table.h"

struct registry;

struct registry_settings {
    const char *url;   // "" for the embedded one.
    const char *topic; // "_schemas"; the installation's prefix is put before it.
    int64_t timeout_ms;
};
extern const struct option registry_options[];
extern const size_t registry_option_count;

struct registry_config {
    const struct registry_settings *registry;
    const struct kafka_settings *kafka;
    const struct topic_settings *topics;
};

// Opens and reads what is there. Fails: SG_RETRY when broker or URL does not answer, SG_FATAL for a broken setting or topic.
SG_RESULT registry_open(const struct registry_config *config, struct registry **ret_registry);
void registry_close(struct registry **registry);

// The text of a schema. Known ids come from memory; an unknown one is looked for again (at most once a second). The text lives as long as the registry.
// Fails: SG_DROP for an id nobody has registered, SG_RETRY when the registry cannot be reached. Any thread.
SG_RESULT registry_schema(struct registry *registry, int32_t id, struct bytes *ret_text);

// The id under which a topic's compiled record is registered (TopicNameStrategy: "<full topic name>-value"). Fails: SG_FATAL "run `soglia topics apply`" when it is not, SG_RETRY. Any thread.
SG_RESULT registry_id(struct registry *registry, enum topic topic, int32_t *ret_id);

// Registers a topic's compiled record if it is not there, after checking BACKWARD_TRANSITIVE. Fails: SG_FATAL naming the incompatible field, SG_RETRY.
SG_RESULT registry_apply(struct registry *registry, enum topic topic, int32_t *ret_id, bool *ret_new);
