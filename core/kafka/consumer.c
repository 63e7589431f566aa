// Reading: the group, the split queues, the records.
#include "core/kafka/consumer.h"
#include "core/kafka/consumer_state.h"
#include "core/kafka/kafka_client.h"
#include "core/kafka/kafka_error.h"
#include "core/service/log.h"

#include <librdkafka/rdkafka.h>

#include <assert.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

// Behind an assignment the first waits are short: see consumer_state_nudge().
enum { FRESH_WAITS = 8, FRESH_WAIT_MS = 10 };

// A number as the text of a property.
struct number_text {
    char text[24];
};

static struct number_text number_text(int64_t number)
{
    struct number_text text;
    snprintf(text.text, sizeof text.text, "%" PRId64, number);
    return text;
}

void kafka_consumer_wake(struct kafka_consumer *consumer)
{
    // The counter of an eventfd cannot overflow here: the write fails, and the reader is awake.
    uint64_t one = 1;
    ssize_t written = write(consumer->wake, &one, sizeof one);
    (void)written;
}

// Called by the library's threads with the queue locked, when it is no longer empty.
static void wake_by_queue(rd_kafka_t *client, void *opaque)
{
    (void)client;
    kafka_consumer_wake(opaque);
}

static void free_queues(struct kafka_consumer *consumer)
{
    for (size_t i = 0; i < consumer->queue_count; i++) {
        struct kafka_queue *queue = &consumer->queues[i];
        // The partition keeps its queue beyond our handle: without this it would wake a freed
        // consumer.
        rd_kafka_queue_cb_event_enable(queue->handle, NULL, NULL);
        rd_kafka_queue_destroy(queue->handle);
        while (queue->batch_at < queue->batch_count) {
            rd_kafka_message_destroy(queue->batch[queue->batch_at++]);
        }
        free(queue->topic);
    }
    free(consumer->queues);
    consumer->queues = NULL;
    consumer->queue_count = 0;
}

// A queue leads nowhere but to its reader only if it is cut off before the assignment.
static sg_result split_queues(struct kafka_consumer *consumer,
                              const struct kafka_position *positions, size_t count)
{
    free_queues(consumer);
    if (count == 0) {
        return sg_ok();
    }
    consumer->queues = calloc(count, sizeof *consumer->queues);
    if (consumer->queues == NULL) {
        return sg_fail(SG_FATAL, 0, "queues of %zu partitions: out of memory", count);
    }
    for (size_t i = 0; i < count; i++) {
        struct kafka_queue *queue = &consumer->queues[i];
        queue->handle = rd_kafka_queue_get_partition(consumer->client, positions[i].topic,
                                                     positions[i].partition);
        queue->topic = strdup(positions[i].topic);
        if (queue->handle == NULL || queue->topic == NULL) {
            free(queue->topic);
            return sg_fail(SG_FATAL, 0, "queue of %s [%" PRId32 "]: out of memory",
                           positions[i].topic, positions[i].partition);
        }
        queue->consumer = consumer;
        queue->fresh = true;
        queue->partition = positions[i].partition;
        consumer->queue_count = i + 1;
        rd_kafka_queue_forward(queue->handle, NULL);
        rd_kafka_queue_cb_event_enable(queue->handle, wake_by_queue, consumer);
    }
    return sg_ok();
}

sg_result kafka_consumer_assign(struct kafka_consumer *consumer,
                                const struct kafka_position *positions, size_t count)
{
    consumer->assigned = true;
    // A partition whose topic is not known to the client yet is forgotten with its queue when it is
    // given up. So that comes first, else the old queue would be split and the new one not.
    bool held = consumer->queue_count > 0;
    if (held || positions == NULL) {
        SG_TRY(kafka_result(rd_kafka_assign(consumer->client, NULL), "giving up partitions"));
    }
    SG_TRY(split_queues(consumer, positions, count));
    if (positions == NULL) {
        return sg_ok();
    }
    rd_kafka_topic_partition_list_t *list = consumer_state_list(positions, count);
    rd_kafka_resp_err_t error = rd_kafka_assign(consumer->client, list);
    rd_kafka_topic_partition_list_destroy(list);
    consumer->fresh_waits = FRESH_WAITS;
    return kafka_result(error, "assigning partitions");
}

static void keep_failure(struct kafka_consumer *consumer, sg_result result)
{
    if (!sg_is_ok(result) && sg_is_ok(consumer->failure)) {
        consumer->failure = result;
        snprintf(consumer->reason, sizeof consumer->reason, "%s", sg_reason());
    }
}

static sg_result give_partitions(struct kafka_consumer *consumer,
                                 const rd_kafka_topic_partition_list_t *list)
{
    size_t count = (size_t)list->cnt;
    struct kafka_position *positions = calloc(count + 1, sizeof *positions);
    if (positions == NULL) {
        return sg_fail(SG_FATAL, 0, "assignment of %zu partitions: out of memory", count);
    }
    for (size_t i = 0; i < count; i++) {
        positions[i] = (struct kafka_position){.topic = list->elems[i].topic,
                                               .partition = list->elems[i].partition,
                                               .offset = KAFKA_OFFSET_NONE};
    }
    sg_result result;
    if (consumer->rebalance.assigned == NULL) {
        result = kafka_consumer_assign(consumer, positions, count);
    } else {
        result = consumer->rebalance.assigned(consumer->rebalance.context, positions, count);
    }
    free(positions);
    return result;
}

static sg_result take_partitions(struct kafka_consumer *consumer)
{
    if (consumer->closing || consumer->rebalance.revoked == NULL) {
        return sg_ok();
    }
    bool lost = rd_kafka_assignment_lost(consumer->client) != 0;
    return consumer->rebalance.revoked(consumer->rebalance.context, lost);
}

static void rebalance(rd_kafka_t *client, rd_kafka_resp_err_t what,
                      rd_kafka_topic_partition_list_t *list, void *opaque)
{
    struct kafka_consumer *consumer = opaque;
    (void)client;
    consumer->assigned = false;
    if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && !consumer->closing) {
        keep_failure(consumer, give_partitions(consumer, list));
        // The library waits for an answer, whatever became of the callback.
        if (!consumer->assigned) {
            keep_failure(consumer, kafka_consumer_assign(consumer, NULL, 0));
        }
        return;
    }
    if (what != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS && !consumer->closing) {
        keep_failure(consumer, kafka_result(what, "rebalance"));
    }
    keep_failure(consumer, take_partitions(consumer));
    keep_failure(consumer, kafka_consumer_assign(consumer, NULL, 0));
}

static sg_result open_client(struct kafka_consumer *consumer,
                             const struct kafka_consumer_config *config)
{
    const struct kafka_settings *kafka = config->kafka;
    // The library assigns partitions to members only, so a reader without a group has the name of
    // one that it never joins.
    const char *group = consumer->grouped ? config->group : "soglia-reader";
    struct number_text session = number_text(kafka->session_timeout_ms);
    // The library's 3 s would let a session shorter than that end between two heartbeats.
    struct number_text heartbeat = number_text(kafka->session_timeout_ms / 4);
    struct number_text wait = number_text(kafka->fetch_wait_ms);
    struct number_text records = number_text(kafka->prefetch_records);
    struct number_text kibibytes = number_text(kafka->prefetch_bytes / 1024);
    const char *instance = consumer->grouped ? config->instance : NULL;
    const struct kafka_client_property properties[] = {
        {"group.id", group},
        {"isolation.level", config->read_uncommitted ? "read_uncommitted" : "read_committed"},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "error"},
        {"enable.partition.eof", "true"},
        {"check.crcs", "true"},
        {"partition.assignment.strategy", "range"},
        {"session.timeout.ms", session.text},
        // Restoring a large state happens between two polls; the session tells whether we live.
        {"max.poll.interval.ms", "86400000"},
        {"heartbeat.interval.ms", heartbeat.text},
        {"fetch.wait.max.ms", wait.text},
        {"fetch.message.max.bytes", "1048576"},
        {"queued.min.messages", records.text},
        {"queued.max.messages.kbytes", kibibytes.text},
        {"group.instance.id", instance == NULL ? "" : instance},
    };
    size_t count = sizeof properties / sizeof properties[0] - (instance == NULL ? 1 : 0);
    SG_CLEANUP(kafka_client_conf_free) rd_kafka_conf_t *conf = NULL;
    SG_TRY(kafka_client_conf(kafka, group, properties, count, &conf));
    rd_kafka_conf_set_opaque(conf, consumer);
    rd_kafka_conf_set_rebalance_cb(conf, rebalance);
    return kafka_client_new(true, &conf, &consumer->client);
}

sg_result kafka_consumer_open(const struct kafka_consumer_config *config,
                              struct kafka_consumer **ret_consumer)
{
    SG_CLEANUP(kafka_consumer_drop) struct kafka_consumer *consumer = calloc(1, sizeof *consumer);
    if (consumer == NULL) {
        return sg_fail(SG_FATAL, 0, "consumer: out of memory");
    }
    consumer->rebalance = config->rebalance;
    consumer->grouped = config->group != NULL;
    consumer->full_records = (size_t)config->kafka->prefetch_records;
    consumer->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (consumer->wake < 0) {
        // NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the cleanup frees it.
        return sg_fail(SG_FATAL, 0, "consumer: no file descriptor for waking it");
    }
    SG_TRY(open_client(consumer, config));
    SG_TRY(kafka_result(rd_kafka_poll_set_consumer(consumer->client), "consumer"));
    consumer->main_queue = rd_kafka_queue_get_consumer(consumer->client);
    rd_kafka_queue_cb_event_enable(consumer->main_queue, wake_by_queue, consumer);

    *ret_consumer = SG_MOVE(consumer);
    return sg_ok();
}

static void end_consumer(struct kafka_consumer *consumer, bool leave)
{
    consumer->closing = true;
    free_queues(consumer);
    if (consumer->main_queue != NULL) {
        rd_kafka_queue_cb_event_enable(consumer->main_queue, NULL, NULL);
        rd_kafka_queue_destroy(consumer->main_queue);
    }
    if (consumer->committed != NULL) {
        rd_kafka_topic_partition_list_destroy(consumer->committed);
    }
    if (consumer->client != NULL && leave) {
        sg_ignore(kafka_result(rd_kafka_consumer_close(consumer->client), "closing"));
    }
    if (consumer->client != NULL) {
        rd_kafka_destroy_flags(consumer->client, leave ? 0 : RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    }
    if (consumer->wake >= 0) {
        close(consumer->wake);
    }
    free(consumer);
}

void kafka_consumer_close(struct kafka_consumer **consumer)
{
    if (*consumer != NULL) {
        end_consumer(SG_MOVE(*consumer), true);
    }
}

void kafka_consumer_drop(struct kafka_consumer **consumer)
{
    if (*consumer != NULL) {
        end_consumer(SG_MOVE(*consumer), false);
    }
}

sg_result kafka_consumer_subscribe(struct kafka_consumer *consumer, const char *const *topics,
                                   size_t count)
{
    assert(consumer->grouped);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_topic_partition_list_add(list, topics[i], RD_KAFKA_PARTITION_UA);
    }
    rd_kafka_resp_err_t error = rd_kafka_subscribe(consumer->client, list);
    rd_kafka_topic_partition_list_destroy(list);
    return kafka_result(error, "subscribing");
}

// What the main queue brings beside rebalances: trouble that passes is logged, the rest returned.
static sg_result judge_message(const rd_kafka_message_t *message)
{
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return sg_fail(SG_FATAL, 0, "a record of %s came past its queue",
                       rd_kafka_topic_name(message->rkt));
    }
    sg_result result = kafka_result(message->err, rd_kafka_message_errstr(message));
    if (result.class == SG_RETRY) {
        const struct log_field fields[] = {log_text("error", sg_reason()), {.name = NULL}};
        log_warn("consumer", fields);
        return sg_ok();
    }
    return result;
}

sg_result kafka_consumer_poll(struct kafka_consumer *consumer, int64_t timeout_ms)
{
    rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer->client, (int)timeout_ms);
    sg_result result = sg_ok();
    if (message != NULL) {
        result = judge_message(message);
        rd_kafka_message_destroy(message);
    }
    if (!sg_is_ok(consumer->failure)) {
        sg_result failure = consumer->failure;
        consumer->failure = sg_ok();
        return sg_fail(failure.class, failure.code, "%s", consumer->reason);
    }
    // Asked first, since the message of a fatal error hides its code.
    char text[SG_REASON_MAX];
    rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(consumer->client, text, sizeof text);
    return fatal == RD_KAFKA_RESP_ERR_NO_ERROR
               ? result
               : sg_fail(SG_FATAL, (int)fatal, "consumer: %s (%s)%s", text,
                         rd_kafka_err2name(fatal), kafka_advice((int)fatal));
}

// True while a queue of the last assignment has not said anything; wakes who fetches for it.
static bool nudge_fresh(struct kafka_consumer *consumer)
{
    bool some = false;
    for (size_t i = 0; i < consumer->queue_count && consumer->fresh_waits > 0; i++) {
        struct kafka_queue *queue = &consumer->queues[i];
        if (queue->fresh && rd_kafka_queue_length(queue->handle) == 0) {
            consumer_state_nudge(queue);
            some = true;
        }
    }
    consumer->fresh_waits -= some;
    return some;
}

void kafka_consumer_wait(struct kafka_consumer *consumer, int64_t timeout_ms)
{
    // The event is sent when a queue becomes filled. A caller who left records in one is not told
    // of them again, so the queues are asked first.
    bool filled = rd_kafka_queue_length(consumer->main_queue) > 0;
    for (size_t i = 0; !filled && i < consumer->queue_count; i++) {
        const struct kafka_queue *queue = &consumer->queues[i];
        filled = queue->batch_at < queue->batch_count || rd_kafka_queue_length(queue->handle) > 0;
    }
    struct pollfd waited = {.fd = consumer->wake, .events = POLLIN};
    bool is_short = nudge_fresh(consumer) && timeout_ms > FRESH_WAIT_MS;
    int64_t limit_ms = is_short ? FRESH_WAIT_MS : timeout_ms;
    if ((is_short || !filled) && poll(&waited, 1, (int)limit_ms) <= 0) {
        return;
    }
    uint64_t count = 0;
    ssize_t taken = read(consumer->wake, &count, sizeof count);
    (void)taken;
}
