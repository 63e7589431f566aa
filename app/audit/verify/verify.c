// The order of opening matters: the ends of the outputs first, then the journal, so that every
// output below its end belongs to a transaction that the journal has.
#include "app/audit/verify/verify_state.h"

#include "core/number.h"
#include "core/service/clock.h"
#include "core/service/stop.h"
#include "schemas/wire.h"
#include "streams/topology.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    JOURNAL_BYTES = 16 << 20,
    INPUT_BYTES = 96 << 20,
    ARENA_BYTES_MAX = 64 << 20,
    PROGRESS_US = 500000,
};

static sg_result out_of_memory(void)
{
    return sg_fail(SG_FATAL, 0, "out of memory");
}

static bool is_folded(const struct processor *processor)
{
    return processor->take_outcome == NULL;
}

static sg_result open_codecs(struct verify *verify)
{
    SG_TRY(codecs_add(&verify->codecs, verify->registry, TOPIC_JOURNAL));
    SG_TRY(codecs_add(&verify->codecs, verify->registry, TOPIC_DELIVERIES));
    SG_TRY(codecs_add(&verify->codecs, verify->registry, TOPIC_NOTIFICATIONS));
    for (size_t i = 0; i < PROCESSOR_COUNT; i++) {
        const struct processor *processor = topology[i];
        for (size_t j = 0; processor->inputs[j] != TOPIC_COUNT; j++) {
            SG_TRY(codecs_add(&verify->codecs, verify->registry, processor->inputs[j]));
        }
        for (size_t j = 0; processor->outputs[j] != TOPIC_COUNT; j++) {
            SG_TRY(codecs_add(&verify->codecs, verify->registry, processor->outputs[j]));
        }
        for (size_t j = 0; j < processor->store_count; j++) {
            SG_TRY(codecs_add(&verify->codecs, verify->registry, processor->stores[j].changelog));
        }
    }
    return sg_ok();
}

static sg_result open_outputs(struct verify *verify)
{
    const struct verify_request *request = verify->request;
    bool folded[PROCESSOR_COUNT];
    for (size_t i = 0; i < PROCESSOR_COUNT; i++) {
        folded[i] = request->wanted[i] && is_folded(topology[i]);
    }
    if (request->wanted[PROCESSOR_DELIVER]) {
        SG_TRY(delivery_log_open(request->all, &verify->codecs, &verify->deliveries));
    }
    return output_log_open(request->all, &verify->codecs, folded, &verify->outputs);
}

// From its beginning to what is written now.
static sg_result open_journal(struct verify *verify)
{
    int32_t partitions = 0;
    log_reader_close(&verify->journal);
    SG_TRY(log_reader_partitions(verify->request->all, TOPIC_JOURNAL, &partitions));
    verify->journal_count = (size_t)partitions;
    free(verify->journal_spans);
    verify->journal_spans = calloc(verify->journal_count, sizeof *verify->journal_spans);
    if (verify->journal_spans == NULL) {
        return out_of_memory();
    }
    for (int32_t i = 0; i < partitions; i++) {
        verify->journal_spans[i] = (struct log_span){TOPIC_JOURNAL, i, 0, LOG_END_WRITTEN};
    }
    return log_reader_open(verify->request->all, verify->journal_spans, verify->journal_count,
                           JOURNAL_BYTES, &verify->journal);
}

static sg_result add_inputs(struct verify *verify, size_t id)
{
    const struct settings_all *all = verify->request->all;
    for (size_t i = 0; topology[id]->inputs[i] != TOPIC_COUNT; i++) {
        enum topic topic = topology[id]->inputs[i];
        SG_TRY(log_reader_partitions(all, topic, &verify->partitions[id]));
        verify->input_slots[id][i] = verify->input_count;
        for (int32_t j = 0; j < verify->partitions[id]; j++) {
            if (verify->input_count == LOG_SPANS_MAX) {
                return sg_fail(SG_FATAL, 0, "more than %d partitions", LOG_SPANS_MAX);
            }
            verify->input_spans[verify->input_count++] =
                (struct log_span){topic, j, 0, LOG_END_COMMITTED};
        }
    }
    return sg_ok();
}

static sg_result open_inputs(struct verify *verify)
{
    verify->input_spans = calloc(LOG_SPANS_MAX, sizeof *verify->input_spans);
    if (verify->input_spans == NULL) {
        return out_of_memory();
    }
    for (size_t i = 0; i < PROCESSOR_COUNT; i++) {
        if (verify->request->wanted[i] && is_folded(topology[i])) {
            SG_TRY(add_inputs(verify, i));
        }
    }
    return log_reader_open(verify->request->all, verify->input_spans, verify->input_count,
                           INPUT_BYTES, &verify->inputs);
}

static sg_result open_all(struct verify *verify)
{
    const struct settings_all *all = verify->request->all;
    verify->arena = arena_new(ARENA_BYTES_MAX);
    verify->other = arena_new(ARENA_BYTES_MAX);
    verify->tasks = calloc(VERIFY_TASKS_MAX, sizeof *verify->tasks);
    if (verify->arena == NULL || verify->other == NULL || verify->tasks == NULL) {
        return out_of_memory();
    }
    struct registry_config config = {&all->registry, &all->kafka, &all->topics};
    SG_TRY(scratch_folder_make(&verify->folder));
    SG_TRY(archive_open(all, &verify->archive));
    SG_TRY(registry_open(&config, &verify->registry));
    SG_TRY(open_codecs(verify));
    SG_TRY(open_outputs(verify));
    return open_inputs(verify);
}

static void end_tasks(struct verify *verify)
{
    for (size_t i = 0; i < verify->task_count; i++) {
        fold_close(&verify->tasks[i].fold);
        free(verify->tasks[i].behind);
    }
    verify->task_count = 0;
}

static void close_all(struct verify *verify)
{
    end_tasks(verify);
    scratch_folder_remove(&verify->folder);
    free(verify->tasks);
    output_log_close(&verify->outputs);
    delivery_log_close(&verify->deliveries);
    log_reader_close(&verify->journal);
    log_reader_close(&verify->inputs);
    free(verify->journal_spans);
    free(verify->input_spans);
    archive_close(&verify->archive);
    codecs_done(&verify->codecs);
    registry_close(&verify->registry);
    arena_free(&verify->arena);
    arena_free(&verify->other);
}

// Whether the key of a record of the journal names a task of this processor.
static bool is_of(const struct kafka_record *record, const struct processor *processor)
{
    size_t size = strlen(processor->name);
    return record->key.size > size && memcmp(record->key.data, processor->name, size) == 0 &&
           record->key.data[size] == '/';
}

// The earliest record at the head of any partition of the journal; NULL when all are at their end.
// It is borrowed until the next call.
static sg_result next_record(struct verify *verify, const struct kafka_record **ret_record)
{
    size_t earliest = verify->journal_count;
    int64_t earliest_ms = 0;
    for (size_t i = 0; i < verify->journal_count; i++) {
        const struct kafka_record *record = NULL;
        SG_TRY(log_reader_next(verify->journal, i, &record));
        if (record == NULL) {
            continue;
        }
        if (earliest == verify->journal_count || record->timestamp_ms < earliest_ms) {
            earliest = i;
            earliest_ms = record->timestamp_ms;
        }
        log_reader_unread(verify->journal, i);
    }
    *ret_record = NULL;
    return earliest == verify->journal_count
               ? sg_ok()
               : log_reader_next(verify->journal, earliest, ret_record);
}

static bool is_before(const struct journal *journal, const struct verify_bound *bound)
{
    int64_t value = bound->is_time ? journal->stream_time : journal->sequence;
    return bound->is_given && value < bound->value;
}

static bool is_behind(const struct journal *journal, const struct verify_bound *bound)
{
    int64_t value = bound->is_time ? journal->stream_time : journal->sequence;
    return bound->is_given && value > bound->value;
}

static sg_result decode(struct verify *verify, const struct kafka_record *record,
                        struct verify_entry *ret_entry)
{
    arena_reset(verify->arena);
    *ret_entry = (struct verify_entry){.partition = record->partition, .offset = record->offset};
    sg_result decoded = codec_decode(verify->codecs.by_topic[TOPIC_JOURNAL], record->value,
                                     verify->arena, &ret_entry->journal);
    SG_TRY(sg_explain(decoded, "%s [%" PRId32 "] at %" PRId64, topic_info(TOPIC_JOURNAL)->name,
                      record->partition, record->offset));
    digest_text(
        bytes_of(record->value.data + WIRE_HEAD_BYTES, record->value.size - WIRE_HEAD_BYTES),
        ret_entry->digest);
    ret_entry->is_in_span = !is_before(&ret_entry->journal, &verify->request->from) &&
                            !is_behind(&ret_entry->journal, &verify->request->to);
    return sg_ok();
}

static void tell(struct verify *verify)
{
    int64_t now_us = clock_monotonic_us();
    if (verify->request->progress != NULL && now_us - verify->told_us >= PROGRESS_US) {
        verify->told_us = now_us;
        verify->request->progress(verify->result);
    }
}

// Verifies the transactions of one processor, in the order of their times.
static sg_result fold_processor(struct verify *verify, const struct processor *processor)
{
    SG_TRY(open_journal(verify));
    for (;;) {
        const struct kafka_record *record = NULL;
        SG_TRY(next_record(verify, &record));
        if (record == NULL || stop_requested()) {
            return record == NULL ? sg_ok() : sg_fail(SG_FATAL, 0, "stopped");
        }
        if (!is_of(record, processor)) {
            continue;
        }
        struct verify_entry entry;
        SG_TRY(decode(verify, record, &entry));
        verify->is_behind_span = is_behind(&entry.journal, &verify->request->to);
        SG_TRY(verify_task_take(verify, &entry));
        tell(verify);
    }
}

// One processor after the other, on the way of an event: the first difference is a cause, not an
// effect of it.
static sg_result fold_all(struct verify *verify)
{
    for (size_t i = 0; i < PROCESSOR_COUNT; i++) {
        if (verify->request->wanted[i]) {
            SG_TRY(fold_processor(verify, topology[i]));
            end_tasks(verify);
        }
    }
    return sg_ok();
}

static sg_result found_extra(struct verify *verify, enum topic topic, const struct place *place)
{
    struct difference difference = {
        .topic = topic, .partition = place->partition, .offset = place->offset};
    snprintf(difference.what, sizeof difference.what,
             "a record of %s was written by no transaction of the journal",
             topic_info(topic)->name);
    struct exhibit exhibit = {.record = NULL};
    if (topic_info(topic)->record != NULL) {
        SG_TRY(archive_at(&verify->archive, topic, place->partition, place->offset, &exhibit));
    }
    if (exhibit.record != NULL) {
        difference_text(topic_info(topic)->record, exhibit.record, difference.there);
    }
    return difference_found(&verify->result->difference, &difference);
}

// Nothing may be left in the topics that no transaction wrote.
static sg_result finish(struct verify *verify)
{
    struct place place;
    bool is_found = false;
    enum topic topic = TOPIC_COUNT;
    // Behind the span the topics go on.
    bool reads_on = !verify->request->to.is_given;
    if (verify->is_unsure && output_log_is_waiting(verify->outputs)) {
        verify_note(verify, "some records may have been written behind the span, or by nobody");
        return sg_ok();
    }
    SG_TRY(output_log_finish(verify->outputs, reads_on, &topic, &place, &is_found));
    if (is_found) {
        return found_extra(verify, topic, &place);
    }
    if (verify->deliveries != NULL && reads_on) {
        SG_TRY(delivery_log_finish(verify->deliveries, &place, &is_found));
    }
    if (is_found) {
        return found_extra(verify, TOPIC_DELIVERIES, &place);
    }
    if (output_log_given_up(verify->outputs) != NULL) {
        verify_note(verify, "%s: not every record was looked up, since others write to it too",
                    output_log_given_up(verify->outputs));
    }
    return sg_ok();
}

SG_RESULT verify_run(const struct verify_request *request, struct verify_result *ret_result)
{
    memset(ret_result, 0, sizeof *ret_result);
    SG_CLEANUP(close_all) struct verify verify = {.request = request, .result = ret_result};
    sg_result result = open_all(&verify);
    if (sg_is_ok(result)) {
        result = fold_all(&verify);
    }
    if (sg_is_ok(result)) {
        result = finish(&verify);
    }
    return result.code == DIFFERENCE_FOUND ? sg_ok() : result;
}
