// Tasks come and go with the partitions that the group gives and takes.
#include "streams/assignment.h"

#include "core/service/clock.h"
#include "core/service/crash_point.h"
#include "core/service/log.h"
#include "core/service/metric.h"
#include "core/service/stop.h"
#include "streams/opening.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { COMMITTED_WAIT_MS = 60000, RETRY_WAIT_MS = 500, TRIES_MAX = 120 };

static const struct processor *processor_of(const struct worker *worker)
{
    return worker->config->processor;
}

// Turns "from the beginning" into an offset, and learns where the partition ends now. Records that
// retention took away before they were read are never passed over in silence.
static sg_result aim_input(struct worker *worker, struct task *task, struct input *input)
{
    int64_t first = 0;
    SG_TRY(kafka_consumer_range(worker->consumer, input->name, input->partition, &first,
                                &input->known_end));
    if (input->next_offset < 0) {
        input->next_offset = first;
    }
    if (input->next_offset < first) {
        if (!worker->config->stream->skip_lost) {
            return sg_fail(SG_FATAL, 0,
                           "%s, partition %" PRId32 ": records %" PRId64 " to %" PRId64
                           " were deleted by retention before they were read; set "
                           "run.skip_lost=true once to go on without them",
                           input->name, input->partition, input->next_offset, first - 1);
        }
        log_error("records were deleted by retention before they were read",
                  (struct log_field[]){log_text("topic", input->name),
                                       log_int("partition", input->partition),
                                       log_int("from", input->next_offset),
                                       log_int("to", first - 1),
                                       {.name = NULL}});
        input->next_offset = first;
        task->changed = true;
    }
    input->committed_offset = input->next_offset;
    return sg_ok();
}

static sg_result aim_task(struct worker *worker, struct task *task)
{
    for (size_t i = 0; i < task->inputs.count; i++) {
        SG_TRY(aim_input(worker, task, &task->inputs.list[i]));
    }
    return sg_ok();
}

static int by_partition(const void *left_position, const void *right_position)
{
    const struct kafka_position *left = left_position;
    const struct kafka_position *right = right_position;
    int order = (left->partition > right->partition) - (left->partition < right->partition);
    return order != 0 ? order : strcmp(left->topic, right->topic);
}

// Each partition number is a task of its own, with all its inputs.
static sg_result group_positions(struct worker *worker, struct kafka_position *committed,
                                 size_t count, struct opening *openings, size_t *ret_tasks)
{
    qsort(committed, count, sizeof *committed, by_partition);
    size_t tasks = 0;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || committed[i].partition != committed[i - 1].partition) {
            if (tasks == WORKER_TASKS_MAX) {
                return sg_fail(SG_FATAL, 0, "%s: more than %d partitions; run more workers",
                               processor_of(worker)->name, WORKER_TASKS_MAX);
            }
            openings[tasks++] = (struct opening){.committed = &committed[i]};
        }
        openings[tasks - 1].count++;
    }
    *ret_tasks = tasks;
    return sg_ok();
}

static sg_result add_tasks(struct worker *worker, struct kafka_position *committed, size_t count)
{
    struct opening openings[WORKER_TASKS_MAX];
    size_t tasks = 0;
    SG_TRY(group_positions(worker, committed, count, openings, &tasks));
    sg_result opened = opening_run(&worker->task_config, worker->name,
                                   worker->config->stream->restore_threads, openings, tasks);
    for (size_t i = 0; i < tasks; i++) {
        if (openings[i].task != NULL) {
            worker->tasks[worker->task_count++] = openings[i].task;
            metric_change(METRIC_ASSIGNED, processor_of(worker)->id, 0, 1);
        }
    }
    SG_TRY(opened);
    for (size_t i = 0; i < worker->task_count; i++) {
        SG_TRY(aim_task(worker, worker->tasks[i]));
    }
    return sg_ok();
}

static sg_result open_tasks(struct worker *worker, const struct kafka_position *partitions,
                            size_t count)
{
    struct kafka_position committed[WORKER_POSITIONS_MAX];
    SG_TRY(worker_check_partitions(worker));
    if (count == 0) {
        return sg_ok();
    }
    memcpy(committed, partitions, count * sizeof *committed);
    SG_TRY(kafka_consumer_committed(worker->consumer, committed, count, COMMITTED_WAIT_MS));
    return add_tasks(worker, committed, count);
}

// The group gives an assignment only once, so what fails for a time is tried again here.
static sg_result open_tasks_patiently(struct worker *worker,
                                      const struct kafka_position *partitions, size_t count)
{
    sg_result opened = open_tasks(worker, partitions, count);
    for (int tries = 1; opened.class == SG_RETRY && tries < TRIES_MAX && !stop_requested();
         tries++) {
        log_warn("opening the tasks is tried again",
                 (struct log_field[]){log_text("worker", worker->name),
                                      log_text("reason", sg_reason()),
                                      {.name = NULL}});
        worker_close_tasks(worker);
        clock_sleep_ms(RETRY_WAIT_MS);
        opened = open_tasks(worker, partitions, count);
    }
    return opened;
}

static void tell_assigned(struct worker *worker, size_t count)
{
    metric_add(METRIC_REBALANCES, processor_of(worker)->id, 0, 1);
    log_info("partitions assigned",
             (struct log_field[]){log_text("worker", worker->name),
                                  log_int("partitions", (int64_t)count),
                                  log_int("tasks", (int64_t)worker->task_count),
                                  {.name = NULL}});
}

// A position that was moved past lost records is committed even if no record ever follows.
static sg_result begin_if_changed(struct worker *worker)
{
    bool changed = false;
    for (size_t i = 0; i < worker->task_count; i++) {
        changed = changed || worker->tasks[i]->changed;
    }
    return changed ? worker_begin(worker) : sg_ok();
}

sg_result assignment_given(void *context, const struct kafka_position *partitions, size_t count)
{
    struct worker *worker = context;
    if (count > WORKER_POSITIONS_MAX) {
        return sg_fail(SG_FATAL, 0, "%s: assigned %zu partitions, at most %d are possible",
                       processor_of(worker)->name, count, WORKER_POSITIONS_MAX);
    }
    crash_point("assigned");
    sg_result opened = open_tasks_patiently(worker, partitions, count);
    // A stop in the middle of a restore is no failure: what was restored is kept.
    if (opened.class == SG_RETRY && stop_requested()) {
        log_info("stopping before the tasks are open",
                 (struct log_field[]){log_text("worker", worker->name),
                                      log_text("reason", sg_reason()),
                                      {.name = NULL}});
        worker_close_tasks(worker);
        return sg_ok();
    }
    if (opened.class == SG_RETRY || opened.class == SG_ABORT) {
        return sg_fail(SG_FATAL, opened.code, "%s: %s", worker->name, sg_reason());
    }
    SG_TRY(opened);
    crash_point("tasks_opened");
    tell_assigned(worker, count);
    worker->assigned = true;
    SG_TRY(worker_rewind(worker));
    return begin_if_changed(worker);
}

sg_result assignment_renew(struct worker *worker)
{
    const enum topic *inputs = processor_of(worker)->inputs;
    char names[PROCESSOR_INPUTS_MAX][KAFKA_TOPIC_MAX + 1];
    struct kafka_position partitions[WORKER_POSITIONS_MAX];
    size_t count = 0;
    for (size_t i = 0; inputs[i] != TOPIC_COUNT; i++) {
        topic_full_name(worker->config->topics, inputs[i], names[i]);
        for (size_t j = 0; j < worker->task_count; j++) {
            partitions[count++] = (struct kafka_position){.topic = names[i],
                                                          .partition = worker->tasks[j]->partition};
        }
    }
    worker_close_tasks(worker);
    return assignment_given(worker, partitions, count);
}

sg_result assignment_taken(void *context, bool lost)
{
    struct worker *worker = context;
    crash_point("revoked");
    sg_result ended = lost ? worker_drop(worker) : worker_commit(worker);
    // A commit that failed is aborted: whoever gets the partitions does the work again.
    if (ended.class == SG_ABORT || ended.class == SG_RETRY) {
        ended = worker_drop(worker);
    }
    crash_point("revoke_committed");
    worker_close_tasks(worker);
    crash_point("tasks_closed");
    SG_TRY(ended);
    log_info("partitions given up", (struct log_field[]){log_text("worker", worker->name),
                                                         log_text("lost", lost ? "yes" : "no"),
                                                         {.name = NULL}});
    return kafka_consumer_assign(worker->consumer, NULL, 0);
}
