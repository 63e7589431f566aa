// One record of the journal: that it follows the one before it, and that its inputs, taken again in
// its order, make what it says.
#include "app/audit/verify/verify_state.h"

#include "core/number.h"
#include "core/service/stop.h"
#include "streams/topology.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_ENTRIES = 20000, STOP_EVERY = 4096 };

// The processor and the partition of "alerts/2". False for a name that this program does not know.
static bool read_name(struct bytes name, const struct processor **ret_processor,
                      int32_t *ret_partition)
{
    const uint8_t *slash = name.size == 0 ? NULL : memrchr(name.data, '/', name.size);
    char processor[DIFFERENCE_TASK_MAX];
    int64_t partition = 0;
    if (slash == NULL || name.size >= sizeof processor) {
        return false;
    }
    size_t size = (size_t)(slash - name.data);
    memcpy(processor, name.data, size);
    processor[size] = '\0';
    *ret_processor = topology_find(processor);
    bool is_read = number_read_int(bytes_of(slash + 1, name.size - size - 1), &partition);
    *ret_partition = (int32_t)partition;
    return is_read && partition >= 0 && partition <= INT32_MAX && *ret_processor != NULL;
}

static sg_result find_task(struct verify *verify, struct bytes name, struct verify_task **ret_task)
{
    *ret_task = NULL;
    for (size_t i = 0; i < verify->task_count; i++) {
        if (bytes_is_text(name, verify->tasks[i].name)) {
            *ret_task = &verify->tasks[i];
            return sg_ok();
        }
    }
    const struct processor *processor = NULL;
    int32_t partition = 0;
    if (!read_name(name, &processor, &partition)) {
        verify_note(verify, "task %.*s is not known to this program", (int)name.size,
                    (const char *)name.data);
        return sg_ok();
    }
    if (!verify->request->wanted[processor->id]) {
        return sg_ok();
    }
    if (verify->task_count == VERIFY_TASKS_MAX) {
        return sg_fail(SG_FATAL, 0, "more than %d tasks", VERIFY_TASKS_MAX);
    }
    struct verify_task *task = &verify->tasks[verify->task_count++];
    *task = (struct verify_task){.processor = processor, .partition = partition};
    snprintf(task->name, sizeof task->name, "%.*s", (int)name.size, (const char *)name.data);
    *ret_task = task;
    return sg_ok();
}

static size_t input_of(const struct processor *processor, struct bytes topic)
{
    size_t input = 0;
    while (processor->inputs[input] != TOPIC_COUNT &&
           !bytes_is_text(topic, topic_info(processor->inputs[input])->name)) {
        input++;
    }
    return input;
}

static sg_result check_sequence(struct verify *verify, const struct verify_task *task,
                                const struct verify_entry *entry)
{
    struct difference difference = verify_difference(task, entry);
    int64_t wanted = task->sequence + 1;
    if (!task->is_begun || entry->journal.sequence == wanted) {
        return sg_ok();
    }
    snprintf(difference.what, sizeof difference.what,
             "the chain of %s is broken: transaction %" PRId64 " follows %" PRId64, task->name,
             entry->journal.sequence, task->sequence);
    snprintf(difference.field, sizeof difference.field, "sequence");
    snprintf(difference.there, sizeof difference.there, "%" PRId64, entry->journal.sequence);
    snprintf(difference.expected, sizeof difference.expected, "%" PRId64, wanted);
    return difference_found(&verify->result->difference, &difference);
}

static sg_result check_previous(struct verify *verify, const struct verify_task *task,
                                const struct verify_entry *entry)
{
    struct difference difference = verify_difference(task, entry);
    bool is_first = !task->is_begun && entry->journal.sequence > 1;
    if (is_first || bytes_is_text(entry->journal.previous, task->previous)) {
        return sg_ok();
    }
    snprintf(difference.what, sizeof difference.what,
             "the chain of %s is broken: the record before this one is not the one that it names",
             task->name);
    snprintf(difference.field, sizeof difference.field, "previous");
    snprintf(difference.there, sizeof difference.there, "%.*s", (int)entry->journal.previous.size,
             (const char *)entry->journal.previous.data);
    snprintf(difference.expected, sizeof difference.expected, "%s", task->previous);
    return difference_found(&verify->result->difference, &difference);
}

// Where a transaction begins must be where the one before it ended, or where what was deleted in
// between is over.
static sg_result check_position(struct verify *verify, const struct verify_task *task,
                                const struct verify_entry *entry, size_t at, size_t input)
{
    const struct journal_position *from = &entry->journal.from[at];
    if (!task->is_begun || from->offset == task->next[input]) {
        return sg_ok();
    }
    enum processor_id id = task->processor->id;
    bool is_deleted = false;
    if (task->fold != NULL) {
        size_t slot = verify->input_slots[id][input] + (size_t)task->partition;
        is_deleted =
            from->offset > task->next[input] && verify->input_spans[slot].from >= from->offset;
    }
    if (is_deleted) {
        return sg_ok();
    }
    struct difference difference = verify_difference(task, entry);
    difference.topic = task->processor->inputs[input];
    difference.partition = from->partition;
    difference.offset = task->next[input];
    snprintf(difference.what, sizeof difference.what,
             "%s goes on at offset %" PRId64 " where the transaction before ended at %" PRId64,
             task->name, from->offset, task->next[input]);
    return difference_found(&verify->result->difference, &difference);
}

static int64_t end_of(const struct journal *journal, size_t at)
{
    int64_t end = journal->from[at].offset;
    for (size_t i = 0; i < journal->runs_count; i++) {
        end = journal->runs[i].input == (int32_t)at ? journal->runs[i].to : end;
    }
    return end;
}

static sg_result check_positions(struct verify *verify, struct verify_task *task,
                                 const struct verify_entry *entry)
{
    const struct journal *journal = &entry->journal;
    for (size_t i = 0; i < journal->from_count; i++) {
        size_t input = input_of(task->processor, journal->from[i].topic);
        if (task->processor->inputs[input] == TOPIC_COUNT) {
            return sg_fail(SG_FATAL, 0, "%s took from %.*s, which this program does not let it",
                           task->name, (int)journal->from[i].topic.size,
                           (const char *)journal->from[i].topic.data);
        }
        SG_TRY(check_position(verify, task, entry, i, input));
    }
    return sg_ok();
}

static sg_result open_fold(struct verify *verify, struct verify_task *task)
{
    struct fold_config config = {
        .processor = task->processor,
        .name = task->name,
        .dir = verify->folder.path,
        .cache_entries = CACHE_ENTRIES,
        .partitions = verify->partitions[task->processor->id],
        .codecs = &verify->codecs,
        .settings = settings_all_of(verify->request->all, task->processor->id),
    };
    task->behind = calloc(output_log_slots(verify->outputs) + 1, sizeof *task->behind);
    return task->behind == NULL ? sg_fail(SG_FATAL, 0, "out of memory")
                                : fold_open(&config, &task->fold);
}

// Decides at the first record of a task whether it can be folded: its state must begin with it, and
// its inputs must be kept.
static sg_result begin(struct verify *verify, struct verify_task *task,
                       const struct verify_entry *entry)
{
    const struct journal *journal = &entry->journal;
    if (task->processor->take_outcome != NULL) {
        return sg_ok();
    }
    if (task->partition >= verify->partitions[task->processor->id]) {
        return sg_fail(SG_FATAL, 0, "%s has no partition", task->name);
    }
    bool is_stateful = task->processor->store_count > 0;
    if (is_stateful && journal->sequence > 1) {
        verify_note(verify,
                    "%s: its journal begins at transaction %" PRId64
                    ", so only the chain is verified, not outputs and state",
                    task->name, journal->sequence);
        output_log_doubt(verify->outputs, task->processor->id);
        return sg_ok();
    }
    for (size_t i = 0; i < journal->from_count; i++) {
        size_t input = input_of(task->processor, journal->from[i].topic);
        size_t slot = verify->input_slots[task->processor->id][input] + (size_t)task->partition;
        if (verify->input_spans[slot].from > journal->from[i].offset) {
            verify_note(verify,
                        "%s: %s/%" PRId32 " is kept from offset %" PRId64
                        " on only, so only the chain is verified, not outputs and state",
                        task->name, topic_info(task->processor->inputs[input])->name,
                        task->partition, verify->input_spans[slot].from);
            output_log_doubt(verify->outputs, task->processor->id);
            return sg_ok();
        }
    }
    return open_fold(verify, task);
}

static sg_result found_gap(struct verify *verify, const struct verify_task *task,
                           const struct verify_entry *entry, size_t slot, int64_t offset)
{
    struct difference difference = verify_difference(task, entry);
    difference.topic = verify->input_spans[slot].topic;
    difference.partition = task->partition;
    difference.offset = offset;
    snprintf(difference.what, sizeof difference.what, "%s took a record that is not there any more",
             task->name);
    return difference_found(&verify->result->difference, &difference);
}

// The next record of an input; looked for again when it came after the reader was opened.
static sg_result next_input(struct verify *verify, size_t slot,
                            const struct kafka_record **ret_record)
{
    SG_TRY(log_reader_next(verify->inputs, slot, ret_record));
    if (*ret_record == NULL) {
        SG_TRY(log_reader_extend(verify->inputs, slot));
        SG_TRY(log_reader_next(verify->inputs, slot, ret_record));
    }
    return sg_ok();
}

static sg_result take_record(struct verify *verify, struct verify_task *task,
                             struct verify_entry *entry, const struct kafka_record *record,
                             enum topic topic)
{
    struct event event = {
        .topic = topic,
        .key = record->key,
        .value = record->value,
        .partition = record->partition,
        .offset = record->offset,
        .timestamp_ms = record->timestamp_ms,
    };
    SG_TRY(fold_take(task->fold, &event, record->has_value));
    bool is_least = entry->most_ms == 0 || event.timestamp_ms < entry->least_ms;
    entry->least_ms = is_least ? event.timestamp_ms : entry->least_ms;
    entry->most_ms = event.timestamp_ms > entry->most_ms ? event.timestamp_ms : entry->most_ms;
    verify->result->records++;
    return sg_ok();
}

// Takes the records of one run: the last one must be the one before `run->to`.
static sg_result take_run(struct verify *verify, struct verify_task *task,
                          struct verify_entry *entry, const struct journal_run *run)
{
    const struct journal_position *from = &entry->journal.from[run->input];
    size_t input = input_of(task->processor, from->topic);
    size_t slot = verify->input_slots[task->processor->id][input] + (size_t)task->partition;
    for (int64_t count = 1;; count++) {
        const struct kafka_record *record = NULL;
        SG_TRY(next_input(verify, slot, &record));
        if (record == NULL || record->offset >= run->to) {
            log_reader_unread(verify->inputs, slot);
            return found_gap(verify, task, entry, slot, run->to - 1);
        }
        int64_t offset = record->offset;
        if (offset >= from->offset) {
            SG_TRY(take_record(verify, task, entry, record, verify->input_spans[slot].topic));
        }
        if (offset == run->to - 1) {
            return sg_ok();
        }
        if (count % STOP_EVERY == 0 && stop_requested()) {
            return sg_fail(SG_FATAL, 0, "stopped");
        }
    }
}

static sg_result fold(struct verify *verify, struct verify_task *task, struct verify_entry *entry)
{
    const struct journal *journal = &entry->journal;
    for (size_t i = 0; i < journal->runs_count; i++) {
        int32_t input = journal->runs[i].input;
        if (input >= 0 && (size_t)input < journal->from_count) {
            SG_TRY(take_run(verify, task, entry, &journal->runs[i]));
        }
    }
    return fold_end(task->fold);
}

static void note_taken(struct verify_task *task, const struct verify_entry *entry)
{
    const struct journal *journal = &entry->journal;
    for (size_t i = 0; i < journal->from_count; i++) {
        task->next[input_of(task->processor, journal->from[i].topic)] = end_of(journal, i);
    }
    task->sequence = journal->sequence;
    task->is_begun = true;
    memcpy(task->previous, entry->digest, sizeof task->previous);
}

static sg_result check_attempts(struct verify *verify, const struct verify_task *task,
                                const struct verify_entry *entry)
{
    static const char *const what[] = {
        [DELIVERY_AS_RECORDED] = "",
        [DELIVERY_MISSING] = "a Delivery that was written is not there",
        [DELIVERY_CHANGED] = "the Deliveries of a transaction are not those that it wrote",
        [DELIVERY_UNKNOWN] = "a Delivery belongs to no notification that waits for it",
    };
    for (size_t i = 0; i < entry->journal.outputs_count; i++) {
        const struct journal_output *output = &entry->journal.outputs[i];
        enum delivery_verdict verdict = DELIVERY_AS_RECORDED;
        struct place place = {0};
        if (bytes_is_text(output->topic, topic_info(TOPIC_DELIVERIES)->name)) {
            SG_TRY(
                delivery_log_take(verify->deliveries, task->partition, output, &verdict, &place));
            verify->result->attempts += entry->is_in_span ? output->records : 0;
        }
        if (verdict != DELIVERY_AS_RECORDED) {
            struct difference difference = verify_difference(task, entry);
            difference.topic = TOPIC_DELIVERIES;
            difference.partition = place.partition;
            difference.offset = place.offset;
            snprintf(difference.what, sizeof difference.what, "%s", what[verdict]);
            return difference_found(&verify->result->difference, &difference);
        }
    }
    return sg_ok();
}

// Behind the span a task is folded as long as records wait that it may have written.
static bool is_over(struct verify *verify, struct verify_task *task)
{
    bool ends = verify->is_behind_span && !output_log_is_waiting(verify->outputs);
    task->is_over = task->is_over || ends;
    verify->is_unsure = verify->is_unsure || task->is_over;
    return task->is_over;
}

SG_RESULT verify_task_take(struct verify *verify, struct verify_entry *entry)
{
    struct verify_task *task = NULL;
    SG_TRY(find_task(verify, entry->journal.task, &task));
    if (task == NULL || is_over(verify, task)) {
        return sg_ok();
    }
    if (!verify->is_behind_span) {
        SG_TRY(check_sequence(verify, task, entry));
        SG_TRY(check_previous(verify, task, entry));
    }
    if (!task->is_begun) {
        SG_TRY(begin(verify, task, entry));
    }
    SG_TRY(check_positions(verify, task, entry));
    if (task->fold != NULL) {
        SG_TRY(fold(verify, task, entry));
        SG_TRY(verify_compare(verify, task, entry));
    } else if (task->processor->take_outcome != NULL) {
        SG_TRY(check_attempts(verify, task, entry));
    }
    note_taken(task, entry);
    verify->result->transactions += entry->is_in_span ? 1 : 0;
    return sg_ok();
}
