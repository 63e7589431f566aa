// The loop: quotes go into a transaction, which ends by age or size at a position of the source.
// After a lost transaction the source is opened again at the last committed position.
#include "connectors/source.h"

#include "connectors/source_pace.h"
#include "connectors/source_progress.h"
#include "core/kafka/producer.h"
#include "core/service/backoff.h"
#include "core/service/clock.h"
#include "core/service/crash_point.h"
#include "core/service/log.h"
#include "core/service/stop.h"
#include "schemas/codec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    US_OF_MS = 1000,
    COMMIT_AGE_US = 500000,
    COMMIT_IDLE_US = 100000, // Age at which a commit need not wait for more while nothing is due.
    COMMIT_QUOTES = 200000,  // Bounds what the producer holds in memory.
    COMMIT_GAP_US = 20000,   // The coordinator writes markers: a sooner begin waits for longer.
    LOOK_QUOTES = 256,       // Quotes between two looks at the clock.
    STEP_MS = 100,           // Longest wait without looking around.
    LINGER_MS = 10,
    ASK_MS = 10000,
    LOST_MAX = 10, // Transactions lost one after the other.
    QUOTE_BYTES_MAX = 1 << 16,
};

struct run {
    const struct source *source;
    const struct source_request *request;
    const struct source_setting *setting;
    struct source_plan plan;
    char group[KAFKA_TOPIC_MAX + SOURCE_ID_MAX + 32]; // The transactional id too.
    char topic_name[KAFKA_TOPIC_MAX + 1];
    struct registry *registry;
    struct codec *codec;
    struct kafka_producer *producer;
    struct kafka_topic *topic;
    struct buffer message;
    void *reading; // The source, opened.
    int64_t first; // Position at which this run began.
    int64_t committed;
    int64_t position;     // Everything before it was handed to the producer.
    bool is_between;      // Nothing beyond the position was.
    bool is_open;         // A transaction.
    int64_t opened_us;    // When it was begun.
    int64_t committed_us; // When the last one ended.
    int64_t open_quotes;
    int lost;
    int outages; // Connections lost before the committed position was asked for.
    struct source_pace pace;
    struct source_progress progress;
};

static void run_done(struct run *run)
{
    source_progress_clear(&run->progress);
    run->source->close(&run->reading);
    kafka_producer_close(&run->producer);
    codec_free(&run->codec);
    registry_close(&run->registry);
    buffer_done(&run->message);
}

static sg_result schema_of(void *context, int32_t id, struct bytes *ret_text)
{
    return registry_schema(context, id, ret_text);
}

static sg_result open_codec(struct run *run)
{
    const struct registry_config config = {run->setting->registry, run->setting->kafka,
                                           run->setting->topics};
    SG_TRY(registry_open(&config, &run->registry));
    struct codec_config codec = {
        .type = &quote_type, .schema_of = schema_of, .context = run->registry};
    SG_TRY(registry_id(run->registry, TOPIC_QUOTES, &codec.id));
    return codec_new(&codec, &run->codec);
}

static sg_result open_producer(struct run *run)
{
    snprintf(run->group, sizeof run->group, "%ssoglia-fetch-%s", run->setting->topics->prefix,
             run->plan.id);
    topic_full_name(run->setting->topics, TOPIC_QUOTES, run->topic_name);
    const struct kafka_producer_config config = {
        .kafka = run->setting->kafka,
        .transactional_id = run->group,
        .linger_ms = LINGER_MS,
    };
    SG_TRY(kafka_producer_open(&config, &run->producer));
    return kafka_producer_topic(run->producer, run->topic_name, &run->topic);
}

// Where the run before stopped, or the last transaction that Kafka has ended.
static sg_result ask_position(struct run *run, int64_t *ret_position)
{
    const struct kafka_consumer_config config = {.kafka = run->setting->kafka, .group = run->group};
    SG_CLEANUP(kafka_consumer_close) struct kafka_consumer *consumer = NULL;
    struct kafka_position position = {.topic = run->topic_name, .partition = 0};
    run->outages = kafka_producer_outages(run->producer);
    SG_TRY(kafka_consumer_open(&config, &consumer));
    SG_TRY(kafka_consumer_committed(consumer, &position, 1, ASK_MS));
    *ret_position = position.offset < 0 ? 0 : position.offset;
    return sg_ok();
}

// As above, when nothing is open any more.
static sg_result find_position(struct run *run, int64_t *ret_position)
{
    const struct kafka_position any = {.topic = run->topic_name, .partition = 0};
    SG_TRY(kafka_producer_settle(run->producer, run->group, &any));
    return ask_position(run, ret_position);
}

// A broker that died may have lost the end of the last transaction, which it had confirmed.
static sg_result confirm(struct run *run)
{
    if (kafka_producer_outages(run->producer) == run->outages) {
        return sg_ok();
    }
    int64_t found = 0;
    sg_result asked = ask_position(run, &found);
    if (asked.class == SG_RETRY) {
        return sg_fail(SG_ABORT, asked.code, "after a lost connection: %s", sg_reason());
    }
    SG_TRY(asked);
    return found == run->committed
               ? sg_ok()
               : sg_fail(SG_ABORT, 0, "Kafka has lost the end of a transaction it had confirmed");
}

static sg_result begin(struct run *run)
{
    if (run->is_open) {
        return sg_ok();
    }
    int64_t early_us = run->committed_us + COMMIT_GAP_US - clock_monotonic_us();
    clock_sleep_ms(early_us / US_OF_MS);
    SG_TRY(kafka_producer_begin(run->producer));
    crash_point("fetch_begun");
    run->is_open = true;
    run->opened_us = clock_monotonic_us();
    run->open_quotes = 0;
    return sg_ok();
}

// Only between two positions.
static sg_result commit(struct run *run)
{
    if (run->position != run->committed) {
        SG_TRY(begin(run));
    }
    if (!run->is_open) {
        return sg_ok();
    }
    SG_TRY(confirm(run));
    const struct kafka_position position = {
        .topic = run->topic_name, .partition = 0, .offset = run->position, .metadata = "rows"};
    SG_TRY(kafka_producer_send_position(run->producer, run->group, &position));
    crash_point("before_fetch_commit");
    SG_TRY(kafka_producer_commit(run->producer));
    crash_point("after_fetch_commit");
    run->is_open = false;
    run->committed = run->position;
    run->committed_us = clock_monotonic_us();
    run->lost = 0;
    return sg_ok();
}

// Serves the producer, tells progress, and commits what is `age_us` old.
static sg_result look_around(struct run *run, int64_t age_us)
{
    struct source_counts counts;
    int64_t now_us = clock_monotonic_us();
    SG_TRY(kafka_producer_poll(run->producer));
    run->source->counts(run->reading, &counts);
    source_progress_show(&run->progress, &counts, now_us);
    bool is_due = run->is_open && now_us - run->opened_us >= age_us;
    bool has_moved = !run->is_open && run->position != run->committed &&
                     now_us - run->committed_us >= COMMIT_AGE_US;
    return run->is_between && (is_due || has_moved) ? commit(run) : sg_ok();
}

// Waits until the quote is due. A row that was begun is not split.
static sg_result wait_until_due(struct run *run, int64_t event_time_ms)
{
    while (run->is_between && !stop_requested()) {
        int64_t wait_us = source_pace_wait_us(&run->pace, event_time_ms, clock_monotonic_us());
        int64_t wait_ms = (wait_us + US_OF_MS - 1) / US_OF_MS;
        if (wait_ms == 0) {
            break;
        }
        SG_TRY(look_around(run, COMMIT_IDLE_US));
        stop_wait(wait_ms < STEP_MS ? wait_ms : STEP_MS);
    }
    return sg_ok();
}

static sg_result send(struct run *run, const struct quote *quote)
{
    SG_TRY(begin(run));
    buffer_clear(&run->message);
    SG_TRY(codec_encode(run->codec, quote, &run->message));
    const struct kafka_message message = {
        .key = quote->instrument,
        .value = buffer_bytes(&run->message),
        .has_value = true,
        .partition = -1,
    };
    SG_TRY(kafka_producer_send(run->producer, run->topic, &message));
    source_progress_take(&run->progress, quote->event_time);
    run->open_quotes++;
    return sg_ok();
}

static void reach(struct run *run, int64_t position)
{
    run->is_between = position != SOURCE_NO_POSITION;
    run->position = run->is_between ? position : run->position;
}

static sg_result take_quote(struct run *run, const struct source_event *event)
{
    SG_TRY(wait_until_due(run, event->quote.event_time));
    if (run->is_between && stop_requested()) {
        return sg_ok(); // Not sent, and not counted: the next run begins with it.
    }
    SG_TRY(send(run, &event->quote));
    reach(run, event->position);
    if (run->is_between && run->open_quotes >= COMMIT_QUOTES) {
        return commit(run);
    }
    bool is_time = run->progress.quotes % LOOK_QUOTES == 0 || run->pace.speed > 0;
    return is_time ? look_around(run, COMMIT_AGE_US) : sg_ok();
}

static bool is_over(const struct run *run)
{
    bool is_limit = run->plan.limit > 0 && run->position - run->first >= run->plan.limit;
    return run->is_between && (is_limit || stop_requested());
}

static sg_result pump(struct run *run)
{
    while (!is_over(run)) {
        struct source_event event;
        SG_TRY(run->source->next(run->reading, &event));
        switch (event.kind) {
        case SOURCE_QUOTE:
            SG_TRY(take_quote(run, &event));
            break;
        case SOURCE_IDLE:
            if (event.position != SOURCE_NO_POSITION) {
                reach(run, event.position);
            }
            SG_TRY(look_around(run, COMMIT_IDLE_US));
            break;
        case SOURCE_END:
            reach(run, event.position);
            return sg_ok();
        }
    }
    return sg_ok();
}

// Commits what stands before a failure of the source, whose reason stays.
static sg_result keep(struct run *run, sg_result failure)
{
    char reason[SG_REASON_MAX];
    snprintf(reason, sizeof reason, "%s", sg_reason());
    if (run->is_between) {
        SG_TRY(commit(run));
    }
    return sg_fail(failure.class, failure.code, "%s", reason);
}

static sg_result reopen(struct run *run)
{
    run->source->close(&run->reading);
    run->position = run->committed;
    run->is_between = true;
    return run->source->open(run->request, run->committed, &run->reading);
}

static sg_result recover(struct run *run)
{
    static const struct backoff pauses = {.first_ms = 50, .max_ms = 5000};
    source_progress_clear(&run->progress);
    const struct log_field fields[] = {
        log_text("reason", sg_reason()), log_int("rows_committed", run->committed), {.name = NULL}};
    log_warn("transaction lost, going back to the last committed row", fields);
    run->is_open = false;
    SG_TRY(kafka_producer_abort(run->producer));
    if (run->plan.is_read_once) {
        return sg_fail(SG_FATAL, 0,
                       "%s cannot be read again: with its whole input and --id the same command "
                       "goes on behind what is committed",
                       run->request->words[0]);
    }
    stop_wait(backoff_ms(&pauses, ++run->lost, 0));
    SG_TRY(find_position(run, &run->committed));
    return reopen(run);
}

static sg_result pump_and_commit(struct run *run)
{
    sg_result result = pump(run);
    if (sg_is_ok(result)) {
        return commit(run);
    }
    return result.class == SG_DROP ? keep(run, result) : result;
}

static sg_result begin_anew(struct run *run, int64_t found)
{
    // At once, so that a run that is killed early has begun anew too.
    run->committed = found;
    run->position = 0;
    run->is_between = true;
    return commit(run);
}

static sg_result start(struct run *run)
{
    int64_t found = 0;
    SG_TRY(open_codec(run));
    SG_TRY(open_producer(run));
    SG_TRY(find_position(run, &found));
    if (run->plan.is_anew) {
        SG_TRY(begin_anew(run, found));
    } else if (found > 0) {
        const struct log_field fields[] = {
            log_int("rows_done", found), log_text("id", run->plan.id), {.name = NULL}};
        log_info("going on behind the rows that were sent before; --restart begins anew", fields);
    }
    run->committed = run->plan.is_anew ? 0 : found;
    run->first = run->committed;
    source_progress_init(&run->progress, run->source->name);
    return reopen(run);
}

static const char *words_of_end(const struct run *run, sg_result result)
{
    if (!sg_is_ok(result)) {
        return "failed; the same command goes on from here";
    }
    if (stop_requested()) {
        return "stopped; the same command goes on from here";
    }
    if (run->plan.limit > 0 && run->position - run->first >= run->plan.limit) {
        return "limit reached; the same command goes on from here";
    }
    return run->position == run->first ? "nothing left: everything was sent before" : "done";
}

static void tell_end(struct run *run, sg_result result)
{
    struct source_counts counts;
    run->source->counts(run->reading, &counts);
    source_progress_sum(&run->progress, words_of_end(run, result), &counts);
}

sg_result source_run(const struct source *source, const struct source_request *request,
                     const struct source_setting *setting)
{
    struct run run SG_CLEANUP(run_done) = {
        .source = source, .request = request, .setting = setting};
    buffer_init(&run.message, QUOTE_BYTES_MAX);
    SG_TRY(source->plan(request, &run.plan));
    run.pace.speed = run.plan.speed;
    SG_TRY(start(&run));
    sg_result result = pump_and_commit(&run);
    while (result.class == SG_ABORT && run.lost < LOST_MAX && !stop_requested()) {
        SG_TRY(recover(&run));
        result = pump_and_commit(&run);
    }
    tell_end(&run, result);
    return result;
}
