// Thin: every call that can fail becomes a result with the words of the library.
#include "bench/programs/bench_kafka.h"

#include <errno.h>
#include <string.h>

enum { WORDS_MAX = 512, CALL_MS = 60000, ROOM_WAIT_MS = 10 };

sg_result bench_kafka_result(rd_kafka_error_t *error, const char *what)
{
    if (error == NULL) {
        return sg_ok();
    }
    sg_result result = sg_fail(SG_FATAL, 0, "%s: %s", what, rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    return result;
}

static sg_result set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char words[WORDS_MAX];
    if (rd_kafka_conf_set(conf, name, value, words, sizeof words) == RD_KAFKA_CONF_OK) {
        return sg_ok();
    }
    return sg_fail(SG_FATAL, 0, "%s", words);
}

static sg_result set_all(rd_kafka_conf_t *conf, const char *brokers,
                         const struct bench_property *properties)
{
    SG_TRY(set(conf, "bootstrap.servers", brokers));
    for (; properties->name != NULL; properties++) {
        SG_TRY(set(conf, properties->name, properties->value));
    }
    return sg_ok();
}

// Takes the configuration, whatever comes of it.
static sg_result open_client(rd_kafka_type_t type, rd_kafka_conf_t *conf, sg_result configured,
                             rd_kafka_t **ret_client)
{
    char words[WORDS_MAX];
    rd_kafka_t *client =
        sg_is_ok(configured) ? rd_kafka_new(type, conf, words, sizeof words) : NULL;
    if (client == NULL) {
        rd_kafka_conf_destroy(conf);
        return sg_is_ok(configured) ? sg_fail(SG_FATAL, 0, "%s", words) : configured;
    }
    if (type == RD_KAFKA_CONSUMER) {
        rd_kafka_poll_set_consumer(client);
    }
    *ret_client = client;
    return sg_ok();
}

sg_result bench_kafka_open(rd_kafka_type_t type, const char *brokers,
                           const struct bench_property *properties, rd_kafka_t **ret_client)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    return open_client(type, conf, set_all(conf, brokers, properties), ret_client);
}

sg_result bench_kafka_producer(const char *brokers, const struct bench_property *properties,
                               bench_report_fn *report, void *context, rd_kafka_t **ret_client)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_dr_msg_cb(conf, report);
    rd_kafka_conf_set_opaque(conf, context);
    return open_client(RD_KAFKA_PRODUCER, conf, set_all(conf, brokers, properties), ret_client);
}

static void *without_const(const void *data)
{
    void *same = NULL;
    memcpy(&same, &data, sizeof same);
    return same;
}

static rd_kafka_resp_err_t try_send(rd_kafka_t *producer, rd_kafka_topic_t *topic,
                                    const struct bench_record *record)
{
    const rd_kafka_vu_t parts[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = record->partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {without_const(record->key.data), record->key.size}},
        {.vtype = RD_KAFKA_VTYPE_VALUE,
         .u.mem = {without_const(record->value.data), record->value.size}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = record->timestamp_ms},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = record->tag},
    };
    rd_kafka_error_t *failure = rd_kafka_produceva(producer, parts, sizeof parts / sizeof parts[0]);
    rd_kafka_resp_err_t error =
        failure == NULL ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_error_code(failure);
    if (failure != NULL) {
        rd_kafka_error_destroy(failure);
    }
    return error;
}

sg_result bench_kafka_send(rd_kafka_t *producer, rd_kafka_topic_t *topic,
                           const struct bench_record *record)
{
    for (;;) {
        rd_kafka_resp_err_t error = try_send(producer, topic, record);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
            return sg_ok();
        }
        if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            return sg_fail(SG_FATAL, 0, "%s: %s", rd_kafka_topic_name(topic),
                           rd_kafka_err2str(error));
        }
        rd_kafka_poll(producer, ROOM_WAIT_MS);
    }
}

sg_result bench_kafka_flush(rd_kafka_t *producer)
{
    rd_kafka_resp_err_t error = rd_kafka_flush(producer, CALL_MS);
    return error == RD_KAFKA_RESP_ERR_NO_ERROR
               ? sg_ok()
               : sg_fail(SG_FATAL, 0, "flush: %s", rd_kafka_err2str(error));
}

sg_result bench_kafka_partitions(rd_kafka_t *client, const char *topic, int32_t *ret_count)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t error = rd_kafka_metadata(client, 0, handle, &metadata, CALL_MS);
    rd_kafka_topic_destroy(handle);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return sg_fail(SG_FATAL, 0, "%s: %s", topic, rd_kafka_err2str(error));
    }
    *ret_count = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    return *ret_count > 0 ? sg_ok() : sg_fail(SG_FATAL, 0, "%s: there is no such topic", topic);
}

sg_result bench_kafka_read(rd_kafka_t *consumer, const char *topic, int64_t offset)
{
    int32_t count = 0;
    SG_TRY(bench_kafka_partitions(consumer, topic, &count));
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
    for (int32_t i = 0; i < count; i++) {
        rd_kafka_topic_partition_list_add(list, topic, i)->offset = offset;
    }
    rd_kafka_resp_err_t error = rd_kafka_assign(consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    return error == RD_KAFKA_RESP_ERR_NO_ERROR
               ? sg_ok()
               : sg_fail(SG_FATAL, 0, "%s: %s", topic, rd_kafka_err2str(error));
}

void bench_kafka_close(rd_kafka_t **client)
{
    if (*client != NULL) {
        rd_kafka_destroy(*client);
        *client = NULL;
    }
}
