// The feeder's loop: take what is there, commit, wait. On trouble it goes on from its positions.
#include "query/views/view_feeder.h"

#include "core/kafka/admin.h"
#include "core/kafka/partition_watch.h"
#include "core/service/backoff.h"
#include "core/service/clock.h"
#include "core/service/log.h"
#include "core/service/metric.h"
#include "core/service/stop.h"
#include "query/views/view_decoder.h"
#include "query/views/view_input.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROUND_RECORDS_MAX = 1000, // Of one partition, before the next one's turn.
    WAIT_MS = 50,
    REFUSALS_LOGGED = 10, // In a row of one run; the metric counts all.
    US_PER_MS = 1000,
    // Nothing else is asked of Kafka before it has answered this short call: a stop has to wait for
    // the call that runs.
    PROBE_MS = 1000,
};

static const struct backoff retries = {.first_ms = 100, .max_ms = 5000};

struct view_feeder {
    struct view_feeder_config config;
    pthread_t thread;
    bool started;
    atomic_bool closing;
    _Atomic(struct registry *) registry;

    // Of the thread:
    struct view_writer *writer;
    struct view_inputs inputs;
    struct kafka_admin *admin; // Asks whether Kafka is there.
    struct view_decoder *decoder;
    int64_t refusals;
    bool awaited;   // Answers to commands were taken since the last commit.
    bool recreated; // A record gave away that its topic is another one.
    size_t recreated_source;

    pthread_mutex_t lock; // Guards what follows.
    bool feeding;
    bool caught_up;
    int64_t lags[VIEW_SOURCE_COUNT];
    char trouble[SG_REASON_MAX];
    sg_result failure;
};

static sg_result probe(struct view_feeder *feeder)
{
    if (feeder->admin == NULL) {
        SG_TRY(kafka_admin_open(feeder->config.kafka, &feeder->admin));
    }
    return kafka_admin_wait(feeder->admin, PROBE_MS);
}

static sg_result connect(struct view_feeder *feeder)
{
    const struct view_feeder_config *config = &feeder->config;
    SG_TRY(probe(feeder));
    if (feeder->registry == NULL) {
        struct registry *registry = NULL;
        SG_TRY(registry_open(&(struct registry_config){.registry = config->registry,
                                                       .kafka = config->kafka,
                                                       .topics = config->topics},
                             &registry));
        feeder->registry = registry;
    }
    SG_TRY(view_decoder_prepare(feeder->decoder, feeder->registry));
    if (feeder->inputs.consumer == NULL) {
        SG_TRY(kafka_consumer_open(&(struct kafka_consumer_config){.kafka = config->kafka},
                                   &feeder->inputs.consumer));
    }
    return sg_ok();
}

static void publish(struct view_feeder *feeder)
{
    bool caught_up = view_inputs_caught_up(&feeder->inputs);
    pthread_mutex_lock(&feeder->lock);
    feeder->feeding = true;
    feeder->caught_up = feeder->caught_up || caught_up;
    for (size_t i = 0; i < VIEW_SOURCE_COUNT; i++) {
        feeder->lags[i] = view_inputs_lag(&feeder->inputs, i);
        metric_set(METRIC_VIEW_LAG, (unsigned)view_writer_topic(i), 0, feeder->lags[i]);
    }
    pthread_mutex_unlock(&feeder->lock);
}

static sg_result commit(struct view_feeder *feeder)
{
    bool committed = false;
    feeder->awaited = false;
    SG_TRY(view_writer_commit(feeder->writer, &committed));
    if (committed) {
        feeder->config.committed(feeder->config.context);
    }
    return sg_ok();
}

static void note_refusal(struct view_feeder *feeder, const struct kafka_record *record,
                         size_t source, const char *reason)
{
    metric_add(METRIC_VIEW_REFUSED, (unsigned)view_writer_topic(source), 0, 1);
    if (++feeder->refusals <= REFUSALS_LOGGED) {
        log_warn("a record was left out of the views",
                 (struct log_field[]){log_text("topic", record->topic),
                                      log_int("partition", record->partition),
                                      log_int("offset", record->offset),
                                      log_text("reason", reason),
                                      {.name = NULL}});
    }
}

// The record that an earlier run took last comes once more, to be looked at only.
static void verify(struct view_feeder *feeder, struct view_input *input,
                   const struct kafka_record *raw, uint64_t fingerprint)
{
    if (raw->offset == input->verify && fingerprint != input->expected) {
        feeder->recreated = true;
        feeder->recreated_source = input->source;
    }
}

static sg_result take(struct view_feeder *feeder, struct view_input *input,
                      const struct kafka_record *raw)
{
    struct view_record record = {.partition = raw->partition,
                                 .offset = raw->offset,
                                 .timestamp_ms = raw->timestamp_ms,
                                 .key = raw->key};
    uint64_t fingerprint = view_writer_fingerprint(&record, raw->value);
    input->at_end = false;
    input->caught_up = input->caught_up || raw->offset + 1 >= input->goal;
    if (raw->offset <= input->verify) {
        verify(feeder, input, raw, fingerprint);
        return sg_ok();
    }
    sg_result decoded =
        view_decoder_read(feeder->decoder, input->source,
                          feeder->inputs.partition_counts[input->source], raw, &record.value);
    if (!sg_is_ok(decoded) && decoded.class != SG_DROP) {
        return decoded;
    }
    bool refused = false;
    SG_TRY(view_writer_take(feeder->writer, input->source, &record, fingerprint, &refused));
    if (refused) {
        note_refusal(feeder, raw, input->source, sg_reason());
    }
    enum topic topic = view_writer_topic(input->source);
    feeder->awaited = feeder->awaited || topic == TOPIC_COMMAND_RESULTS;
    metric_add(METRIC_VIEW_RECORDS, topic, 0, 1);
    return sg_ok();
}

static bool may_take(const struct view_feeder *feeder)
{
    return !feeder->recreated && !view_writer_full(feeder->writer);
}

// Takes what one partition has, within bounds.
static sg_result drain(struct view_feeder *feeder, struct view_input *input, size_t *taken)
{
    for (size_t i = 0; i < ROUND_RECORDS_MAX && may_take(feeder); i++) {
        SG_CLEANUP(kafka_record_done) struct kafka_record record = {.handle = NULL};
        sg_result failure = sg_ok();
        switch (kafka_queue_next(input->queue, &record, &failure)) {
        case KAFKA_NEXT_RECORD:
            SG_TRY(take(feeder, input, &record));
            ++*taken;
            break;
        case KAFKA_NEXT_END:
            input->at_end = true;
            input->caught_up = true;
            break;
        case KAFKA_NEXT_EMPTY:
            return sg_ok();
        case KAFKA_NEXT_FAILED:
            // An offset that retention has passed is found anew; the rest comes back by itself.
            return sg_fail(SG_RETRY, failure.code, "%s", sg_reason());
        }
    }
    return sg_ok();
}

// One round over all partitions. Somebody waits for the answers in it.
static sg_result feed_round(struct view_feeder *feeder)
{
    size_t taken = 0;
    SG_TRY(kafka_consumer_poll(feeder->inputs.consumer, 0));
    for (size_t i = 0; i < feeder->inputs.count && !feeder->recreated; i++) {
        SG_TRY(drain(feeder, &feeder->inputs.inputs[i], &taken));
    }
    if (view_writer_due(feeder->writer, taken == 0 || feeder->awaited)) {
        SG_TRY(commit(feeder));
    }
    publish(feeder);
    if (taken == 0) {
        kafka_consumer_wait(feeder->inputs.consumer, WAIT_MS);
    }
    return sg_ok();
}

// Reads until the end is asked for, partitions were added or a topic turns out to be another one.
static sg_result feed(struct view_feeder *feeder)
{
    SG_TRY(connect(feeder));
    SG_TRY(commit(feeder));
    SG_TRY(view_inputs_assign(&feeder->inputs, feeder->config.topics));
    SG_CLEANUP(partition_watch_close) struct partition_watch *watch = NULL;
    SG_TRY(partition_watch_open(
        &(struct partition_watch_config){.admin = feeder->admin,
                                         .count = VIEW_SOURCE_COUNT,
                                         .topics = feeder->inputs.topics,
                                         .counts = feeder->inputs.partition_counts},
        &watch));
    feeder->recreated = false;
    bool changed = false;
    while (!feeder->closing && !feeder->recreated && !changed) {
        SG_TRY(feed_round(feeder));
        SG_TRY(partition_watch_look(watch, &changed));
    }
    SG_TRY(commit(feeder));
    if (feeder->recreated) {
        log_warn(
            "a topic is not the one that was read before: its view is built anew",
            (struct log_field[]){log_text("topic", feeder->inputs.topics[feeder->recreated_source]),
                                 {.name = NULL}});
        return view_writer_rebuild(feeder->writer, view_writer_view_of(feeder->recreated_source));
    }
    return sg_ok();
}

static void note_trouble(struct view_feeder *feeder, sg_result result)
{
    pthread_mutex_lock(&feeder->lock);
    feeder->feeding = false;
    snprintf(feeder->trouble, sizeof feeder->trouble, "%s", sg_reason());
    if (result.class != SG_RETRY) {
        feeder->failure = result;
    }
    pthread_mutex_unlock(&feeder->lock);
}

static void wait_to_retry(struct view_feeder *feeder, int64_t attempt)
{
    int64_t wait_ms = backoff_ms(&retries, attempt, (uint64_t)clock_monotonic_us());
    int64_t end_us = clock_monotonic_us() + wait_ms * US_PER_MS;
    log_warn("the views wait for Kafka", (struct log_field[]){log_text("reason", feeder->trouble),
                                                              log_int("wait_ms", wait_ms),
                                                              {.name = NULL}});
    while (!feeder->closing && clock_monotonic_us() < end_us) {
        clock_sleep_ms(WAIT_MS);
    }
}

static void *run(void *context)
{
    struct view_feeder *feeder = context;
    log_thread_name("views");
    int64_t attempt = 0;
    while (!feeder->closing) {
        int64_t began_us = clock_monotonic_us();
        sg_result result = feed(feeder);
        if (sg_is_ok(result)) {
            attempt = 0;
            continue;
        }
        note_trouble(feeder, result);
        if (result.class != SG_RETRY) {
            log_error("the views cannot be fed",
                      (struct log_field[]){log_text("reason", feeder->trouble), {.name = NULL}});
            stop_request();
            return NULL;
        }
        bool worked = clock_monotonic_us() - began_us > retries.max_ms * US_PER_MS;
        attempt = worked ? 1 : attempt + 1;
        wait_to_retry(feeder, attempt);
    }
    return NULL;
}

static void free_feeder(struct view_feeder *feeder)
{
    view_inputs_done(&feeder->inputs);
    kafka_consumer_close(&feeder->inputs.consumer);
    kafka_admin_close(&feeder->admin);
    view_decoder_free(&feeder->decoder);
    struct registry *registry = feeder->registry;
    registry_close(&registry);
    view_writer_close(&feeder->writer);
    pthread_mutex_destroy(&feeder->lock);
    free(feeder);
}

sg_result view_feeder_close(struct view_feeder **feeder)
{
    struct view_feeder *closing = *feeder;
    if (closing == NULL) {
        return sg_ok();
    }
    closing->closing = true;
    if (closing->started) {
        pthread_join(closing->thread, NULL);
    }
    sg_result result = closing->failure;
    if (!sg_is_ok(result)) {
        result = sg_fail(result.class, result.code, "%s", closing->trouble);
    }
    free_feeder(closing);
    *feeder = NULL;
    return result;
}

static void drop_feeder(struct view_feeder **feeder)
{
    sg_ignore(view_feeder_close(feeder));
}

sg_result view_feeder_open(const struct view_feeder_config *config, struct view_feeder **ret_feeder)
{
    SG_CLEANUP(drop_feeder) struct view_feeder *feeder = calloc(1, sizeof *feeder);
    if (feeder == NULL) {
        return sg_fail(SG_FATAL, 0, "views: out of memory");
    }
    feeder->config = *config;
    pthread_mutex_init(&feeder->lock, NULL);
    snprintf(feeder->trouble, sizeof feeder->trouble, "the views have not begun to be fed");
    feeder->decoder = view_decoder_new();
    if (feeder->decoder == NULL) {
        return sg_fail(SG_FATAL, 0, "views: out of memory");
    }
    SG_TRY(view_writer_open(config->store, config->views, &feeder->writer));
    feeder->inputs.writer = feeder->writer;
    if (pthread_create(&feeder->thread, NULL, run, feeder) != 0) {
        return sg_fail(SG_FATAL, 0, "views: the system gives no more threads");
    }
    feeder->started = true;
    *ret_feeder = SG_MOVE(feeder);
    return sg_ok();
}

// Says which topics the views are behind. The lock is held.
static sg_result print_lags(const struct view_feeder *feeder, struct buffer *out)
{
    const char *separator = "";
    for (size_t i = 0; i < VIEW_SOURCE_COUNT; i++) {
        if (feeder->lags[i] > 0) {
            SG_TRY(buffer_print(out, "%s%s is %" PRId64 " records behind", separator,
                                topic_info(view_writer_topic(i))->name, feeder->lags[i]));
            separator = ", ";
        }
    }
    return *separator != '\0' ? sg_ok() : buffer_print(out, "the views look for new records");
}

bool view_feeder_ready(struct view_feeder *feeder, struct buffer *ret_lacking)
{
    sg_result written = sg_ok();
    pthread_mutex_lock(&feeder->lock);
    bool ready = feeder->feeding && feeder->caught_up;
    if (!feeder->feeding) {
        written = buffer_print(ret_lacking, "%s", feeder->trouble);
    } else if (!ready) {
        written = print_lags(feeder, ret_lacking);
    }
    pthread_mutex_unlock(&feeder->lock);
    // A text that does not fit is cut: readiness is the answer, the words are for people.
    sg_ignore(written);
    return ready;
}

struct registry *view_feeder_registry(struct view_feeder *feeder)
{
    return feeder->registry;
}
