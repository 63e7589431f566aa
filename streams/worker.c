// Opening, committing, aborting; and the rebalance, which opens and closes tasks.
#include "streams/worker.h"

#include "core/service/clock.h"
#include "core/service/crash_point.h"
#include "core/service/log.h"
#include "core/service/metric.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

// One quote may reach a million subscriptions, and all of them are judged in one transaction.
static const size_t event_bytes_max = (size_t)8 << 30;

enum {
    COMMITTED_WAIT_MS = 60000,
    CONFIRM_WAIT_MS = 4000,
    LINGER_MS = 25, // A commit does not wait for it; under load batches are larger.
    REST_US = 2000000,
    MICROSECONDS = 1000,
    NAME_MAX_BYTES = 256,
};

static const struct processor *processor_of(const struct worker *worker)
{
    return worker->config->processor;
}

// Keys move when a topic gets partitions, their state does not: that takes a decision of people.
static sg_result set_partitions(struct worker *worker, const char *topic, int32_t count)
{
    if (worker->partitions != 0 && worker->partitions != count) {
        return sg_fail(SG_FATAL, 0,
                       "topic %s had %" PRId32 " partitions and has %" PRId32
                       " now: keys belong to other partitions than their state",
                       topic, worker->partitions, count);
    }
    worker->partitions = count;
    snprintf(worker->identity, sizeof worker->identity, "%s/%s/%" PRId32,
             worker->config->cluster_id, worker->config->topics->prefix, count);
    return sg_ok();
}

// All inputs must have the same number of partitions, or records that belong together would not
// meet.
sg_result worker_check_partitions(struct worker *worker)
{
    const struct processor *processor = processor_of(worker);
    const char *first = NULL;
    char names[PROCESSOR_INPUTS_MAX][KAFKA_TOPIC_MAX + 1];
    for (size_t i = 0; processor->inputs[i] != TOPIC_COUNT; i++) {
        topic_full_name(worker->config->topics, processor->inputs[i], names[i]);
        int32_t count = 0;
        SG_TRY(sg_explain(kafka_consumer_partitions(worker->consumer, names[i], &count),
                          "topic %s (has `soglia topics apply` been run?)", names[i]));
        if (first == NULL) {
            first = names[i];
            SG_TRY(set_partitions(worker, first, count));
        } else if (count != worker->partitions) {
            return sg_fail(SG_FATAL, 0,
                           "topic %s has %" PRId32 " partitions, %s has %" PRId32
                           ": topics that are read together need the same number; see `soglia "
                           "topics check`",
                           names[i], count, first, worker->partitions);
        }
    }
    return sg_ok();
}

static void group_name(const struct worker *worker, char ret_name[static NAME_MAX_BYTES])
{
    snprintf(ret_name, NAME_MAX_BYTES, "%ssoglia-%s", worker->config->topics->prefix,
             processor_of(worker)->name);
}

static sg_result open_consumer(struct worker *worker, const struct kafka_rebalance *rebalance)
{
    const struct runtime_config *config = worker->config;
    char group[NAME_MAX_BYTES];
    char instance[NAME_MAX_BYTES];
    group_name(worker, group);
    snprintf(instance, sizeof instance, "%ssoglia-%s-%s-%" PRId64, config->topics->prefix,
             config->processor->name, config->stream->instance, config->worker);
    struct kafka_consumer_config consumer = {
        .kafka = config->kafka,
        .group = group,
        .instance = instance,
        .rebalance = *rebalance,
    };
    SG_TRY(kafka_consumer_open(&consumer, &worker->consumer));
    if (config->opened != NULL) {
        config->opened(config->opened_context, worker->consumer);
    }
    SG_TRY(worker_check_partitions(worker));
    char names[PROCESSOR_INPUTS_MAX][KAFKA_TOPIC_MAX + 1];
    const char *topics[PROCESSOR_INPUTS_MAX];
    size_t count = 0;
    for (; config->processor->inputs[count] != TOPIC_COUNT; count++) {
        topic_full_name(config->topics, config->processor->inputs[count], names[count]);
        topics[count] = names[count];
    }
    return kafka_consumer_subscribe(worker->consumer, topics, count);
}

static sg_result open_codecs(struct worker *worker)
{
    const struct processor *processor = processor_of(worker);
    struct registry *registry = worker->config->registry;
    for (size_t i = 0; processor->inputs[i] != TOPIC_COUNT; i++) {
        SG_TRY(codecs_add(&worker->codecs, registry, processor->inputs[i]));
    }
    for (size_t i = 0; processor->outputs[i] != TOPIC_COUNT; i++) {
        SG_TRY(codecs_add(&worker->codecs, registry, processor->outputs[i]));
    }
    return codecs_add(&worker->codecs, registry, TOPIC_JOURNAL);
}

// The producer comes first: when it is open, the predecessor is fenced and its last transaction has
// ended, so that committed positions are final when they are read.
static sg_result open_producer(struct worker *worker)
{
    const struct runtime_config *config = worker->config;
    char id[NAME_MAX_BYTES];
    snprintf(id, sizeof id, "%ssoglia-%s-%s-%" PRId64, config->topics->prefix,
             config->processor->name, config->stream->instance, config->worker);
    struct kafka_producer_config producer = {
        .kafka = config->kafka, .transactional_id = id, .linger_ms = LINGER_MS};
    SG_TRY(kafka_producer_open(&producer, &worker->producer));
    return output_init(&worker->output, config->processor, worker->producer, &worker->codecs,
                       config->topics);
}

// Before anybody asks for the committed positions of what this worker wrote. Which position goes
// with it does not matter.
static sg_result settle(struct worker *worker)
{
    char group[NAME_MAX_BYTES];
    char topic[KAFKA_TOPIC_MAX + 1];
    group_name(worker, group);
    topic_full_name(worker->config->topics, processor_of(worker)->inputs[0], topic);
    const struct kafka_position any = {.topic = topic, .partition = 0, .offset = 0};
    SG_TRY(kafka_producer_settle(worker->producer, group, &any));
    crash_point("settled");
    return sg_ok();
}

sg_result worker_open(struct worker *worker, const struct runtime_config *config,
                      const struct kafka_rebalance *rebalance)
{
    *worker = (struct worker){.config = config};
    snprintf(worker->name, sizeof worker->name, "%s-%" PRId64, config->processor->name,
             config->worker);
    worker->task_config = (struct task_config){
        .processor = config->processor,
        .kafka = config->kafka,
        .topics = config->topics,
        .state = config->state,
        .registry = config->registry,
        .identity = worker->identity,
        .effector = config->effector,
        .merge_wait_ms = config->stream->merge_wait_ms,
    };
    worker->arena = arena_new(event_bytes_max);
    if (worker->arena == NULL) {
        return sg_fail(SG_FATAL, 0, "%s: out of memory", worker->name);
    }
    SG_TRY(open_codecs(worker));
    SG_TRY(open_producer(worker));
    SG_TRY(settle(worker));
    return open_consumer(worker, rebalance);
}

void worker_close_tasks(struct worker *worker)
{
    for (size_t i = 0; i < worker->task_count; i++) {
        task_close(&worker->tasks[i]);
        metric_change(METRIC_ASSIGNED, processor_of(worker)->id, 0, -1);
    }
    worker->task_count = 0;
    worker->unsaved = false; // They catch up when they are opened anew.
}

void worker_close(struct worker *worker)
{
    sg_ignore(worker_drop(worker)); // The broker aborts what is left open.
    worker_close_tasks(worker);
    if (worker->config->opened != NULL) {
        worker->config->opened(worker->config->opened_context, NULL);
    }
    kafka_consumer_close(&worker->consumer);
    output_done(&worker->output);
    kafka_producer_close(&worker->producer);
    codecs_done(&worker->codecs);
    arena_free(&worker->arena);
}

sg_result worker_begin(struct worker *worker)
{
    if (worker->open) {
        return sg_ok();
    }
    SG_TRY(kafka_producer_begin(worker->producer));
    crash_point("begun");
    worker->open = true;
    worker->begun_us = clock_monotonic_us();
    worker->output.awaited = worker->config->effector != NULL;
    worker->output.not_before_us =
        worker->ended_us + worker->config->stream->commit_gap_ms * MICROSECONDS;
    return sg_ok();
}

bool worker_is_full(const struct worker *worker)
{
    int64_t changes = 0;
    for (size_t i = 0; i < worker->task_count; i++) {
        const struct task *task = worker->tasks[i];
        if (ledger_is_full(task->ledger)) {
            return true;
        }
        changes += task->stores == NULL ? 0 : (int64_t)stores_dirty_count(task->stores);
    }
    return changes >= worker->config->stream->commit_changes;
}

// Changelog, outputs and positions of every changed task go into the transaction.
static sg_result prepare(struct worker *worker)
{
    struct kafka_position positions[WORKER_POSITIONS_MAX];
    char metadata[WORKER_TASKS_MAX][COMMIT_NOTE_MAX];
    size_t count = 0;
    for (size_t i = 0; i < worker->task_count; i++) {
        struct task *task = worker->tasks[i];
        if (!task->changed) {
            continue;
        }
        SG_TRY(task_flush(task, &worker->output));
        task_positions(task, metadata[i], positions + count);
        count += task->inputs.count;
    }
    crash_point("flushed");
    return kafka_producer_send_offsets(worker->producer, worker->consumer, positions, count);
}

// After the Kafka commit nothing may undo it: a file that has no room for it is opened anew and
// catches up from the changelog (assignment_renew()).
static sg_result save(struct worker *worker)
{
    for (size_t i = 0; i < worker->task_count; i++) {
        struct task *task = worker->tasks[i];
        if (task->changed) {
            SG_TRY(task_commit(task, &worker->output));
            crash_point("task_saved");
        }
    }
    return sg_ok();
}

sg_result worker_drop(struct worker *worker)
{
    if (!worker->open) {
        return sg_ok();
    }
    worker->open = false;
    worker->ended_us = clock_monotonic_us();
    metric_add(METRIC_ABORTS, processor_of(worker)->id, 0, 1);
    return kafka_producer_abort(worker->producer);
}

// Every position to read on, for an assignment or a rewind. Metadata is not needed there.
static size_t all_positions(const struct worker *worker, struct kafka_position *ret_positions)
{
    size_t count = 0;
    for (size_t i = 0; i < worker->task_count; i++) {
        char metadata[COMMIT_NOTE_MAX];
        task_positions(worker->tasks[i], metadata, ret_positions + count);
        for (size_t j = 0; j < worker->tasks[i]->inputs.count; j++) {
            ret_positions[count + j].metadata = NULL;
        }
        count += worker->tasks[i]->inputs.count;
    }
    return count;
}

// Fails with SG_FATAL when Kafka does not have the last commit of every task.
static sg_result check_committed(struct worker *worker, int64_t timeout_ms)
{
    struct kafka_position positions[WORKER_POSITIONS_MAX];
    size_t count = all_positions(worker, positions);
    SG_TRY(kafka_consumer_committed(worker->consumer, positions, count, timeout_ms));
    const struct kafka_position *next = positions;
    for (size_t i = 0; i < worker->task_count; i++) {
        SG_TRY(task_check_committed(worker->tasks[i], next));
        next += worker->tasks[i]->inputs.count;
    }
    return sg_ok();
}

sg_result worker_confirm(struct worker *worker)
{
    int outages = kafka_producer_outages(worker->producer);
    if (!worker->unconfirmed || outages == worker->outages) {
        return sg_ok();
    }
    sg_result found = check_committed(worker, CONFIRM_WAIT_MS);
    if (found.class == SG_RETRY) {
        // Undecided, or nobody answers: going back ends what is open and asks again.
        return sg_fail(SG_ABORT, found.code, "after a lost connection: %s", sg_reason());
    }
    SG_TRY(found);
    worker->outages = outages;
    worker->unconfirmed = false;
    return sg_ok();
}

void worker_rest(struct worker *worker)
{
    bool is_quiet = !worker->open && clock_monotonic_us() - worker->ended_us >= REST_US;
    if (is_quiet && worker->rested_us != worker->ended_us) {
        worker->rested_us = worker->ended_us;
        malloc_trim(0);
    }
}

sg_result worker_commit(struct worker *worker)
{
    if (!worker->open) {
        return sg_ok();
    }
    int64_t begun_us = clock_monotonic_us();
    SG_TRY(worker_confirm(worker));
    SG_TRY(prepare(worker));
    crash_point("before_kafka_commit");
    SG_TRY(kafka_producer_commit(worker->producer));
    crash_point("after_kafka_commit");
    worker->open = false;
    worker->ended_us = clock_monotonic_us();
    worker->unconfirmed = true;
    sg_result saved = save(worker);
    worker->unsaved = saved.class == SG_ABORT;
    if (worker->config->effector != NULL && (sg_is_ok(saved) || worker->unsaved)) {
        worker->config->effector->committed(worker->config->effector->context);
    }
    SG_TRY(saved);
    worker->problems = 0;
    crash_point("committed");
    metric_add(METRIC_COMMITS, processor_of(worker)->id, 0, 1);
    metric_observe_us(METRIC_COMMIT_SECONDS, processor_of(worker)->id,
                      clock_monotonic_us() - begun_us);
    return sg_ok();
}

// Reads on from where the tasks stand: what was prefetched is dropped, every input gets its queue
// anew.
sg_result worker_rewind(struct worker *worker)
{
    struct kafka_position positions[WORKER_POSITIONS_MAX];
    size_t count = all_positions(worker, positions);
    SG_TRY(kafka_consumer_assign(worker->consumer, positions, count));
    for (size_t i = 0; i < worker->task_count; i++) {
        struct input_list *inputs = &worker->tasks[i]->inputs;
        for (size_t j = 0; j < inputs->count; j++) {
            inputs->list[j].queue = kafka_consumer_queue(worker->consumer, inputs->list[j].name,
                                                         inputs->list[j].partition);
        }
    }
    crash_point("input_rewound");
    return sg_ok();
}

sg_result worker_abort(struct worker *worker)
{
    crash_point("before_abort");
    SG_TRY(worker_drop(worker));
    crash_point("aborted");
    SG_TRY(settle(worker));
    for (size_t i = 0; i < worker->task_count; i++) {
        SG_TRY(task_abort(worker->tasks[i]));
    }
    if (worker->config->effector != NULL) {
        worker->config->effector->aborted(worker->config->effector->context);
    }
    crash_point("after_abort");
    SG_TRY(check_committed(worker, COMMITTED_WAIT_MS));
    return worker_rewind(worker);
}
