// Error codes and error objects of librdkafka, as classes.
#include "core/kafka/kafka_error.h"
#include "core/kafka/kafka.h"

#include <librdkafka/rdkafka.h>

// Of the hundred codes that the library has, the ones below pass by themselves: a broker that is
// away or moving, a coordinator that loads, a time-out. What is in no list is fatal, so that a code
// of a newer broker stops the program with its name rather than being tried for ever.
static const rd_kafka_resp_err_t passing[] = {
    RD_KAFKA_RESP_ERR__TRANSPORT,
    RD_KAFKA_RESP_ERR__RESOLVE,
    RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
    RD_KAFKA_RESP_ERR__TIMED_OUT,
    RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE,
    RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
    RD_KAFKA_RESP_ERR__QUEUE_FULL,
    RD_KAFKA_RESP_ERR__WAIT_COORD,
    RD_KAFKA_RESP_ERR__WAIT_CACHE,
    RD_KAFKA_RESP_ERR__IN_PROGRESS,
    RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS,
    RD_KAFKA_RESP_ERR__CONFLICT,
    RD_KAFKA_RESP_ERR__INTR,
    RD_KAFKA_RESP_ERR__RETRY,
    RD_KAFKA_RESP_ERR__NODE_UPDATE,
    RD_KAFKA_RESP_ERR__UNKNOWN_BROKER,
    RD_KAFKA_RESP_ERR__OUTDATED,
    RD_KAFKA_RESP_ERR__PARTIAL,
    RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST,
    RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED,
    RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
    RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
    RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
    RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
    RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
    RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
    RD_KAFKA_RESP_ERR_NOT_CONTROLLER,
    RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
    RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
    RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
    RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
    RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED,
    RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS,
    RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
    RD_KAFKA_RESP_ERR_FETCH_SESSION_ID_NOT_FOUND,
    RD_KAFKA_RESP_ERR_INVALID_FETCH_SESSION_EPOCH,
    RD_KAFKA_RESP_ERR_LISTENER_NOT_FOUND,
    RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
    RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH,
    RD_KAFKA_RESP_ERR_STALE_BROKER_EPOCH,
    RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_PREFERRED_LEADER_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_ELIGIBLE_LEADERS_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT,
    RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED,
};

static bool is_passing(int error)
{
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
        if ((int)passing[i] == error) {
            return true;
        }
    }
    return false;
}

enum sg_class kafka_class(int error)
{
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return SG_OK;
    }
    if (error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
        return SG_DROP;
    }
    return is_passing(error) ? SG_RETRY : SG_FATAL;
}

bool kafka_is_unknown_topic(int code)
{
    return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
}

const char *kafka_advice(int error)
{
    switch (error) {
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
        return "; another process with the same run.instance has taken over, or a transaction was "
               "open for longer than kafka.transaction_timeout";
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
        return "; another process with the same run.instance has taken over";
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        return "; the topic was made anew or has lost records: move the group's position with "
               "kafka-consumer-groups.sh --reset-offsets";
    default:
        return "";
    }
}

sg_result kafka_result(int error, const char *what)
{
    enum sg_class class = kafka_class(error);
    if (class == SG_OK) {
        return sg_ok();
    }
    return sg_fail(class, error, "%s: %s (%s)%s", what,
                   rd_kafka_err2str((rd_kafka_resp_err_t)error),
                   rd_kafka_err2name((rd_kafka_resp_err_t)error), kafka_advice(error));
}

static enum sg_class class_of_flags(const rd_kafka_error_t *error)
{
    if (rd_kafka_error_txn_requires_abort(error)) {
        return SG_ABORT;
    }
    if (rd_kafka_error_is_retriable(error) && !rd_kafka_error_is_fatal(error)) {
        return SG_RETRY;
    }
    return SG_FATAL;
}

sg_result kafka_result_of(rd_kafka_error_t **error, const char *what)
{
    rd_kafka_error_t *taken = SG_MOVE(*error);
    if (taken == NULL) {
        return sg_ok();
    }
    sg_result result =
        sg_fail(class_of_flags(taken), (int)rd_kafka_error_code(taken), "%s: %s (%s)%s", what,
                rd_kafka_error_string(taken), rd_kafka_error_name(taken),
                kafka_advice((int)rd_kafka_error_code(taken)));
    rd_kafka_error_destroy(taken);
    return result;
}
