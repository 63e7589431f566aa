// Tasks: opened with their state, committed after Kafka, rewound on an abort.
#include "streams/tasks/task.h"

#include "core/service/clock.h"
#include "core/service/crash_point.h"
#include "core/service/log.h"
#include "streams/tasks/recovery.h"
#include "streams/tasks/task_journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_MAX_BYTES = 4096, MICROSECONDS = 1000, ARENA_BYTES_MAX = 64 << 20 };

static size_t order_of(const struct processor *processor, enum topic topic)
{
    size_t order = 0;
    while (processor->inputs[order] != topic) {
        order++;
    }
    return order;
}

// The input of the processor that has this full name; NULL if none has.
static const struct topic_info *topic_of(const struct task_config *config, const char *name)
{
    for (size_t i = 0; config->processor->inputs[i] != TOPIC_COUNT; i++) {
        char full[KAFKA_TOPIC_MAX + 1];
        topic_full_name(config->topics, config->processor->inputs[i], full);
        if (strcmp(full, name) == 0) {
            return topic_info(config->processor->inputs[i]);
        }
    }
    return NULL;
}

static sg_result add_inputs(struct task *task, const struct kafka_position *positions, size_t count)
{
    task->inputs.list = calloc(count, sizeof *task->inputs.list);
    if (task->inputs.list == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for a task");
    }
    task->inputs.merge_wait_us = task->config->merge_wait_ms * MICROSECONDS;
    for (size_t i = 0; i < count; i++) {
        struct input *input = &task->inputs.list[i];
        input->info = topic_of(task->config, positions[i].topic);
        if (input->info == NULL) {
            return sg_fail(SG_FATAL, 0, "%s was assigned topic %s, which it does not read",
                           task->config->processor->name, positions[i].topic);
        }
        snprintf(input->name, sizeof input->name, "%s", positions[i].topic);
        input->order = order_of(task->config->processor, input->info->topic);
        input->partition = positions[i].partition;
        input->next_offset = positions[i].offset < 0 ? KAFKA_OFFSET_NONE : positions[i].offset;
        task->inputs.count = i + 1;
    }
    return sg_ok();
}

// The newest note among those of the committed positions.
static struct commit_note newest_note(const struct kafka_position *committed, size_t count)
{
    struct commit_note newest = {0};
    for (size_t i = 0; i < count; i++) {
        struct commit_note note =
            commit_note_read(committed[i].offset < 0 ? NULL : committed[i].metadata);
        newest = note.sequence > newest.sequence ? note : newest;
    }
    return newest;
}

// Goes on where the note says: the journal is in no changelog.
static void adopt_note(struct task *task, const struct commit_note *note)
{
    if (note->sequence == 0) {
        return;
    }
    struct stores_place *place = &task->place;
    place->sequence = note->sequence;
    if (note->stream_time_ms > place->stream_time_ms) {
        place->stream_time_ms = note->stream_time_ms;
    }
    memset(place->journal, 0, sizeof place->journal);
    memcpy(place->journal, note->journal, sizeof note->journal);
}

static sg_result open_stores(struct task *task)
{
    const struct task_config *config = task->config;
    char path[PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s/%s/%" PRId32, config->state->dir, config->processor->name,
             task->partition);
    struct codec *codecs[STORES_MAX] = {NULL};
    for (size_t i = 0; i < config->processor->store_count; i++) {
        enum topic changelog = config->processor->stores[i].changelog;
        SG_TRY(codecs_add(&task->codecs, config->registry, changelog));
        codecs[i] = task->codecs.by_topic[changelog];
    }
    struct stores_config stores = {
        .path = path,
        .state = config->state,
        .specs = config->processor->stores,
        .count = config->processor->store_count,
        .codecs = codecs,
        .identity = config->identity,
    };
    return stores_open(&stores, &task->stores, &task->place);
}

// Takes the committed offsets as the place to read on: with state at the same transaction they say
// the same.
static sg_result adopt_offsets(struct task *task, const struct kafka_position *committed)
{
    for (size_t i = 0; i < task->inputs.count; i++) {
        struct input *input = &task->inputs.list[i];
        int64_t saved = task->place.next_offsets[input->order];
        if (committed[i].offset >= 0) {
            task->place.next_offsets[input->order] = committed[i].offset;
        } else if (saved >= 0) {
            log_warn("Kafka has no committed position any more, going on from the saved state",
                     (struct log_field[]){log_text("topic", input->name),
                                          log_int("partition", input->partition),
                                          log_int("offset", saved),
                                          {.name = NULL}});
        }
        input->next_offset = task->place.next_offsets[input->order];
    }
    return sg_ok();
}

static sg_result open_state(struct task *task, const struct kafka_position *committed,
                            const struct commit_note *note)
{
    SG_TRY(open_stores(task));
    crash_point("before_recovery");
    SG_TRY(recovery_run(task, note->sequence));
    struct stores_place saved = task->place;
    SG_TRY(adopt_offsets(task, committed));
    adopt_note(task, note);
    bool hashed = false;
    SG_TRY(stores_hash_all(task->stores, &hashed));
    crash_point("state_hashed");
    // What was restored must know where to read on, even when the group forgets its positions
    // before the next commit.
    if (hashed || memcmp(&saved, &task->place, sizeof saved) != 0) {
        SG_TRY(stores_commit(task->stores, &task->place));
    }
    crash_point("recovered");
    if (task->config->effector != NULL) {
        SG_TRY(outbox_open(task->config->processor, task->stores, task->partition,
                           task->config->effector, &task->outbox));
    }
    // What is open ends here: it belongs to this thread, and the task may go on in another one.
    return stores_abort(task->stores);
}

sg_result task_open(const struct task_config *config, const struct kafka_position *committed,
                    size_t count, struct task **ret_task)
{
    SG_CLEANUP(task_close) struct task *task = calloc(1, sizeof *task);
    if (task == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for a task");
    }
    task->config = config;
    task->arena = arena_new(ARENA_BYTES_MAX);
    if (task->arena == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for a task");
    }
    task->ledger = ledger_new(config->processor);
    if (task->ledger == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for a task");
    }
    task->partition = committed[0].partition;
    SG_TRY(add_inputs(task, committed, count));
    struct commit_note note = newest_note(committed, count);
    if (config->processor->store_count > 0) {
        SG_TRY(open_state(task, committed, &note));
    } else {
        adopt_note(task, &note);
    }
    task->committed = task->place;
    for (size_t i = 0; i < count; i++) {
        task->inputs.list[i].committed_offset = task->inputs.list[i].next_offset;
    }
    *ret_task = SG_MOVE(task);
    return sg_ok();
}

static void reset_inputs(struct task *task)
{
    for (size_t i = 0; i < task->inputs.count; i++) {
        input_reset(&task->inputs.list[i]);
    }
}

void task_close(struct task **task)
{
    struct task *closing = *task;
    if (closing == NULL) {
        return;
    }
    outbox_close(&closing->outbox);
    ledger_free(&closing->ledger);
    stores_close(&closing->stores);
    codecs_done(&closing->codecs);
    reset_inputs(closing);
    free(closing->inputs.list);
    arena_free(&closing->arena);
    free(closing);
    *task = NULL;
}

void task_positions(const struct task *task, char metadata[static COMMIT_NOTE_MAX],
                    struct kafka_position *ret_positions)
{
    struct commit_note note = {
        .sequence = task->place.sequence,
        .stream_time_ms = task->place.stream_time_ms,
    };
    memcpy(note.journal, task->place.journal, sizeof note.journal);
    commit_note_print(&note, metadata);
    for (size_t i = 0; i < task->inputs.count; i++) {
        const struct input *input = &task->inputs.list[i];
        ret_positions[i] = (struct kafka_position){
            .topic = input->name,
            .partition = input->partition,
            .offset = input->next_offset,
            .metadata = metadata,
        };
    }
}

sg_result task_abort(struct task *task)
{
    reset_inputs(task);
    for (size_t i = 0; i < task->inputs.count; i++) {
        struct input *input = &task->inputs.list[i];
        input->next_offset = input->committed_offset;
    }
    task->place = task->committed;
    task->changed = false;
    task->announced = false;
    ledger_reset(task->ledger);
    if (task->outbox != NULL) {
        outbox_aborted(task->outbox);
    }
    return task->stores == NULL ? sg_ok() : stores_abort(task->stores);
}

sg_result task_check_committed(const struct task *task, const struct kafka_position *committed)
{
    struct commit_note note = newest_note(committed, task->inputs.count);
    // Without a note the positions have expired, and the saved state was gone on from.
    bool expired = note.sequence == 0 && task->committed.sequence > 1;
    if (expired || note.sequence >= task->committed.sequence) {
        return sg_ok();
    }
    return sg_fail(SG_FATAL, 0,
                   "%s, partition %" PRId32 ": Kafka has lost the end of transaction %" PRId64
                   ", which it had confirmed; start again: it is done again",
                   task->config->processor->name, task->partition, task->committed.sequence);
}

// What take_change() needs beside the change.
struct change {
    struct task *task;
    struct output *output;
};

// An entry of the outbox is noted with the time at which it is due.
static sg_result note_due(struct task *task, enum topic changelog, struct bytes key,
                          struct bytes value)
{
    const struct processor *processor = task->config->processor;
    arena_reset(task->arena);
    void *entry = arena_take(task->arena, processor->stores[0].record->size);
    if (entry == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for an outbox entry");
    }
    struct codec *codec = task->codecs.by_topic[changelog];
    SG_TRY(codec_decode(codec, value, task->arena, entry));
    return outbox_note(task->outbox, key, entry);
}

static sg_result take_change(void *context, enum topic changelog, struct bytes key,
                             struct bytes value, bool has_value)
{
    struct change *change = context;
    const struct task *task = change->task;
    bool in_outbox =
        task->outbox != NULL && changelog == task->config->processor->stores[0].changelog;
    if (in_outbox && has_value) {
        SG_TRY(note_due(change->task, changelog, key, value));
    }
    return output_change(change->output, changelog, key, value, has_value);
}

static void aim(struct task *task, struct output *output)
{
    output->partition = task->partition;
    output->timestamp_ms = task->place.stream_time_ms;
}

sg_result task_announce(struct task *task, struct output *output)
{
    if (task->announced || task->stores == NULL) {
        return sg_ok();
    }
    task->announced = true;
    aim(task, output);
    return stores_first_changes(task->stores, output_change, output);
}

static sg_result flush_stores(struct task *task, struct output *output)
{
    aim(task, output);
    struct change change = {task, output};
    return stores_flush(task->stores, take_change, &change);
}

sg_result task_flush(struct task *task, struct output *output)
{
    output->ledger = task->ledger;
    task->place.sequence = task->committed.sequence + 1;
    for (size_t i = 0; i < task->inputs.count; i++) {
        const struct input *input = &task->inputs.list[i];
        task->place.next_offsets[input->order] = input->next_offset;
    }
    if (task->stores != NULL) {
        SG_TRY(flush_stores(task, output));
    }
    crash_point("state_flushed");
    return task_journal_write(task, output);
}

static void note_changelog_offsets(struct task *task, struct output *output)
{
    for (size_t i = 0; i < task->config->processor->store_count; i++) {
        enum topic changelog = task->config->processor->stores[i].changelog;
        int64_t next = kafka_producer_next_offset(output->topics[changelog], task->partition);
        if (next > task->place.changelog_offsets[i]) {
            task->place.changelog_offsets[i] = next;
        }
    }
}

sg_result task_commit(struct task *task, struct output *output)
{
    if (task->stores != NULL) {
        note_changelog_offsets(task, output);
        task->place.saved_ms = clock_wall_ms();
        SG_TRY(stores_commit(task->stores, &task->place));
    }
    for (size_t i = 0; i < task->inputs.count; i++) {
        task->inputs.list[i].committed_offset = task->inputs.list[i].next_offset;
    }
    task->committed = task->place;
    task->changed = false;
    task->announced = false;
    ledger_reset(task->ledger);
    return task->outbox == NULL ? sg_ok() : outbox_committed(task->outbox);
}
