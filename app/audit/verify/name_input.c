// A changelog record of a transaction has its stream time as timestamp, and compaction keeps the
// newest of each key: what is still there is evidence, what is not says nothing.
#include "app/audit/verify/name_input.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { COPIED_BYTES = 8 };

// A change of the fold that a changelog has.
struct witnessed {
    const struct witnessed *next;
    const struct fold_change *change;
};

// A search in the changelog of one store.
struct search {
    struct verify *verify;
    const struct verify_task *task;
    const struct verify_entry *entry;
    size_t store;
    const struct witnessed *witnessed;
    struct exhibit written; // The first that differs.
    const void *made;       // What the fold makes of its key, NULL for nothing.
};

static const struct record_type *type_of(const struct search *search)
{
    return search->task->processor->stores[search->store].record;
}

static enum topic changelog_of(const struct search *search)
{
    return search->task->processor->stores[search->store].changelog;
}

static const struct fold_change *change_of(const struct search *search, struct bytes key)
{
    for (const struct fold_change *change = fold_changes(search->task->fold); change != NULL;
         change = change->next) {
        if (change->store == search->store && bytes_equal(change->key, key)) {
            return change;
        }
    }
    return NULL;
}

// What a change of the fold makes, decoded; NULL when it changes nothing.
static sg_result make(const struct search *search, const struct fold_change *change,
                      struct arena *arena, const void **ret_made)
{
    *ret_made = NULL;
    if (change == NULL || !change->has_value) {
        return sg_ok();
    }
    void *record = arena_take(arena, type_of(search)->size);
    if (record == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    SG_TRY(codec_decode(search->verify->codecs.by_topic[changelog_of(search)], change->value, arena,
                        record));
    *ret_made = record;
    return sg_ok();
}

// Notes a change of the fold that is there as the fold makes it. Two transactions may have the same
// stream time: what the other one wrote then says nothing of this one.
static sg_result note_witnessed(void *context, const struct exhibit *seen, bool *ret_stop)
{
    (void)ret_stop;
    struct search *search = context;
    if (seen->timestamp_ms != search->entry->journal.stream_time) {
        return sg_ok();
    }
    const void *made = NULL;
    const struct fold_change *change = change_of(search, seen->key);
    SG_TRY(make(search, change, search->verify->archive.desk, &made));
    if (made == NULL || !record_type_equal(type_of(search), seen->record, made)) {
        return sg_ok();
    }
    struct witnessed *noted = arena_take(search->verify->archive.arena, sizeof *noted);
    if (noted == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    *noted = (struct witnessed){search->witnessed, change};
    search->witnessed = noted;
    return sg_ok();
}

static bool is_witnessed(const struct search *search, const struct fold_change *change)
{
    for (const struct witnessed *at = search->witnessed; at != NULL; at = at->next) {
        if (at->change == change) {
            return true;
        }
    }
    return false;
}

static sg_result look(void *context, const struct exhibit *seen, bool *ret_stop)
{
    struct search *search = context;
    const struct fold_change *change = change_of(search, seen->key);
    if (seen->timestamp_ms != search->entry->journal.stream_time ||
        (change != NULL && is_witnessed(search, change))) {
        return sg_ok();
    }
    // A key that the fold does not change is named when nothing else is.
    if (change == NULL && search->written.record != NULL) {
        return sg_ok();
    }
    *ret_stop = change != NULL;
    SG_TRY(make(search, change, search->verify->archive.arena, &search->made));
    return archive_keep(&search->verify->archive, seen, &search->written);
}

static sg_result look_in_store(struct search *search, size_t store)
{
    search->store = store;
    search->witnessed = NULL;
    struct log_span span = {changelog_of(search), search->task->partition, 0, LOG_END_COMMITTED};
    struct archive_search request = {
        .spans = &span, .count = 1, .visit = note_witnessed, .context = search};
    if (span.topic == TOPIC_COUNT) {
        return sg_ok();
    }
    SG_TRY(archive_find(&search->verify->archive, &request));
    request.visit = look;
    return archive_find(&search->verify->archive, &request);
}

// The record that a transaction took last for a key of a store, and from which a field of the state
// is a copy.
struct last {
    struct bytes key;    // Of the store: that of the record, or it with more behind a zero byte.
    const uint8_t *copy; // In what the fold makes.
    const struct record_type *whole;  // Type of the record when all of it is copied, else NULL.
    const struct record_field *field; // Of the record, that is copied.
    struct exhibit found;
};

static bool is_copied(const struct last *last, const void *record)
{
    if (last->whole != NULL) {
        return record_type_equal(last->whole, record, last->copy);
    }
    return memcmp((const uint8_t *)record + last->field->offset, last->copy, COPIED_BYTES) == 0;
}

static sg_result note_last(void *context, const struct exhibit *seen, bool *ret_stop)
{
    (void)ret_stop;
    struct last *last = context;
    size_t size = seen->key.size;
    bool is_it = last->key.size >= size && bytes_equal(bytes_of(last->key.data, size), seen->key) &&
                 (last->key.size == size || last->key.data[size] == 0);
    if (is_it && is_copied(last, seen->record)) {
        last->found = *seen;
        last->found.record = NULL; // It is on the desk.
    }
    return sg_ok();
}

static sg_result find_last(const struct search *search, enum topic topic, struct last *last)
{
    const struct journal *journal = &search->entry->journal;
    for (size_t i = 0; i < journal->from_count; i++) {
        const struct journal_position *from = &journal->from[i];
        int64_t to = from->offset;
        for (size_t j = 0; j < journal->runs_count; j++) {
            to = journal->runs[j].input == (int32_t)i ? journal->runs[j].to : to;
        }
        if (!bytes_is_text(from->topic, topic_info(topic)->name) || to == from->offset) {
            continue;
        }
        struct log_span span = {topic, from->partition, from->offset, to};
        struct archive_search request = {
            .spans = &span, .count = 1, .visit = note_last, .context = last};
        SG_TRY(archive_find(&search->verify->archive, &request));
    }
    return sg_ok();
}

// Whether a field is a number of 8 bytes that is always there.
static bool is_number(const struct record_field *field)
{
    return !field->is_optional &&
           (field->value.kind == RECORD_DOUBLE || field->value.kind == RECORD_LONG);
}

// Fills what the field of the state that differs is a copy of in records of this type: a field of
// the same name ("last_value": "value"), or the whole record. False for neither.
static bool find_copied(const struct search *search, const struct record_type *type,
                        const struct difference *difference, struct last *last)
{
    static const char prefix[] = "last_";
    int at = record_type_field(type_of(search), bytes_of_text(difference->field));
    const struct record_field *kept = &type_of(search)->fields[at < 0 ? 0 : at];
    bool has_prefix = strncmp(kept->name, prefix, strlen(prefix)) == 0;
    const char *name = kept->name + (has_prefix ? strlen(prefix) : 0);
    int field = record_type_field(type, bytes_of_text(name));
    *last = (struct last){.key = search->written.key,
                          .copy = (const uint8_t *)search->made + kept->offset,
                          .found = {.offset = -1}};
    if (kept->value.kind == RECORD_RECORD && kept->value.record == type && !kept->is_optional) {
        last->whole = type;
        return at >= 0;
    }
    last->field = field < 0 ? NULL : &type->fields[field];
    return at >= 0 && last->field != NULL && is_number(kept) && is_number(last->field) &&
           kept->value.kind == last->field->value.kind;
}

// Names the field of the input in place of that of the state.
static void name_field(const struct search *search, const struct last *last,
                       struct difference *difference)
{
    if (last->whole == NULL) {
        memcpy(difference->field, last->field->name, strlen(last->field->name) + 1);
        return;
    }
    const uint8_t *made = search->made;
    const uint8_t *written = search->written.record;
    difference_of_records(last->whole, last->copy, written + (last->copy - made), difference);
}

// Fails with the place of the input when the field that differs is a copy of one of its fields.
static sg_result blame(const struct search *search, struct difference *difference)
{
    const enum topic *inputs = search->task->processor->inputs;
    for (size_t i = 0; inputs[i] != TOPIC_COUNT; i++) {
        const struct topic_info *info = topic_info(inputs[i]);
        struct last last;
        if (info->record == NULL || info->json ||
            !find_copied(search, info->record, difference, &last)) {
            continue;
        }
        SG_TRY(find_last(search, inputs[i], &last));
        if (last.found.offset < 0) {
            continue;
        }
        name_field(search, &last, difference);
        difference->topic = inputs[i];
        difference->partition = last.found.partition;
        difference->offset = last.found.offset;
        snprintf(difference->what, sizeof difference->what,
                 "this record is not the one that %s took: its changelog has another value",
                 search->task->name);
        return difference_found(&search->verify->result->difference, difference);
    }
    return sg_ok();
}

SG_RESULT name_input(struct verify *verify, const struct verify_task *task,
                     const struct verify_entry *entry)
{
    for (size_t i = 0; i < task->processor->store_count; i++) {
        struct search search = {.verify = verify, .task = task, .entry = entry};
        struct difference difference = verify_difference(task, entry);
        SG_TRY(look_in_store(&search, i));
        bool is_different = search.written.record != NULL && search.made != NULL &&
                            difference_of_records(type_of(&search), search.made,
                                                  search.written.record, &difference);
        if (is_different) {
            SG_TRY(blame(&search, &difference));
        }
    }
    return sg_ok();
}

// The inputs of a transaction, for people: "quotes/1@40 to 45".
static void print_inputs(const struct verify_entry *entry, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < entry->journal.from_count && used < size; i++) {
        const struct journal_position *from = &entry->journal.from[i];
        int64_t to = from->offset;
        for (size_t j = 0; j < entry->journal.runs_count; j++) {
            to = entry->journal.runs[j].input == (int32_t)i ? entry->journal.runs[j].to : to;
        }
        if (to > from->offset) {
            used += (size_t)snprintf(
                text + used, size - used, "%s%.*s/%" PRId32 "@%" PRId64 " to %" PRId64,
                used == 0 ? "" : ", ", (int)from->topic.size, (const char *)from->topic.data,
                from->partition, from->offset, to - 1);
        }
    }
}

SG_RESULT verify_name_state(struct verify *verify, const struct verify_task *task,
                            const struct verify_entry *entry, size_t store)
{
    SG_TRY(name_input(verify, task, entry));
    struct search search = {.verify = verify, .task = task, .entry = entry};
    struct difference difference = verify_difference(task, entry);
    char inputs[DIFFERENCE_TEXT_MAX / 2];
    print_inputs(entry, inputs, sizeof inputs);
    const char *name = task->processor->stores[store].name;
    snprintf(difference.what, sizeof difference.what,
             "store %s of %s holds something else than what the fold makes of %s", name, task->name,
             inputs);
    SG_TRY(look_in_store(&search, store));
    if (search.written.record == NULL) {
        snprintf(difference.field, sizeof difference.field, "state.%s", name);
        return difference_found(&verify->result->difference, &difference);
    }
    difference.topic = search.written.topic;
    difference.partition = search.written.partition;
    difference.offset = search.written.offset;
    if (search.made == NULL) {
        difference_text(type_of(&search), search.written.record, difference.there);
    } else {
        difference_of_records(type_of(&search), search.written.record, search.made, &difference);
    }
    return difference_found(&verify->result->difference, &difference);
}
