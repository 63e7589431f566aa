// Schema ids: the embedded registry (the _schemas topic, in Confluent's format) or an external one
// by URL.
#pragma once
#include "core/kafka/kafka.h"
#include "schemas/topic_table.h"

struct registry;

struct registry_settings {
    const char *url;   // "" for the embedded one.
    const char *topic; // "_schemas"; the installation's prefix is put before it.
    int64_t timeout_ms;
};

// The rows of registry.*.
struct option_table registry_options(struct registry_settings *target);

struct registry_config {
    const struct registry_settings *registry;
    const struct kafka_settings *kafka;
    const struct topic_settings *topics;
};

// Opens and reads what is there. The settings are borrowed until the close. Fails: SG_RETRY when
// broker or URL does not answer, SG_FATAL for a broken setting or a topic that is not there.
SG_RESULT registry_open(const struct registry_config *config, struct registry **ret_registry);

// Accepts NULL.
void registry_close(struct registry **registry);

// The text of a schema. Known ids come from memory; an unknown one is looked for, at most once a
// second. The text lives as long as the registry. Fails: SG_DROP for an id nobody has registered or
// that is not Avro, SG_RETRY when the registry cannot be reached. Any thread.
SG_RESULT registry_schema(struct registry *registry, int32_t id, struct bytes *ret_text);

// The id under which a topic's compiled record is registered (TopicNameStrategy: "<full topic
// name>-value"). Fails: SG_FATAL "run `soglia topics apply`" when it is not, SG_RETRY. Any thread.
SG_RESULT registry_id(struct registry *registry, enum topic topic, int32_t *ret_id);

struct registry_applied {
    enum topic topic;
    int32_t id;  // Out.
    bool is_new; // Out: it was not there before.
};

// Registers the compiled records of topics that are not there, after checking BACKWARD_TRANSITIVE.
// In the embedded registry all or none. Fails: SG_FATAL naming subject and field that are not
// compatible, SG_RETRY. Any thread.
SG_RESULT registry_apply(struct registry *registry, struct registry_applied *applied, size_t count);

// SG_FATAL naming what is incompatible when the topic's compiled record could not be registered
// beside the versions that are there; a success when it could be or is. Fails: SG_RETRY too.
SG_RESULT registry_compatible(struct registry *registry, enum topic topic);

// The embedded registry as Confluent's REST API shows it: each writes the body of the answer.
// Deleted versions are left out. Fail: SG_DROP with Confluent's error code as the result's code
// (40401 subject, 40402 version, 40403 schema: the HTTP status is its first three digits), SG_RETRY
// when Kafka cannot be reached, as buffer_append(). Any thread.
SG_RESULT registry_print_subjects(struct registry *registry, struct buffer *out);
SG_RESULT registry_print_versions(struct registry *registry, const char *subject,
                                  struct buffer *out);
// `version` -1 is the latest.
SG_RESULT registry_print_version(struct registry *registry, const char *subject, int32_t version,
                                 struct buffer *out);
SG_RESULT registry_print_schema(struct registry *registry, int32_t id, struct buffer *out);
// The subjects ("with_versions" false: ["s"]) or versions ([{"subject":"s","version":1}]) that use
// an id.
SG_RESULT registry_print_users(struct registry *registry, int32_t id, bool with_versions,
                               struct buffer *out);
// {"error_code":40403,"message":"Schema 7 not found"}
SG_RESULT registry_print_error(int code, const char *message, struct buffer *out);
