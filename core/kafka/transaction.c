// Transactions: each call is run to one of three ends - done, the transaction is lost, stop - and
// errors that pass are tried again here.
#include "core/kafka/transaction.h"
#include "core/kafka/consumer_state.h"
#include "core/kafka/kafka_error.h"
#include "core/service/clock.h"
#include "core/service/crash_point.h"
#include "core/service/log.h"
#include "core/service/stop.h"

#include <librdkafka/rdkafka.h>

#include <assert.h>

enum { RETRY_MS = 50, INIT_SLICE_MS = 2000 };

// What a call needs beside the producer.
struct offsets {
    rd_kafka_topic_partition_list_t *list;
    struct kafka_consumer *consumer; // NULL: of `group`, which has no members.
    const char *group;
};

typedef rd_kafka_error_t *(*call_fn)(rd_kafka_t *client, struct offsets *offsets);

static rd_kafka_error_t *call_begin(rd_kafka_t *client, struct offsets *offsets)
{
    (void)offsets;
    return rd_kafka_begin_transaction(client);
}

static rd_kafka_error_t *call_send_offsets(rd_kafka_t *client, struct offsets *offsets)
{
    // Taken anew each time: a rebalance between two tries changes the generation.
    rd_kafka_consumer_group_metadata_t *group =
        offsets->consumer == NULL ? rd_kafka_consumer_group_metadata_new(offsets->group)
                                  : rd_kafka_consumer_group_metadata(offsets->consumer->client);
    rd_kafka_error_t *error =
        rd_kafka_send_offsets_to_transaction(client, offsets->list, group, -1);
    rd_kafka_consumer_group_metadata_destroy(group);
    return error;
}

static rd_kafka_error_t *call_commit(rd_kafka_t *client, struct offsets *offsets)
{
    (void)offsets;
    return rd_kafka_commit_transaction(client, -1);
}

static rd_kafka_error_t *call_abort(rd_kafka_t *client, struct offsets *offsets)
{
    (void)offsets;
    return rd_kafka_abort_transaction(client, -1);
}

static void tell_retry(struct kafka_producer *producer)
{
    const struct log_field fields[] = {
        log_text("producer", producer->transactional_id),
        log_text("error", sg_reason()),
        {.name = NULL},
    };
    log_warn("transactional call is tried again", fields);
}

// Runs a call until it succeeds, fails for good or `transaction_timeout_ms` have passed; SG_RETRY
// is then returned.
static sg_result run_call(struct kafka_producer *producer, const char *what, call_fn call,
                          struct offsets *offsets)
{
    int64_t limit_us = clock_monotonic_us() + producer->kafka->transaction_timeout_ms * 1000;
    for (;;) {
        rd_kafka_error_t *error = call(producer->client, offsets);
        sg_result result = kafka_result_of(&error, what);
        if (result.class != SG_RETRY || clock_monotonic_us() > limit_us) {
            return result;
        }
        tell_retry(producer);
        clock_sleep_ms(RETRY_MS);
    }
}

bool transaction_is_renewable(int error)
{
    return error == RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER ||
           error == RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER ||
           error == RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID ||
           error == RD_KAFKA_RESP_ERR__INCONSISTENT ||
           error == RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE;
}

// A new client mends a fatal error of the idempotent part, as long as nobody was asked to commit:
// init_transactions() aborts what is open. Once a commit was sent its outcome is unknown here, and
// only a restart from the committed positions tells it.
static sg_result judge_fatal(struct kafka_producer *producer, sg_result result, bool ending)
{
    rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(producer->client, NULL, 0);
    bool sent = ending && atomic_load(&producer->ends_sent) > 0;
    if (result.class != SG_FATAL || sent || !transaction_is_renewable((int)fatal)) {
        return result;
    }
    producer->renew = true;
    result.class = SG_ABORT;
    return result;
}

sg_result transaction_init(struct kafka_producer *producer, int limit_ms)
{
    for (;;) {
        // Short slices, so that a wish to stop is seen; the library goes on where it was.
        rd_kafka_error_t *error =
            rd_kafka_init_transactions(producer->client, limit_ms > 0 ? limit_ms : INIT_SLICE_MS);
        sg_result result = kafka_result_of(&error, "starting transactions");
        if (result.class != SG_RETRY || limit_ms > 0 || stop_requested()) {
            return result;
        }
        tell_retry(producer);
        clock_sleep_ms(RETRY_MS);
    }
}

// More ends than these make a new epoch. A test lets more pass, to see what happens then.
static int64_t endtxn_tolerated(void)
{
    return crash_point_number("endtxn_tolerated", 1);
}

sg_result kafka_producer_begin(struct kafka_producer *producer)
{
    assert(producer->transactional_id != NULL && !producer->in_transaction);
    // An end that was sent twice may arrive once more, and would end this transaction: a new epoch
    // makes the coordinator refuse it.
    if (producer->renew || atomic_load(&producer->ends_sent) > endtxn_tolerated()) {
        const struct log_field fields[] = {log_text("producer", producer->transactional_id),
                                           {.name = NULL}};
        log_debug("taking a new producer epoch", fields);
        SG_TRY(producer_state_renew(producer));
    }
    SG_TRY(run_call(producer, "beginning a transaction", call_begin, NULL));
    atomic_store(&producer->ends_sent, 0);
    producer->refusal = sg_ok();
    producer->in_transaction = true;
    return sg_ok();
}

static sg_result send_offsets(struct kafka_producer *producer, struct offsets *offsets)
{
    assert(producer->in_transaction);
    sg_result result = run_call(producer, "sending positions", call_send_offsets, offsets);
    rd_kafka_topic_partition_list_destroy(offsets->list);
    if (result.class == SG_RETRY) {
        result.class = SG_ABORT; // Time is up, and nothing is decided yet.
    }
    return judge_fatal(producer, result, false);
}

sg_result kafka_producer_send_offsets(struct kafka_producer *producer,
                                      struct kafka_consumer *consumer,
                                      const struct kafka_position *positions, size_t count)
{
    if (count == 0) {
        return sg_ok();
    }
    struct offsets offsets = {.list = consumer_state_list(positions, count), .consumer = consumer};
    return send_offsets(producer, &offsets);
}

sg_result kafka_producer_send_position(struct kafka_producer *producer, const char *group,
                                       const struct kafka_position *position)
{
    struct offsets offsets = {.list = consumer_state_list(position, 1), .group = group};
    return send_offsets(producer, &offsets);
}

sg_result kafka_producer_commit(struct kafka_producer *producer)
{
    assert(producer->in_transaction);
    sg_result result = run_call(producer, "committing", call_commit, NULL);
    if (result.class == SG_RETRY) {
        result.class = SG_FATAL; // The outcome is unknown.
    }
    producer->in_transaction = !sg_is_ok(result);
    return judge_fatal(producer, result, true);
}

// True when a new client can do what this abort could not. INVALID_TXN_STATE is no sign of fencing,
// the epoch is checked before it: the broker has heard of nothing that it could abort.
static bool aborts_by_renewal(struct kafka_producer *producer, sg_result result)
{
    rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(producer->client, NULL, 0);
    return result.class != SG_FATAL || fatal == RD_KAFKA_RESP_ERR_INVALID_TXN_STATE ||
           transaction_is_renewable((int)fatal);
}

sg_result kafka_producer_abort(struct kafka_producer *producer)
{
    assert(producer->in_transaction);
    producer->in_transaction = false;
    if (!producer->renew) {
        sg_result result = run_call(producer, "aborting", call_abort, NULL);
        // The library goes on behind the sequence number of a refused record, which the broker
        // never saw: the next transaction would be lost to the gap.
        producer->renew = !sg_is_ok(producer->refusal);
        // It ends with its transaction: a poll that told it once more would have it aborted again.
        producer->refusal = sg_ok();
        if (sg_is_ok(result) || !aborts_by_renewal(producer, result)) {
            return result;
        }
    }
    // The first act of a new client is to abort what the old one left open.
    return producer_state_renew(producer);
}
