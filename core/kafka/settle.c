// Ending what a transaction of the same id left open in partitions.
//
// A broker that knows no leader of a partition leaves out the marker that ends a transaction there,
// and takes the transaction for ended (seen with Kafka 4.3.1, KAFKA-20734): what its only
// replica does while it starts after a kill. Records without a marker would become visible with the
// next commit of the same producer id. An abort that touches every partition ends them for good.
#include "core/kafka/kafka_client.h"
#include "core/kafka/producer_state.h"
#include "core/service/clock.h"
#include "core/service/crash_point.h"
#include "core/service/log.h"
#include "core/service/stop.h"

#include <librdkafka/rdkafka.h>

enum { FLUSH_MS = 5000, RETRY_MS = 500 };

// A record to each partition of a topic, which the abort makes invisible; with a key, as compacted
// topics want one. A topic that is not there has nothing to end.
static sg_result touch_topic(struct kafka_producer *producer, struct kafka_topic *topic)
{
    int32_t count = 0;
    int32_t replication = 0;
    SG_TRY(kafka_client_partitions(producer->client, topic->name, &count, &replication));
    for (int32_t partition = 0; partition < count; partition++) {
        const struct kafka_message message = {.key = bytes_of_text(""),
                                              .value = bytes_of_text(""),
                                              .has_value = true,
                                              .partition = partition};
        SG_TRY(kafka_producer_send(producer, topic, &message));
    }
    return sg_ok();
}

static sg_result touch_all(struct kafka_producer *producer, const char *group,
                           const struct kafka_position *position)
{
    for (size_t i = 0; i < producer->topic_count; i++) {
        SG_TRY(touch_topic(producer, producer->topics[i]));
    }
    SG_TRY(kafka_producer_flush(producer, FLUSH_MS));
    return kafka_producer_send_position(producer, group, position);
}

static sg_result try_once(struct kafka_producer *producer, const char *group,
                          const struct kafka_position *position)
{
    SG_TRY(kafka_producer_begin(producer));
    sg_result touched = touch_all(producer, group, position);
    if (touched.class == SG_FATAL) {
        return touched;
    }
    crash_point("settling");
    SG_TRY(kafka_producer_abort(producer));
    return touched;
}

// A position in a topic that is not there is asked for until the transaction times out, and then
// the producer is told that it is fenced.
static sg_result check_position(struct kafka_producer *producer,
                                const struct kafka_position *position)
{
    int32_t count = 0;
    int32_t replication = 0;
    SG_TRY(kafka_client_partitions(producer->client, position->topic, &count, &replication));
    if (count == 0) {
        return sg_fail(SG_FATAL, 0, "topic %s is not there: run `soglia topics apply`",
                       position->topic);
    }
    return sg_ok();
}

// Waits until Kafka can tell who coordinates the group. For the positions of a transaction
// librdkafka asks three times, within 20 ms as our producers are set up, and then waits without an
// end (2.0.2; seen on a broker that was making its topic of groups; the library's issue 5456 is
// near). A consumer asks on: for the position of a partition that cannot be, since those of real
// ones may be undecided until this is through. (The library's administrative question about a group
// crashed the process when it was not answered in time, with the broker away.)
static sg_result find_coordinator(const struct kafka_producer *producer, const char *group,
                                  const struct kafka_position *position)
{
    const struct kafka_consumer_config config = {.kafka = producer->kafka, .group = group};
    SG_CLEANUP(kafka_consumer_close) struct kafka_consumer *consumer = NULL;
    struct kafka_position none = {.topic = position->topic, .partition = INT32_MAX};
    SG_TRY(kafka_consumer_open(&config, &consumer));
    sg_result asked = kafka_consumer_committed(consumer, &none, 1, KAFKA_CLIENT_ASK_MS);
    // Nobody but the coordinator can say that.
    return asked.code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ? sg_ok() : asked;
}

static sg_result try_to_settle(struct kafka_producer *producer, const char *group,
                               const struct kafka_position *position)
{
    SG_TRY(check_position(producer, position));
    SG_TRY(find_coordinator(producer, group, position));
    sg_result settled = try_once(producer, group, position);
    if (settled.class == SG_FATAL) {
        SG_TRY(check_position(producer, position)); // Deleted meanwhile: the better reason.
    }
    return settled;
}

sg_result kafka_producer_settle(struct kafka_producer *producer, const char *group,
                                const struct kafka_position *position)
{
    for (;;) {
        sg_result settled = try_to_settle(producer, group, position);
        if ((settled.class != SG_RETRY && settled.class != SG_ABORT) || stop_requested()) {
            return settled;
        }
        log_warn("ending what an earlier run may have left open is tried again",
                 (struct log_field[]){log_text("producer", producer->transactional_id),
                                      log_text("reason", sg_reason()),
                                      {.name = NULL}});
        clock_sleep_ms(RETRY_MS);
    }
}
