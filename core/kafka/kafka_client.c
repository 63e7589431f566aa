// Configuration of librdkafka, its log, and the rows of kafka.*.
#include "core/kafka/kafka_client.h"
#include "core/kafka/kafka_error.h"
#include "core/service/log.h"

#include <librdkafka/rdkafka.h>

#include <string.h>

enum { ERROR_TEXT_MAX = 512 };
// Levels of librdkafka's log are syslog's.
enum { LEVEL_WARNING = 4, LEVEL_DEBUG = 7 };

static const struct option rows[] = {
    {"kafka.brokers", OPTION_TEXT, offsetof(struct kafka_settings, brokers), "localhost:9092", 0, 0,
     NULL, "Brokers to begin with, host:port, separated by commas."},
    {"kafka.session_timeout", OPTION_DURATION, offsetof(struct kafka_settings, session_timeout_ms),
     "10s", 1000, 1800000, NULL,
     "How long a silent member of a group keeps its partitions; not below the broker's "
     "group.min.session.timeout.ms."},
    {"kafka.transaction_timeout", OPTION_DURATION,
     offsetof(struct kafka_settings, transaction_timeout_ms), "15s", 1000, 900000, NULL,
     "How long an open transaction of a vanished process may hold back the readers of its "
     "partitions."},
    {"kafka.fetch_wait", OPTION_DURATION, offsetof(struct kafka_settings, fetch_wait_ms), "200ms",
     1, 10000, NULL,
     "Longest wait of a broker for new records before it says that there are none."},
    {"kafka.prefetch_records", OPTION_INT, offsetof(struct kafka_settings, prefetch_records),
     "20000", 1, 10000000, NULL, "Records read ahead for each partition."},
    {"kafka.prefetch_bytes", OPTION_SIZE, offsetof(struct kafka_settings, prefetch_bytes), "32MiB",
     1048576, 2147482624, NULL, "Bytes read ahead for each partition."},
};

struct option_table kafka_options(struct kafka_settings *target)
{
    return (struct option_table){
        .title = "Kafka", .options = rows, .count = sizeof rows / sizeof rows[0], .target = target};
}

// Properties on which the promises of docs/guarantees rest; a setting cannot change them.
static const char *const decided[] = {
    "acks",
    "auto.offset.reset",
    "bootstrap.servers",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "group.instance.id",
    "isolation.level",
    "metadata.broker.list",
    "partition.assignment.strategy",
    "partitioner",
    "request.required.acks",
    "transactional.id",
};

static bool is_decided(const char *name)
{
    for (size_t i = 0; i < sizeof decided / sizeof decided[0]; i++) {
        if (strcmp(decided[i], name) == 0) {
            return true;
        }
    }
    return false;
}

// Values of these never reach a log or a reason.
static bool is_secret(const char *name)
{
    static const char *const parts[] = {"password", "secret", "sasl", "key", "pem", "token"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strstr(name, parts[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static void write_log(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    const struct log_field fields[] = {
        log_text("client", client == NULL ? "" : rd_kafka_name(client)),
        log_text("facility", facility),
        log_text("text", text),
        {.name = NULL},
    };
    // A coordinator that loads is asked again by itself: that is the usual course of a start.
    bool usual = strcmp(facility, "GETPID") == 0 && strstr(text, "retrying") != NULL;
    // The call that fails tells it; of partitions these lines name those that are in order, too.
    bool told = strcmp(facility, "TXNERR") == 0 || strcmp(facility, "ADDPARTS") == 0;
    // A broker that is away may come back, and a new client mend what is fatal to this one; who
    // must act on it is told by the call that fails.
    bool passing = strcmp(facility, "FAIL") == 0 || strcmp(facility, "FATAL") == 0;
    if (level > LEVEL_WARNING || usual || told) {
        log_debug("librdkafka", fields);
    } else if (level == LEVEL_WARNING || passing) {
        log_warn("librdkafka", fields);
    } else {
        log_error("librdkafka", fields);
    }
}

// What the library tells here is for people only; calls and polls return what a loop must act on.
static void write_error(rd_kafka_t *client, int error, const char *text, void *opaque)
{
    (void)opaque;
    // What ails one broker was in the log already, as FAIL.
    bool told = error == RD_KAFKA_RESP_ERR__TRANSPORT || error == RD_KAFKA_RESP_ERR__RESOLVE ||
                error == RD_KAFKA_RESP_ERR__SSL;
    write_log(client, told ? LEVEL_DEBUG : LEVEL_WARNING,
              rd_kafka_err2name((rd_kafka_resp_err_t)error), text);
}

static sg_result set_property(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[ERROR_TEXT_MAX] = "";
    switch (rd_kafka_conf_set(conf, name, value, text, sizeof text)) {
    case RD_KAFKA_CONF_OK:
        return sg_ok();
    case RD_KAFKA_CONF_UNKNOWN:
        return sg_fail(SG_FATAL, 0, "kafka.%s: neither soglia nor librdkafka knows it", name);
    case RD_KAFKA_CONF_INVALID:
        break;
    }
    return sg_fail(SG_FATAL, 0, "kafka.%s: %s", name, is_secret(name) ? "invalid value" : text);
}

static sg_result set_all(rd_kafka_conf_t *conf, const struct kafka_settings *settings,
                         const struct kafka_client_property *properties, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        SG_TRY(set_property(conf, properties[i].name, properties[i].value));
    }
    const struct settings_extra *extra = settings->extras;
    for (; extra != NULL && extra->key != NULL; extra++) {
        if (is_decided(extra->key)) {
            return sg_fail(SG_FATAL, 0,
                           "kafka.%s: soglia's guarantees rest on it, it cannot be set",
                           extra->key);
        }
        SG_TRY(set_property(conf, extra->key, extra->value));
    }
    return sg_ok();
}

void kafka_client_conf_free(rd_kafka_conf_t **conf)
{
    if (*conf != NULL) {
        rd_kafka_conf_destroy(SG_MOVE(*conf));
    }
}

sg_result kafka_client_conf(const struct kafka_settings *settings, const char *client_id,
                            const struct kafka_client_property *properties, size_t count,
                            rd_kafka_conf_t **ret_conf)
{
    const struct kafka_client_property common[] = {
        {"bootstrap.servers", settings->brokers}, {"client.id", client_id},
        {"allow.auto.create.topics", "false"},    {"socket.nagle.disable", "true"},
        {"log.connection.close", "false"},
    };
    if (settings->brokers[0] == '\0') {
        return sg_fail(SG_FATAL, 0, "kafka.brokers is empty: name at least one, host:port");
    }
    SG_CLEANUP(kafka_client_conf_free) rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, write_log);
    rd_kafka_conf_set_error_cb(conf, write_error);
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++) {
        SG_TRY(set_property(conf, common[i].name, common[i].value));
    }
    SG_TRY(set_all(conf, settings, properties, count));
    *ret_conf = SG_MOVE(conf);
    return sg_ok();
}

sg_result kafka_client_new(bool consumer, rd_kafka_conf_t **conf, rd_kafka_t **ret_client)
{
    char text[ERROR_TEXT_MAX] = "";
    rd_kafka_type_t type = consumer ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER;
    rd_kafka_t *client = rd_kafka_new(type, *conf, text, sizeof text);
    if (client == NULL) {
        return sg_fail(SG_FATAL, (int)rd_kafka_last_error(), "Kafka client: %s", text);
    }
    *conf = NULL;
    *ret_client = client;
    return sg_ok();
}

static sg_result read_metadata(const struct rd_kafka_metadata *metadata, const char *topic,
                               int32_t *ret_count, int32_t *ret_replication)
{
    if (metadata->topic_cnt != 1) {
        return sg_fail(SG_RETRY, 0, "topic %s: the broker said nothing about it", topic);
    }
    const struct rd_kafka_metadata_topic *found = &metadata->topics[0];
    *ret_replication = 0;
    if (found->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
        found->err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) {
        *ret_count = 0;
        return sg_ok();
    }
    SG_TRY(sg_explain(kafka_result(found->err, "metadata"), "topic %s", topic));
    for (int i = 0; i < found->partition_cnt; i++) {
        // A follower that is down leaves the partition in use.
        rd_kafka_resp_err_t error = found->partitions[i].err;
        if (error != RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE) {
            SG_TRY(sg_explain(kafka_result(error, "leader"), "topic %s", topic));
        }
    }
    *ret_count = found->partition_cnt;
    *ret_replication = found->partition_cnt == 0 ? 0 : found->partitions[0].replica_cnt;
    return sg_ok();
}

sg_result kafka_client_partitions(rd_kafka_t *client, const char *topic, int32_t *ret_count,
                                  int32_t *ret_replication)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
    if (handle == NULL) {
        return sg_fail(SG_FATAL, (int)rd_kafka_last_error(), "topic %s: %s", topic,
                       rd_kafka_err2str(rd_kafka_last_error()));
    }
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t error =
        rd_kafka_metadata(client, 0, handle, &metadata, KAFKA_CLIENT_ASK_MS);
    sg_result result = kafka_result(error, "asking for metadata");
    if (sg_is_ok(result)) {
        result = read_metadata(metadata, topic, ret_count, ret_replication);
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_destroy(handle);
    return result;
}
