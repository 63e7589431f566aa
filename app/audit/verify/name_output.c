// Which record is not as it was: of those in the topic that no transaction explains, the one that
// is most like what the fold makes.
#include "app/audit/verify/name_input.h"
#include "app/audit/verify/verify_state.h"

#include "core/hash.h"
#include "schemas/alert.h"
#include "schemas/quote.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    CANDIDATES_MAX = 1024,
    AHEAD_RECORDS = 10000,
    CHANGED_FIELDS_MAX = 2, // Of a record that is still known for what it was.
    STAMP_FIELDS = 2,       // For how many equal fields the same timestamp counts.
};

// A search among the records of a topic that are not explained.
struct search {
    struct verify *verify;
    const struct verify_entry *entry;
    const struct fold_output *output; // That something is looked for like; NULL for none.
    const void *record;               // Of it, decoded.
    enum topic topic;
    struct place places[CANDIDATES_MAX]; // Sorted.
    size_t count;
    size_t best_likeness; // Of the best so far.
    size_t best_fields;   // Its equal fields.
    struct place best;    // Offset -1: none.
};

static bool is_candidate(const struct search *search, const struct exhibit *seen)
{
    for (size_t i = 0; i < search->count; i++) {
        if (search->places[i].partition == seen->partition &&
            search->places[i].offset == seen->offset) {
            return true;
        }
    }
    return false;
}

// Whether the transaction may have written it: its time is that of a record that it took; an alert
// says which one.
static bool is_of_transaction(const struct search *search, const struct exhibit *seen)
{
    const struct verify_entry *entry = search->entry;
    if (search->topic != TOPIC_ALERTS) {
        return seen->timestamp_ms >= process_stamp(entry->least_ms) &&
               seen->timestamp_ms <= process_stamp(entry->most_ms);
    }
    const struct cause *cause = &((const struct alert *)seen->record)->cause;
    const struct journal *journal = &entry->journal;
    for (size_t i = 0; i < journal->runs_count; i++) {
        const struct journal_run *run = &journal->runs[i];
        bool is_input = run->input >= 0 && (size_t)run->input < journal->from_count;
        const struct journal_position *from = is_input ? &journal->from[run->input] : NULL;
        if (is_input && bytes_equal(from->topic, cause->topic) &&
            from->partition == cause->partition && cause->offset >= from->offset &&
            cause->offset < run->to) {
            return true;
        }
    }
    return false;
}

static sg_result look(void *context, const struct exhibit *seen, bool *ret_stop)
{
    struct search *search = context;
    const struct record_type *type = topic_info(search->topic)->record;
    if (!is_candidate(search, seen)) {
        return sg_ok();
    }
    if (search->output == NULL) {
        *ret_stop = is_of_transaction(search, seen);
        search->best = *ret_stop ? (struct place){seen->partition, seen->offset} : search->best;
        return sg_ok();
    }
    if (!bytes_equal(seen->key, search->output->key)) {
        return sg_ok();
    }
    // Another record may have the same words, as the answer to a command that came twice, or nearly
    // the same; not at the same time. Of two that are alike the first is taken.
    bool is_of_time = seen->timestamp_ms == search->output->timestamp_ms;
    size_t fields = difference_equal_fields(type, seen->record, search->record);
    size_t likeness = fields + (is_of_time ? STAMP_FIELDS : 0);
    if (search->best.offset < 0 || likeness > search->best_likeness) {
        search->best_likeness = likeness;
        search->best_fields = fields;
        search->best = (struct place){seen->partition, seen->offset};
    }
    return sg_ok();
}

// Looks at the candidates of one partition, which are next to each other in the list.
static sg_result look_at_partition(struct search *search, size_t first, size_t behind)
{
    struct log_span span = {search->topic, search->places[first].partition,
                            search->places[first].offset, search->places[behind - 1].offset + 1};
    struct archive_search request = {.spans = &span, .count = 1, .visit = look, .context = search};
    return archive_find(&search->verify->archive, &request);
}

static sg_result look_at_all(struct search *search)
{
    search->best = (struct place){0, -1};
    search->count = output_log_unexplained(search->verify->outputs, search->topic, CANDIDATES_MAX,
                                           search->places);
    if (topic_info(search->topic)->record == NULL) {
        search->best = search->count > 0 ? search->places[0] : search->best;
        return sg_ok();
    }
    for (size_t first = 0; first < search->count;) {
        size_t behind = first + 1;
        while (behind < search->count &&
               search->places[behind].partition == search->places[first].partition) {
            behind++;
        }
        SG_TRY(look_at_partition(search, first, behind));
        first = search->output == NULL && search->best.offset >= 0 ? search->count : behind;
    }
    return sg_ok();
}

// The record that the fold made, decoded; NULL for bytes without a type.
static sg_result decode_made(struct verify *verify, const struct fold_output *output,
                             const void **ret_record)
{
    const struct record_type *type = topic_info(output->topic)->record;
    *ret_record = NULL;
    if (type == NULL) {
        return sg_ok();
    }
    void *record = arena_take(verify->archive.arena, type->size);
    if (record == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    SG_TRY(codec_decode(verify->codecs.by_topic[output->topic], output->value,
                        verify->archive.arena, record));
    *ret_record = record;
    return sg_ok();
}

static struct search *new_search(struct verify *verify, const struct verify_entry *entry,
                                 enum topic topic)
{
    struct search *search = arena_take(verify->archive.arena, sizeof *search);
    if (search != NULL) {
        search->verify = verify;
        search->entry = entry;
        search->topic = topic;
    }
    return search;
}

// Compares a record of the topic with what the fold makes, and fails with the field.
static sg_result found_changed(struct verify *verify, struct difference *difference,
                               const struct place *place, const void *made)
{
    const struct record_type *type = topic_info(difference->topic)->record;
    struct exhibit exhibit;
    SG_TRY(
        archive_at(&verify->archive, difference->topic, place->partition, place->offset, &exhibit));
    difference->partition = place->partition;
    difference->offset = place->offset;
    if (exhibit.record != NULL && !difference_of_records(type, exhibit.record, made, difference)) {
        snprintf(difference->field, sizeof difference->field, "timestamp, key or bytes");
    }
    return difference_found(&verify->result->difference, difference);
}

SG_RESULT verify_name_missing(struct verify *verify, const struct verify_task *task,
                              const struct verify_entry *entry, const struct fold_output *output,
                              const struct place *behind)
{
    struct search *search = new_search(verify, entry, output->topic);
    if (search == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    struct difference difference = verify_difference(task, entry);
    difference.topic = output->topic;
    difference.partition = behind->partition;
    difference.offset = behind->offset;
    search->output = output;
    SG_TRY(decode_made(verify, output, &search->record));
    SG_TRY(look_at_all(search));
    const struct record_type *type = topic_info(output->topic)->record;
    bool is_changed = type != NULL && search->best.offset >= 0 &&
                      search->best_fields + CHANGED_FIELDS_MAX >= type->field_count;
    if (is_changed) {
        snprintf(difference.what, sizeof difference.what,
                 "a record of %s is not the one that %s wrote", topic_info(output->topic)->name,
                 task->name);
        return found_changed(verify, &difference, &search->best, search->record);
    }
    snprintf(
        difference.what, sizeof difference.what,
        "a record that %s wrote to %s is not there any more: it stood at this offset or behind "
        "it, caused by %s/%" PRId32 "@%" PRId64,
        task->name, topic_info(output->topic)->name, topic_info(output->cause_topic)->name,
        output->cause_partition, output->cause_offset);
    if (search->record != NULL) {
        difference_text(type, search->record, difference.expected);
    }
    return difference_found(&verify->result->difference, &difference);
}

// Takes what the fold made out of the topic; the first that is not there goes to `*ret_made`.
static sg_result take_made(struct verify *verify, const struct verify_task *task, enum topic topic,
                           const struct fold_output **ret_made, struct place *ret_behind)
{
    *ret_made = NULL;
    for (const struct fold_output *output = fold_outputs(task->fold); output != NULL;
         output = output->next) {
        struct place place;
        bool is_found = false;
        if (output->topic != topic) {
            continue;
        }
        SG_TRY(output_log_take(verify->outputs, output, &place, &is_found));
        if (!is_found && *ret_made == NULL) {
            *ret_made = output;
            *ret_behind = place;
        }
    }
    return output_log_read_ahead(verify->outputs, topic, AHEAD_RECORDS);
}

// Fails with the field when a quote is not what an alert says of it.
static sg_result compare_quote(struct verify *verify, struct difference *difference,
                               const struct exhibit *seen, const struct quote *expected,
                               const struct exhibit *written)
{
    if (!difference_of_records(&quote_type, seen->record, expected, difference)) {
        return sg_ok();
    }
    difference->topic = TOPIC_QUOTES;
    difference->partition = seen->partition;
    difference->offset = seen->offset;
    snprintf(difference->what, sizeof difference->what,
             "this quote is not the one of which the alert at alerts/%" PRId32 "@%" PRId64 " tells",
             written->partition, written->offset);
    return difference_found(&verify->result->difference, difference);
}

// A search for the quote before the one that decided an alert.
struct before {
    struct archive *archive;
    const struct alert *alert;
    int64_t last_time;
    struct exhibit found;
};

static sg_result note_before(void *context, const struct exhibit *seen, bool *ret_stop)
{
    (void)ret_stop;
    struct before *before = context;
    const struct quote *quote = seen->record;
    if (!bytes_equal(quote->instrument, before->alert->instrument) ||
        quote->event_time < before->last_time) {
        return sg_ok();
    }
    before->last_time = quote->event_time;
    return archive_keep(before->archive, seen, &before->found);
}

// An alert tells the value before it, too. A quote of an earlier transaction was verified with it.
static sg_result check_before(struct verify *verify, const struct verify_entry *entry,
                              struct difference *difference, const struct exhibit *written)
{
    const struct alert *alert = written->record;
    struct before before = {.archive = &verify->archive, .alert = alert};
    struct log_span span = {TOPIC_QUOTES, alert->cause.partition, alert->cause.offset,
                            alert->cause.offset};
    for (size_t i = 0; i < entry->journal.from_count; i++) {
        bool is_quotes = bytes_equal(entry->journal.from[i].topic, alert->cause.topic);
        span.from = is_quotes ? entry->journal.from[i].offset : span.from;
    }
    struct archive_search search = {
        .spans = &span, .count = 1, .visit = note_before, .context = &before};
    if (!alert->has_previous_value || span.from >= span.end) {
        return sg_ok();
    }
    SG_TRY(archive_find(&verify->archive, &search));
    if (before.found.record == NULL) {
        return sg_ok();
    }
    struct quote expected = *(const struct quote *)before.found.record;
    expected.value = alert->previous_value;
    return compare_quote(verify, difference, &before.found, &expected, written);
}

// An alert that was decided on quotes which say something else now.
static sg_result check_cause(struct verify *verify, const struct verify_entry *entry,
                             struct difference *difference, const struct exhibit *written)
{
    const struct alert *alert = written->record;
    struct exhibit seen;
    if (!bytes_is_text(alert->cause.topic, topic_info(TOPIC_QUOTES)->name)) {
        return sg_ok();
    }
    SG_TRY(archive_at(&verify->archive, TOPIC_QUOTES, alert->cause.partition, alert->cause.offset,
                      &seen));
    if (seen.record == NULL) {
        return sg_ok();
    }
    struct quote expected = *(const struct quote *)seen.record;
    expected.instrument = alert->instrument;
    expected.value = alert->value;
    expected.event_time = alert->event_time;
    SG_TRY(check_before(verify, entry, difference, written));
    return compare_quote(verify, difference, &seen, &expected, written);
}

static sg_result found_not_made(struct verify *verify, struct difference *difference,
                                const struct exhibit *written)
{
    const struct record_type *type = topic_info(written->topic)->record;
    difference->partition = written->partition;
    difference->offset = written->offset;
    snprintf(difference->what, sizeof difference->what,
             "%s wrote this record, and the fold does not make it", difference->task);
    if (written->record != NULL) {
        difference_text(type, written->record, difference->there);
    }
    return difference_found(&verify->result->difference, difference);
}

static sg_result found_only_made(struct verify *verify, struct difference *difference,
                                 const struct fold_output *made, const struct place *behind)
{
    const void *record = NULL;
    SG_TRY(decode_made(verify, made, &record));
    difference->partition = behind->partition;
    difference->offset = -1;
    snprintf(difference->what, sizeof difference->what,
             "the fold makes a record that %s did not write, caused by %s/%" PRId32 "@%" PRId64,
             difference->task, topic_info(made->cause_topic)->name, made->cause_partition,
             made->cause_offset);
    if (record != NULL) {
        difference_text(topic_info(made->topic)->record, record, difference->expected);
    }
    return difference_found(&verify->result->difference, difference);
}

SG_RESULT verify_name_outputs(struct verify *verify, const struct verify_task *task,
                              const struct verify_entry *entry, enum topic topic)
{
    struct difference difference = verify_difference(task, entry);
    if (topic == TOPIC_COUNT) {
        snprintf(difference.what, sizeof difference.what, "%s wrote to a topic that is not known",
                 task->name);
        return difference_found(&verify->result->difference, &difference);
    }
    const struct fold_output *made = NULL;
    struct place behind = {0};
    SG_TRY(take_made(verify, task, topic, &made, &behind));
    struct search *search = new_search(verify, entry, topic);
    if (search == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    SG_TRY(look_at_all(search));
    struct exhibit written = {
        .topic = topic, .partition = search->best.partition, .offset = search->best.offset};
    bool is_written = search->best.offset >= 0;
    difference.topic = topic;
    if (is_written && topic_info(topic)->record != NULL) {
        SG_TRY(archive_at(&verify->archive, topic, written.partition, written.offset, &written));
    }
    if (written.record != NULL && topic == TOPIC_ALERTS) {
        SG_TRY(check_cause(verify, entry, &difference, &written));
    }
    SG_TRY(name_input(verify, task, entry));
    if (made != NULL && written.record != NULL && bytes_equal(written.key, made->key)) {
        const void *record = NULL;
        SG_TRY(decode_made(verify, made, &record));
        snprintf(difference.what, sizeof difference.what,
                 "%s wrote this record, and the fold makes another one", task->name);
        return found_changed(verify, &difference, &search->best, record);
    }
    if (is_written) {
        return found_not_made(verify, &difference, &written);
    }
    if (made != NULL) {
        return found_only_made(verify, &difference, made, &behind);
    }
    snprintf(difference.what, sizeof difference.what,
             "what %s wrote to %s is not what the journal says of it", task->name,
             topic_info(topic)->name);
    return difference_found(&verify->result->difference, &difference);
}
