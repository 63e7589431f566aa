// The loop: take what the inputs have, in the order of their time, process it, commit at the right
// moment. Failures have four classes: an event that is refused becomes a dead letter, a lost
// transaction is aborted and done again, trouble that may pass is waited for, and everything else
// ends the worker with one line.
#include "streams/runtime.h"

#include "core/service/clock.h"
#include "core/service/crash_point.h"
#include "core/service/log.h"
#include "core/service/metric.h"
#include "core/service/stop.h"
#include "streams/assignment.h"
#include "streams/tasks/input_check.h"
#include "streams/worker.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    ROUND_RECORDS = 2048,  // Of one task, before the others have their turn.
    IDLE_WAIT_MS = 500,    // Bound of a wait with nothing to do.
    MERGE_WAIT_MS = 2,     // Between two looks at an input that holds up the others.
    PROBLEM_WAIT_MS = 500, // After trouble that may pass.
    PROBLEMS_MAX = 120,    // Without a commit between them, then it is fatal.
    PROBLEM_FORGOTTEN_US = 10000000,
    PROBLEM_TOLD_US = 60000000,
    GAUGES_US = 1000000,
};

static bool holds_record(const struct topic_info *info)
{
    return info->record != NULL && !info->json;
}

// Decodes, checks and processes one event. SG_DROP leaves no trace of it.
static sg_result take_event(struct worker *worker, struct task *task, struct event *event)
{
    const struct topic_info *info = topic_info(event->topic);
    if (holds_record(info)) {
        void *record = arena_take(worker->arena, info->record->size);
        if (record == NULL) {
            return sg_fail(SG_FATAL, 0, "out of memory for a record");
        }
        SG_TRY(codec_decode(worker->codecs.by_topic[event->topic], event->value, worker->arena,
                            record));
        event->record = record;
        SG_TRY(input_check(info, event, worker->partitions));
    }
    struct process process = {
        .stores = task->stores,
        .arena = worker->arena,
        .emitter = &worker->output.emitter,
        .settings = worker->config->processor_settings,
    };
    return worker->config->processor->take(&process, event);
}

// Takes the head of an input, as an event or as a dead letter.
static sg_result take_record(struct worker *worker, struct task *task, struct input *input)
{
    const struct kafka_record *head = &input->head;
    struct event event = {
        .topic = input->info->topic,
        .key = head->key,
        .value = head->value,
        .partition = head->partition,
        .offset = head->offset,
        .timestamp_ms = head->timestamp_ms,
    };
    arena_reset(worker->arena);
    worker->output.timestamp_ms = event.timestamp_ms;
    sg_result taken = input_check_value(input->info, head->has_value);
    if (sg_is_ok(taken)) {
        taken = take_event(worker, task, &event);
    }
    if (taken.class == SG_DROP) {
        refusal_log_tell(&worker->refusals, worker->name, &event);
        taken = output_dead_letter(&worker->output, &event, head->has_value, sg_reason());
    }
    SG_TRY(taken);
    if (event.timestamp_ms > task->place.stream_time_ms) {
        task->place.stream_time_ms = event.timestamp_ms;
    }
    task->changed = true;
    return sg_ok();
}

// Takes up to ROUND_RECORDS of a task.
static sg_result run_task(struct worker *worker, struct task *task, int64_t *ret_taken)
{
    int64_t taken[TOPIC_COUNT] = {0};
    int64_t now_us = clock_monotonic_us();
    worker->output.ledger = task->ledger;
    for (int64_t i = 0; i < ROUND_RECORDS; i++) {
        struct input *input = NULL;
        SG_TRY(input_next(&task->inputs, now_us, &input));
        if (input == NULL) {
            break;
        }
        SG_TRY(worker_begin(worker));
        SG_TRY(take_record(worker, task, input));
        input_taken(input);
        SG_TRY(ledger_took(task->ledger, (int32_t)(input - task->inputs.list), input->next_offset));
        taken[input->info->topic]++;
        if (i == ROUND_RECORDS - 1) {
            SG_TRY(task_announce(task, &worker->output));
        }
    }
    for (unsigned topic = 0; topic < TOPIC_COUNT; topic++) {
        if (taken[topic] > 0) {
            metric_add(METRIC_RECORDS_READ, worker->config->processor->id, topic, taken[topic]);
            *ret_taken += taken[topic];
        }
    }
    return sg_ok();
}

static struct task *task_of(struct worker *worker, int32_t partition)
{
    for (size_t i = 0; i < worker->task_count; i++) {
        if (worker->tasks[i]->partition == partition) {
            return worker->tasks[i];
        }
    }
    return NULL;
}

// Takes what came of side effects. An outcome of a partition that is somebody else's now is theirs
// to find out again.
static sg_result take_outcomes(struct worker *worker, int64_t *ret_taken)
{
    const struct effector *effector = worker->config->effector;
    struct effect_outcome outcome;
    int32_t partition = 0;
    while (effector != NULL && *ret_taken < ROUND_RECORDS &&
           effector->take(effector->context, &outcome, &partition)) {
        struct task *task = task_of(worker, partition);
        if (task == NULL) {
            continue;
        }
        SG_TRY(worker_begin(worker));
        arena_reset(worker->arena);
        worker->output.timestamp_ms = outcome.at_ms;
        worker->output.ledger = task->ledger;
        struct process process = {
            .stores = task->stores,
            .arena = worker->arena,
            .emitter = &worker->output.emitter,
            .settings = worker->config->processor_settings,
        };
        SG_TRY(worker->config->processor->take_outcome(&process, &outcome));
        SG_TRY(ledger_took_outcome(task->ledger));
        crash_point("outcome_taken");
        task->changed = true;
        (*ret_taken)++;
    }
    return sg_ok();
}

// How long the running transaction may still grow.
static int64_t until_old_ms(const struct worker *worker)
{
    int64_t age_us = clock_monotonic_us() - worker->begun_us;
    return worker->config->stream->commit_interval_ms - age_us / 1000;
}

// True for a transaction that is old enough or large enough.
static bool is_at_limit(const struct worker *worker)
{
    if (!worker->open) {
        return false;
    }
    return until_old_ms(worker) <= 0 || worker_is_full(worker);
}

static sg_result offer_effects(struct worker *worker)
{
    for (size_t i = 0; i < worker->task_count && !worker->open; i++) {
        if (worker->tasks[i]->outbox != NULL) {
            SG_TRY(outbox_offer(worker->tasks[i]->outbox, clock_wall_ms(), worker->arena));
        }
    }
    return sg_ok();
}

// True when some input has a record that waits for another input.
static bool is_merging(const struct worker *worker)
{
    for (size_t i = 0; i < worker->task_count; i++) {
        const struct input_list *inputs = &worker->tasks[i]->inputs;
        for (size_t j = 0; j < inputs->count; j++) {
            if (inputs->list[j].has_head) {
                return true;
            }
        }
    }
    return false;
}

static int64_t wait_ms(const struct worker *worker)
{
    int64_t wait = is_merging(worker) ? MERGE_WAIT_MS : IDLE_WAIT_MS;
    for (size_t i = 0; i < worker->task_count; i++) {
        if (worker->tasks[i]->outbox == NULL) {
            continue;
        }
        int64_t due = outbox_next_due_ms(worker->tasks[i]->outbox) - clock_wall_ms();
        wait = due < wait ? due : wait;
    }
    if (worker->open && until_old_ms(worker) < wait) {
        wait = until_old_ms(worker);
    }
    return wait < 1 ? 1 : wait;
}

// One turn of the loop. `*ret_taken` counts what was taken. A transaction ends at its limits, which
// are looked at after each task, or when nothing is left to take and somebody waits for what it
// has: one of state alone costs the broker as much and tells nobody anything.
static sg_result run_round(struct worker *worker, int64_t *ret_taken)
{
    SG_TRY(kafka_consumer_poll(worker->consumer, 0));
    SG_TRY(take_outcomes(worker, ret_taken));
    for (size_t i = 0; i < worker->task_count; i++) {
        SG_TRY(run_task(worker, worker->tasks[i], ret_taken));
        if (is_at_limit(worker)) {
            SG_TRY(worker_commit(worker));
        }
    }
    if (*ret_taken == 0) {
        if (worker->output.awaited) {
            SG_TRY(worker_commit(worker));
        }
        SG_TRY(worker_confirm(worker));
    }
    SG_TRY(offer_effects(worker));
    return kafka_producer_poll(worker->producer);
}

static void update_gauges(const struct worker *worker)
{
    enum processor_id id = worker->config->processor->id;
    int64_t lag[TOPIC_COUNT] = {0};
    int64_t bytes = 0;
    size_t entries = 0;
    for (size_t i = 0; i < worker->task_count; i++) {
        const struct task *task = worker->tasks[i];
        for (size_t j = 0; j < task->inputs.count; j++) {
            const struct input *input = &task->inputs.list[j];
            int64_t end = input->queue == NULL ? 0 : kafka_queue_end(input->queue);
            lag[input->info->topic] +=
                input->ended || end < input->next_offset ? 0 : end - input->next_offset;
        }
        if (task->stores != NULL) {
            entries += stores_cache_count(task->stores);
            bytes += stores_file_bytes(task->stores);
        }
    }
    for (size_t i = 0; worker->config->processor->inputs[i] != TOPIC_COUNT; i++) {
        enum topic topic = worker->config->processor->inputs[i];
        metric_set(METRIC_CONSUMER_LAG, id, topic, lag[topic]);
    }
    metric_set(METRIC_CACHE_ENTRIES, id, 0, (int64_t)entries);
    metric_set(METRIC_STORE_BYTES, id, 0, bytes);
}

// A round that took nothing proves nothing after an abort: only a commit does, or a time of quiet.
static void forget_problems(struct worker *worker)
{
    if (worker->problems > 0 && clock_monotonic_us() - worker->problem_us >= PROBLEM_FORGOTTEN_US) {
        worker->problems = 0;
    }
}

// The first after a commit is told, and one in a minute of those that follow.
static void tell_problem(struct worker *worker, sg_result failure)
{
    if (worker->problems > 1 && worker->problem_us - worker->problem_told_us < PROBLEM_TOLD_US) {
        return;
    }
    worker->problem_told_us = worker->problem_us;
    log_warn("going back to the last commit",
             (struct log_field[]){log_text("worker", worker->name),
                                  log_text("class", sg_class_name(failure.class)),
                                  log_text("reason", sg_reason()),
                                  log_int("times", worker->problems),
                                  {.name = NULL}});
}

// What the loop does about a failure: SG_OK to go on.
static sg_result handle(struct worker *worker, sg_result failure)
{
    switch (failure.class) {
    case SG_OK:
        forget_problems(worker);
        return sg_ok();
    case SG_RETRY:
    case SG_ABORT:
        worker->problem_us = clock_monotonic_us();
        if (++worker->problems > PROBLEMS_MAX) {
            return sg_fail(SG_FATAL, failure.code, "%s (%d times in a row)", sg_reason(),
                           worker->problems);
        }
        tell_problem(worker, failure);
        // At once: the broker may be about to end the transaction by itself, and fences then.
        SG_TRY(worker->unsaved ? assignment_renew(worker) : worker_abort(worker));
        if (worker->problems > 1 || failure.class == SG_RETRY) {
            clock_sleep_ms(PROBLEM_WAIT_MS);
        }
        return sg_ok();
    case SG_DROP:
    case SG_FATAL:
        break;
    }
    return (sg_result){SG_FATAL, failure.code};
}

static void tell_ready(struct worker *worker, bool *told)
{
    if (*told || !worker->assigned) {
        return;
    }
    *told = true;
    if (worker->config->ready != NULL) {
        worker->config->ready(worker->config->ready_context);
    }
}

// The last commit. One that is lost now is no failure: the next start does the work again.
static sg_result end_in_order(struct worker *worker)
{
    sg_result last = worker_commit(worker);
    if (last.class != SG_ABORT && last.class != SG_RETRY) {
        return last;
    }
    log_warn(
        worker->unsaved ? "ending before the state has the last commit, the next start catches up"
                        : "ending without the last commit, the next start does that work again",
        (struct log_field[]){
            log_text("worker", worker->name), log_text("reason", sg_reason()), {.name = NULL}});
    return sg_ok();
}

static void wait_for_work(struct worker *worker)
{
    worker_rest(worker);
    kafka_consumer_wait(worker->consumer, wait_ms(worker));
    int64_t now_us = clock_monotonic_us();
    for (size_t i = 0; i < worker->task_count; i++) {
        inputs_waited(&worker->tasks[i]->inputs, now_us);
    }
}

static sg_result loop(struct worker *worker)
{
    bool told = false;
    int64_t gauges_us = 0;
    while (!stop_requested()) {
        int64_t taken = 0;
        SG_TRY(handle(worker, run_round(worker, &taken)));
        tell_ready(worker, &told);
        int64_t now_us = clock_monotonic_us();
        if (now_us - gauges_us >= GAUGES_US) {
            gauges_us = now_us;
            update_gauges(worker);
        }
        if (taken == 0 && !stop_requested()) {
            wait_for_work(worker);
        }
    }
    crash_point("stopping");
    return end_in_order(worker);
}

sg_result runtime_run(const struct runtime_config *config)
{
    static _Thread_local struct worker worker;
    struct kafka_rebalance rebalance = {
        .assigned = assignment_given, .revoked = assignment_taken, .context = &worker};
    sg_result result = worker_open(&worker, config, &rebalance);
    log_thread_name(worker.name);
    if (sg_is_ok(result)) {
        result = loop(&worker);
    } else if ((result.class == SG_RETRY || result.class == SG_ABORT) && stop_requested()) {
        // Kafka was still waited for: that is no failure.
        log_info("stopping before Kafka has answered",
                 (struct log_field[]){log_text("reason", sg_reason()), {.name = NULL}});
        result = sg_ok();
    }
    // Closing may fail too, and would hide why; or not come to an end.
    char reason[SG_REASON_MAX];
    snprintf(reason, sizeof reason, "%s", sg_reason());
    if (!sg_is_ok(result)) {
        log_error("worker ends", (struct log_field[]){log_text("reason", reason), {.name = NULL}});
    }
    worker_close(&worker);
    return sg_is_ok(result) ? result : sg_fail(SG_FATAL, result.code, "%s", reason);
}
