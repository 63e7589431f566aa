// Topics, through the library's admin requests.
#include "core/kafka/admin.h"
#include "core/kafka/kafka_client.h"
#include "core/kafka/kafka_error.h"
#include "core/service/clock.h"

#include <librdkafka/rdkafka.h>

#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 512, ASK_SLICE_MS = 500, KNOWN_WAIT_MS = 30000, KNOWN_STEP_MS = 20 };

struct plans {
    struct kafka_topic_plan list[KAFKA_ADMIN_PLANS_MAX];
    size_t count;
};

struct new_topics {
    rd_kafka_NewTopic_t *list[KAFKA_ADMIN_PLANS_MAX];
    size_t count;
};

struct kafka_admin {
    rd_kafka_t *client;
    rd_kafka_queue_t *answers;
    char *cluster_id;
};

void kafka_admin_close(struct kafka_admin **admin)
{
    struct kafka_admin *closed = SG_MOVE(*admin);
    if (closed == NULL) {
        return;
    }
    if (closed->answers != NULL) {
        rd_kafka_queue_destroy(closed->answers);
    }
    if (closed->cluster_id != NULL) {
        rd_kafka_mem_free(closed->client, closed->cluster_id);
    }
    if (closed->client != NULL) {
        rd_kafka_destroy(closed->client);
    }
    free(closed);
}

sg_result kafka_admin_open(const struct kafka_settings *settings, struct kafka_admin **ret_admin)
{
    SG_CLEANUP(kafka_client_conf_free) rd_kafka_conf_t *conf = NULL;
    rd_kafka_t *client = NULL;
    SG_TRY(kafka_client_conf(settings, "soglia-admin", NULL, 0, &conf));
    SG_TRY(kafka_client_new(false, &conf, &client));
    struct kafka_admin *admin = calloc(1, sizeof *admin);
    if (admin == NULL) {
        rd_kafka_destroy(client);
        return sg_fail(SG_FATAL, 0, "topics: out of memory");
    }
    admin->client = client;
    admin->answers = rd_kafka_queue_new(client);
    *ret_admin = admin;
    return sg_ok();
}

sg_result kafka_admin_wait(struct kafka_admin *admin, int64_t timeout_ms)
{
    int64_t limit_us = clock_monotonic_us() + timeout_ms * 1000;
    for (;;) {
        const struct rd_kafka_metadata *metadata = NULL;
        rd_kafka_resp_err_t error =
            rd_kafka_metadata(admin->client, 0, NULL, &metadata, ASK_SLICE_MS);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_metadata_destroy(metadata);
            return sg_ok();
        }
        if (clock_monotonic_us() >= limit_us) {
            return sg_explain(kafka_result(error, "no broker answers"), "Kafka");
        }
        rd_kafka_poll(admin->client, KNOWN_STEP_MS);
    }
}

sg_result kafka_admin_cluster_id(struct kafka_admin *admin, const char **ret_id)
{
    if (admin->cluster_id == NULL) {
        admin->cluster_id = rd_kafka_clusterid(admin->client, KAFKA_CLIENT_ASK_MS);
    }
    if (admin->cluster_id == NULL) {
        return sg_fail(SG_RETRY, 0, "Kafka: no broker told the id of its cluster");
    }
    *ret_id = admin->cluster_id;
    return sg_ok();
}

// The answer to the request that was just sent. Caller frees. Fails: SG_RETRY.
static sg_result take_answer(struct kafka_admin *admin, const char *what, rd_kafka_event_t **ret)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(admin->answers, KAFKA_CLIENT_ASK_MS * 2);
    if (event == NULL) {
        return sg_fail(SG_RETRY, RD_KAFKA_RESP_ERR__TIMED_OUT, "%s: no answer", what);
    }
    rd_kafka_resp_err_t error = rd_kafka_event_error(event);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        sg_result result =
            sg_explain(kafka_result(error, rd_kafka_event_error_string(event)), "%s", what);
        rd_kafka_event_destroy(event);
        return result;
    }
    *ret = event;
    return sg_ok();
}

static rd_kafka_AdminOptions_t *new_options(struct kafka_admin *admin, rd_kafka_admin_op_t what)
{
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(admin->client, what);
    char text[TEXT_MAX];
    rd_kafka_AdminOptions_set_request_timeout(options, KAFKA_CLIENT_ASK_MS, text, sizeof text);
    return options;
}

static void set_configs(rd_kafka_NewTopic_t *topic, const struct kafka_config *configs)
{
    for (const struct kafka_config *config = configs; config != NULL && config->name != NULL;
         config++) {
        rd_kafka_NewTopic_set_config(topic, config->name, config->value);
    }
}

static sg_result new_topic(const struct kafka_topic_plan *plan, rd_kafka_NewTopic_t **ret_topic)
{
    char text[TEXT_MAX] = "";
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(plan->name, plan->partitions, plan->replication, text, sizeof text);
    if (topic == NULL) {
        return sg_fail(SG_FATAL, 0, "topic %s: %s", plan->name, text);
    }
    set_configs(topic, plan->configs);
    set_configs(topic, plan->newer);
    *ret_topic = topic;
    return sg_ok();
}

// What became of one topic. Fails as kafka_admin_create(), and with INVALID_CONFIG.
static sg_result read_creation(const rd_kafka_topic_result_t *made)
{
    rd_kafka_resp_err_t error = rd_kafka_topic_result_error(made);
    if (error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
        return sg_ok();
    }
    const char *words = rd_kafka_topic_result_error_string(made);
    return sg_explain(kafka_result(error, words == NULL ? "creating" : words), "topic %s",
                      rd_kafka_topic_result_name(made));
}

static const struct kafka_topic_plan *plan_of(const struct plans *plans, const char *name)
{
    for (size_t i = 0; i < plans->count; i++) {
        if (strcmp(plans->list[i].name, name) == 0) {
            return &plans->list[i];
        }
    }
    return NULL;
}

// What a broker does not know it refuses, and makes nothing: such plans are kept in `ret_again`,
// without what is newer.
static sg_result read_creations(rd_kafka_event_t *event, const struct plans *plans,
                                struct plans *ret_again)
{
    const rd_kafka_CreateTopics_result_t *all = rd_kafka_event_CreateTopics_result(event);
    size_t count = 0;
    const rd_kafka_topic_result_t **made = rd_kafka_CreateTopics_result_topics(all, &count);
    if (count != plans->count) {
        return sg_fail(SG_RETRY, 0, "creating topics: the broker's answer names %zu of %zu", count,
                       plans->count);
    }
    for (size_t i = 0; i < count; i++) {
        const struct kafka_topic_plan *plan = plan_of(plans, rd_kafka_topic_result_name(made[i]));
        sg_result result = read_creation(made[i]);
        if (result.code == RD_KAFKA_RESP_ERR_INVALID_CONFIG && plan != NULL &&
            plan->newer != NULL) {
            ret_again->list[ret_again->count] = *plan;
            ret_again->list[ret_again->count++].newer = NULL;
            continue;
        }
        SG_TRY(result);
    }
    return sg_ok();
}

// A topic has leaders a moment after it is made; until then producing to it fails.
static sg_result wait_known(struct kafka_admin *admin, const char *name)
{
    int64_t limit_us = clock_monotonic_us() + (int64_t)KNOWN_WAIT_MS * 1000;
    for (;;) {
        int32_t count = 0;
        int32_t replication = 0;
        sg_result result = kafka_client_partitions(admin->client, name, &count, &replication);
        if ((sg_is_ok(result) && count > 0) || result.class == SG_FATAL) {
            return result;
        }
        if (clock_monotonic_us() >= limit_us) {
            return sg_fail(SG_RETRY, 0, "topic %s is made but has no leaders yet", name);
        }
        rd_kafka_poll(admin->client, KNOWN_STEP_MS);
    }
}

static void free_topics(struct new_topics *topics)
{
    rd_kafka_NewTopic_destroy_array(topics->list, topics->count);
}

// One request for all: a controller takes as long for one topic as for twenty.
static sg_result ask_creation(struct kafka_admin *admin, const struct plans *plans,
                              struct plans *ret_again)
{
    SG_CLEANUP(free_topics) struct new_topics topics = {.count = 0};
    for (; topics.count < plans->count; topics.count++) {
        SG_TRY(new_topic(&plans->list[topics.count], &topics.list[topics.count]));
    }
    rd_kafka_AdminOptions_t *options = new_options(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_CreateTopics(admin->client, topics.list, topics.count, options, admin->answers);
    rd_kafka_AdminOptions_destroy(options);

    rd_kafka_event_t *event = NULL;
    SG_TRY(take_answer(admin, "creating topics", &event));
    sg_result result = read_creations(event, plans, ret_again);
    rd_kafka_event_destroy(event);
    return result;
}

sg_result kafka_admin_create(struct kafka_admin *admin, const struct kafka_topic_plan *plans,
                             size_t count)
{
    struct plans all = {.count = count};
    struct plans again = {.count = 0};
    struct plans none = {.count = 0};
    if (count == 0) {
        return sg_ok();
    }
    if (count > KAFKA_ADMIN_PLANS_MAX) {
        return sg_fail(SG_FATAL, 0, "more than %d topics at once", KAFKA_ADMIN_PLANS_MAX);
    }
    memcpy(all.list, plans, count * sizeof *plans);
    SG_TRY(ask_creation(admin, &all, &again));
    if (again.count > 0) {
        SG_TRY(ask_creation(admin, &again, &none));
    }
    for (size_t i = 0; i < count; i++) {
        SG_TRY(wait_known(admin, plans[i].name));
    }
    return sg_ok();
}

sg_result kafka_admin_describe(struct kafka_admin *admin, const char *topic,
                               struct kafka_topic_facts *ret_facts)
{
    struct kafka_topic_facts facts = {.exists = false};
    SG_TRY(kafka_client_partitions(admin->client, topic, &facts.partitions, &facts.replication));
    facts.exists = facts.partitions > 0;
    *ret_facts = facts;
    return sg_ok();
}

// Copies the value of `name` out of the answer. Fails: SG_FATAL for a name that is not in it.
static sg_result find_value(const rd_kafka_ConfigResource_t *resource, const char *topic,
                            const char *name, char **ret_value)
{
    size_t count = 0;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0) {
            const char *value = rd_kafka_ConfigEntry_value(entries[i]);
            *ret_value = strdup(value == NULL ? "" : value);
            return *ret_value == NULL ? sg_fail(SG_FATAL, 0, "topic %s: out of memory", topic)
                                      : sg_ok();
        }
    }
    return sg_fail(SG_FATAL, 0, "topic %s: the broker knows no setting %s", topic, name);
}

static sg_result read_configs(rd_kafka_event_t *event, const char *topic,
                              struct kafka_config_values *asked)
{
    const rd_kafka_DescribeConfigs_result_t *all = rd_kafka_event_DescribeConfigs_result(event);
    size_t count = 0;
    const rd_kafka_ConfigResource_t **found =
        rd_kafka_DescribeConfigs_result_resources(all, &count);
    if (count != 1) {
        return sg_fail(SG_RETRY, 0, "topic %s: the broker told %zu configurations", topic, count);
    }
    rd_kafka_resp_err_t error = rd_kafka_ConfigResource_error(found[0]);
    SG_TRY(sg_explain(kafka_result(error, "its settings"), "topic %s", topic));
    for (size_t i = 0; i < asked->count; i++) {
        SG_TRY(find_value(found[0], topic, asked->names[i], &asked->values[i]));
    }
    return sg_ok();
}

static sg_result ask_configs(struct kafka_admin *admin, const char *topic,
                             struct kafka_config_values *asked)
{
    rd_kafka_ConfigResource_t *resource =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    rd_kafka_AdminOptions_t *options = new_options(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    rd_kafka_DescribeConfigs(admin->client, &resource, 1, options, admin->answers);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ConfigResource_destroy(resource);

    rd_kafka_event_t *event = NULL;
    SG_TRY(sg_explain(take_answer(admin, "its settings", &event), "topic %s", topic));
    sg_result result = read_configs(event, topic, asked);
    rd_kafka_event_destroy(event);
    return result;
}

// Any broker may be asked, and one of several learns of a new topic a moment later than the others.
sg_result kafka_admin_configs(struct kafka_admin *admin, const char *topic,
                              struct kafka_config_values *asked)
{
    int64_t limit_us = clock_monotonic_us() + (int64_t)KNOWN_WAIT_MS * 1000;
    sg_result result = ask_configs(admin, topic, asked);
    while (result.code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART &&
           clock_monotonic_us() < limit_us) {
        rd_kafka_poll(admin->client, KNOWN_STEP_MS);
        result = ask_configs(admin, topic, asked);
    }
    return result;
}

void kafka_config_values_done(struct kafka_config_values *values)
{
    for (size_t i = 0; i < values->count; i++) {
        free(values->values[i]);
        values->values[i] = NULL;
    }
}
