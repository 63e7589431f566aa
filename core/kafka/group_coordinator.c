// Who coordinates a group. librdkafka asks that for the positions of a transaction three times,
// within 20 ms as our producers are set up, and then waits for ever (2.0.2; seen on a broker that
// was making its topic of groups; the library's issue 5456 is near). A question about the group is
// bounded, and the answer stays with the client that asked.
#include "core/kafka/kafka_client.h"
#include "core/kafka/kafka_error.h"

#include <librdkafka/rdkafka.h>

enum { TEXT_MAX = 256, MARGIN_MS = 1000 };

static void free_event(rd_kafka_event_t **event)
{
    if (*event != NULL) {
        rd_kafka_event_destroy(*event);
    }
}

static sg_result read_answer(rd_kafka_event_t *event)
{
    size_t count = 0;
    const rd_kafka_group_result_t **groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
        rd_kafka_event_ListConsumerGroupOffsets_result(event), &count);
    const rd_kafka_error_t *error = count == 0 ? NULL : rd_kafka_group_result_error(groups[0]);
    return error == NULL ? sg_ok()
                         : kafka_result(rd_kafka_error_code(error), rd_kafka_error_string(error));
}

static sg_result take_answer(rd_kafka_queue_t *queue, int limit_ms)
{
    SG_CLEANUP(free_event)
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, limit_ms + MARGIN_MS);
    if (event == NULL) {
        return sg_fail(SG_RETRY, RD_KAFKA_RESP_ERR__TIMED_OUT, "no answer");
    }
    rd_kafka_resp_err_t error = rd_kafka_event_error(event);
    return error == RD_KAFKA_RESP_ERR_NO_ERROR
               ? read_answer(event)
               : kafka_result(error, rd_kafka_event_error_string(event));
}

static void ask(rd_kafka_t *client, const char *group, const struct kafka_position *position,
                int limit_ms, rd_kafka_queue_t *answers)
{
    char text[TEXT_MAX];
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
    rd_kafka_AdminOptions_set_request_timeout(options, limit_ms, text, sizeof text);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, position->topic, position->partition);
    rd_kafka_ListConsumerGroupOffsets_t *question =
        rd_kafka_ListConsumerGroupOffsets_new(group, list);
    rd_kafka_ListConsumerGroupOffsets(client, &question, 1, options, answers);
    rd_kafka_ListConsumerGroupOffsets_destroy(question);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_AdminOptions_destroy(options);
}

sg_result kafka_client_find_group(rd_kafka_t *client, const char *group,
                                  const struct kafka_position *position, int limit_ms)
{
    rd_kafka_queue_t *answers = rd_kafka_queue_new(client);
    ask(client, group, position, limit_ms, answers);
    sg_result result = take_answer(answers, limit_ms);
    rd_kafka_queue_destroy(answers);
    return sg_explain(result, "looking for the coordinator of group %s", group);
}
