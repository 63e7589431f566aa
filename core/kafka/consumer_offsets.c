// Questions about positions: what is committed, what a partition holds.
#include "core/kafka/consumer_state.h"
#include "core/kafka/kafka_client.h"
#include "core/kafka/kafka_error.h"
#include "core/service/clock.h"

#include <librdkafka/rdkafka.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ASK_AGAIN_MS = 20, UNKNOWN_WAIT_MS = 3000 };

rd_kafka_topic_partition_list_t *consumer_state_list(const struct kafka_position *positions,
                                                     size_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_topic_partition_t *added =
            rd_kafka_topic_partition_list_add(list, positions[i].topic, positions[i].partition);
        added->offset = positions[i].offset;
        if (positions[i].metadata != NULL) {
            // Freed with the list by the library's allocator, which is malloc's.
            added->metadata = strdup(positions[i].metadata);
            added->metadata_size = added->metadata == NULL ? 0 : strlen(positions[i].metadata);
        }
    }
    return list;
}

// The library hands out the metadata without an end; the list frees what is there afterwards.
static sg_result end_metadata(rd_kafka_topic_partition_t *found)
{
    if (found->metadata == NULL) {
        return sg_ok();
    }
    char *text = realloc(found->metadata, found->metadata_size + 1);
    if (text == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for committed positions");
    }
    text[found->metadata_size] = '\0';
    found->metadata = text;
    return sg_ok();
}

sg_result kafka_consumer_committed(struct kafka_consumer *consumer,
                                   struct kafka_position *positions, size_t count,
                                   int64_t timeout_ms)
{
    if (consumer->committed != NULL) {
        rd_kafka_topic_partition_list_destroy(consumer->committed);
        consumer->committed = NULL;
    }
    if (count == 0) {
        return sg_ok();
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_topic_partition_list_add(list, positions[i].topic, positions[i].partition);
    }
    consumer->committed = list;
    SG_TRY(kafka_result(rd_kafka_committed(consumer->client, list, (int)timeout_ms),
                        "asking for committed positions"));
    for (size_t i = 0; i < count; i++) {
        // The library answers in the order of the question.
        rd_kafka_topic_partition_t *found = &list->elems[i];
        SG_TRY(sg_explain(kafka_result(found->err, "committed position"), "%s [%" PRId32 "]",
                          found->topic, found->partition));
        SG_TRY(end_metadata(found));
        positions[i].offset = found->offset;
        positions[i].metadata = found->metadata;
    }
    return sg_ok();
}

static bool is_unknown(int error)
{
    return error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

static sg_result explain_place(sg_result result, const char *topic, int32_t partition)
{
    // Asked about by name and not there: nobody will make it meanwhile.
    if (is_unknown(result.code)) {
        return sg_fail(SG_FATAL, result.code,
                       "%s [%" PRId32 "] is not there: run `soglia topics apply`", topic,
                       partition);
    }
    return sg_explain(result, "%s [%" PRId32 "]", topic, partition);
}

// Right after a topic was made, and while its leader goes, a partition has none for a moment. The
// library does not ask again by itself.
static bool lacks_a_leader(rd_kafka_resp_err_t error)
{
    return error == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
           error == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
           error == RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH;
}

// A broker that has just started does not know all its partitions yet.
static rd_kafka_resp_err_t ask_for_range(struct kafka_consumer *consumer, const char *topic,
                                         int32_t partition, int64_t *ret_first, int64_t *ret_end)
{
    int64_t begun_us = clock_monotonic_us();
    for (;;) {
        rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(
            consumer->client, topic, partition, ret_first, ret_end, KAFKA_CLIENT_ASK_MS);
        int64_t passed_ms = (clock_monotonic_us() - begun_us) / 1000;
        bool may_pass = (lacks_a_leader(error) && passed_ms < KAFKA_CLIENT_ASK_MS) ||
                        (is_unknown((int)error) && passed_ms < UNKNOWN_WAIT_MS);
        if (!may_pass) {
            return error;
        }
        clock_sleep_ms(ASK_AGAIN_MS);
    }
}

sg_result kafka_consumer_range(struct kafka_consumer *consumer, const char *topic,
                               int32_t partition, int64_t *ret_first, int64_t *ret_end)
{
    int64_t first = 0;
    int64_t end = 0;
    rd_kafka_resp_err_t error = ask_for_range(consumer, topic, partition, &first, &end);
    SG_TRY(explain_place(kafka_result(error, "asking for its range"), topic, partition));
    *ret_first = first;
    *ret_end = end;
    return sg_ok();
}

sg_result kafka_consumer_offset_at(struct kafka_consumer *consumer, const char *topic,
                                   int32_t partition, int64_t time_ms, int64_t *ret_offset)
{
    const struct kafka_position asked = {.topic = topic, .partition = partition, .offset = time_ms};
    rd_kafka_topic_partition_list_t *list = consumer_state_list(&asked, 1);
    rd_kafka_resp_err_t error =
        rd_kafka_offsets_for_times(consumer->client, list, KAFKA_CLIENT_ASK_MS);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        error = list->elems[0].err;
    }
    int64_t offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    SG_TRY(explain_place(kafka_result(error, "asking for the offset of a time"), topic, partition));
    if (offset < 0) {
        int64_t first = 0;
        return kafka_consumer_range(consumer, topic, partition, &first, ret_offset);
    }
    *ret_offset = offset;
    return sg_ok();
}

sg_result kafka_consumer_partitions(struct kafka_consumer *consumer, const char *topic,
                                    int32_t *ret_count)
{
    int32_t count = 0;
    int32_t replication = 0;
    SG_TRY(kafka_client_partitions(consumer->client, topic, &count, &replication));
    if (count == 0) {
        return sg_fail(SG_FATAL, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
                       "topic %s is not there: run `soglia topics apply`", topic);
    }
    *ret_count = count;
    return sg_ok();
}
