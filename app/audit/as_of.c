// The journal says in which order the inputs were taken; what it does not tell of (yet) is merged
// by timestamp, as the runtime does.
#include "app/audit/as_of.h"

#include "core/hash.h"
#include "schemas/journal.h"
#include "schemas/quote.h"
#include "state/entries/cache.h"
#include "streams/topology.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    JOURNAL = AS_OF_INPUTS, // Number of its span.
    SPANS,
    NAME_MAX_BYTES = 32,
    PREFETCH_BYTES = 96 << 20,
    CACHE_ENTRIES = 100000,
    CHANGES_MAX = 10000, // Between two commits.
    RECORDS_MAX = 10000,
    JOURNAL_BYTES_MAX = 64 << 20,
    INSTRUMENTS_MAX = 100000000,
};

// The last quote of an instrument that was not late.
struct last {
    int64_t offset;
    int64_t event_time;
};

struct as_of {
    char task[NAME_MAX_BYTES];
    struct as_of_point point;
    struct log_span spans[SPANS];
    struct log_reader *reader;
    struct codecs *codecs;
    struct fold *fold;
    struct cache *lasts; // struct last by instrument; all are dirty, so that none is evicted.
    struct arena *arena; // Of one Journal record.
    int64_t taken;       // Since the last commit.
    bool is_done;        // Every input that has an end is there.
};

static sg_result open_reader(struct as_of *as_of, const struct settings_all *all)
{
    int32_t partitions = 0;
    SG_TRY(log_reader_partitions(all, TOPIC_JOURNAL, &partitions));
    uint32_t hash = hash_murmur2(bytes_of_text(as_of->task));
    const int64_t *ends = as_of->point.ends;
    int32_t partition = as_of->point.partition;
    as_of->spans[AS_OF_SUBSCRIPTIONS] =
        (struct log_span){TOPIC_SUBSCRIPTIONS, partition, 0, ends[AS_OF_SUBSCRIPTIONS]};
    as_of->spans[AS_OF_QUOTES] = (struct log_span){TOPIC_QUOTES, partition, 0, ends[AS_OF_QUOTES]};
    as_of->spans[JOURNAL] = (struct log_span){TOPIC_JOURNAL, (int32_t)(hash % (uint32_t)partitions),
                                              0, LOG_END_COMMITTED};
    return log_reader_open(all, as_of->spans, SPANS, PREFETCH_BYTES, &as_of->reader);
}

static sg_result peek(struct as_of *as_of, size_t input, const struct kafka_record **ret_record)
{
    SG_TRY(log_reader_next(as_of->reader, input, ret_record));
    log_reader_unread(as_of->reader, input);
    return sg_ok();
}

static sg_result note_done(struct as_of *as_of)
{
    bool is_done = true;
    for (size_t i = 0; i < AS_OF_INPUTS && is_done; i++) {
        const struct kafka_record *record = NULL;
        if (as_of->point.ends[i] >= 0) {
            SG_TRY(peek(as_of, i, &record));
        }
        is_done = record == NULL;
    }
    as_of->is_done = is_done;
    return sg_ok();
}

static sg_result note_last(struct as_of *as_of)
{
    const struct event *event = fold_taken(as_of->fold);
    if (event == NULL || event->topic != TOPIC_QUOTES) {
        return sg_ok();
    }
    const struct quote *quote = event->record;
    struct cache_entry *entry = cache_find(as_of->lasts, event->key);
    bool is_new = entry == NULL;
    entry = is_new ? cache_add(as_of->lasts, event->key) : entry;
    if (entry == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for the instruments of %s", as_of->task);
    }
    struct last *last = entry->memory;
    if (is_new || quote->event_time >= last->event_time) {
        *last = (struct last){event->offset, quote->event_time};
        cache_touch(as_of->lasts, entry);
    }
    return sg_ok();
}

static sg_result take(struct as_of *as_of, size_t input, const struct kafka_record *record)
{
    struct event event = {
        .topic = as_of->spans[input].topic,
        .key = record->key,
        .value = record->value,
        .partition = record->partition,
        .offset = record->offset,
        .timestamp_ms = record->timestamp_ms,
    };
    SG_TRY(fold_take(as_of->fold, &event, record->has_value));
    SG_TRY(note_last(as_of));
    as_of->taken++;
    if (as_of->taken >= RECORDS_MAX || fold_dirty_count(as_of->fold) >= CHANGES_MAX) {
        as_of->taken = 0;
        SG_TRY(fold_end(as_of->fold));
    }
    return as_of->point.ends[input] >= 0 ? note_done(as_of) : sg_ok();
}

// Takes the records of one input below an offset.
static sg_result take_run(struct as_of *as_of, size_t input, int64_t to)
{
    while (!as_of->is_done) {
        const struct kafka_record *record = NULL;
        SG_TRY(log_reader_next(as_of->reader, input, &record));
        if (record == NULL) {
            return sg_ok();
        }
        if (record->offset >= to) {
            log_reader_unread(as_of->reader, input);
            return sg_ok();
        }
        SG_TRY(take(as_of, input, record));
    }
    return sg_ok();
}

// The number of the input that a position of the journal names, AS_OF_INPUTS for none.
static size_t input_of(const struct as_of *as_of, const struct journal *journal, int32_t at)
{
    size_t input = AS_OF_INPUTS;
    for (size_t i = 0; i < AS_OF_INPUTS && at >= 0 && (size_t)at < journal->from_count; i++) {
        const char *name = topic_info(as_of->spans[i].topic)->name;
        input = bytes_is_text(journal->from[at].topic, name) ? i : input;
    }
    return input;
}

static sg_result follow_record(struct as_of *as_of, const struct kafka_record *record)
{
    if (!bytes_is_text(record->key, as_of->task)) {
        return sg_ok();
    }
    arena_reset(as_of->arena);
    struct journal journal;
    SG_TRY(codec_decode(as_of->codecs->by_topic[TOPIC_JOURNAL], record->value, as_of->arena,
                        &journal));
    for (size_t i = 0; i < journal.runs_count && !as_of->is_done; i++) {
        size_t input = input_of(as_of, &journal, journal.runs[i].input);
        if (input < AS_OF_INPUTS) {
            SG_TRY(take_run(as_of, input, journal.runs[i].to));
        }
    }
    return sg_ok();
}

static sg_result follow_journal(struct as_of *as_of)
{
    while (!as_of->is_done) {
        const struct kafka_record *record = NULL;
        SG_TRY(log_reader_next(as_of->reader, JOURNAL, &record));
        if (record == NULL) {
            return sg_ok();
        }
        sg_result followed = follow_record(as_of, record);
        SG_TRY(sg_explain(followed, "%s [%d] at %lld", topic_info(TOPIC_JOURNAL)->name,
                          (int)record->partition, (long long)record->offset));
    }
    return sg_ok();
}

// What no transaction of the journal took.
static sg_result merge_rest(struct as_of *as_of)
{
    while (!as_of->is_done) {
        size_t earliest = AS_OF_INPUTS;
        int64_t earliest_ms = 0;
        for (size_t i = 0; i < AS_OF_INPUTS; i++) {
            const struct kafka_record *record = NULL;
            SG_TRY(peek(as_of, i, &record));
            if (record != NULL &&
                (earliest == AS_OF_INPUTS || record->timestamp_ms < earliest_ms)) {
                earliest = i;
                earliest_ms = record->timestamp_ms;
            }
        }
        if (earliest == AS_OF_INPUTS) {
            return sg_ok();
        }
        const struct kafka_record *record = NULL;
        SG_TRY(log_reader_next(as_of->reader, earliest, &record));
        SG_TRY(take(as_of, earliest, record));
    }
    return sg_ok();
}

static sg_result open_parts(struct as_of *as_of, const struct settings_all *all, const char *dir)
{
    as_of->arena = arena_new(JOURNAL_BYTES_MAX);
    as_of->lasts = cache_new(INSTRUMENTS_MAX, sizeof(struct last));
    if (as_of->arena == NULL || as_of->lasts == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    struct fold_config config = {
        .processor = topology_find("alerts"),
        .name = as_of->task,
        .dir = dir,
        .cache_entries = CACHE_ENTRIES,
        .partitions = as_of->point.partitions,
        .codecs = as_of->codecs,
    };
    SG_TRY(fold_open(&config, &as_of->fold));
    return open_reader(as_of, all);
}

SG_RESULT as_of_open(const struct settings_all *all, struct codecs *codecs, const char *dir,
                     const struct as_of_point *point, struct as_of **ret_as_of)
{
    SG_CLEANUP(as_of_close) struct as_of *as_of = calloc(1, sizeof *as_of);
    if (as_of == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    snprintf(as_of->task, sizeof as_of->task, "alerts/%" PRId32, point->partition);
    as_of->point = *point;
    as_of->codecs = codecs;
    SG_TRY(open_parts(as_of, all, dir));
    SG_TRY(note_done(as_of));
    SG_TRY(follow_journal(as_of));
    SG_TRY(merge_rest(as_of));
    SG_TRY(fold_end(as_of->fold));
    *ret_as_of = SG_MOVE(as_of);
    return sg_ok();
}

void as_of_close(struct as_of **as_of)
{
    struct as_of *closing = *as_of;
    if (closing == NULL) {
        return;
    }
    log_reader_close(&closing->reader);
    fold_close(&closing->fold);
    cache_free(&closing->lasts);
    arena_free(&closing->arena);
    free(closing);
    *as_of = NULL;
}

struct stores *as_of_stores(struct as_of *as_of)
{
    return fold_stores(as_of->fold);
}

int64_t as_of_offset(const struct as_of *as_of, struct bytes instrument)
{
    const struct cache_entry *entry = cache_find(as_of->lasts, instrument);
    return entry == NULL ? -1 : ((const struct last *)entry->memory)->offset;
}

int64_t as_of_kept_from(const struct as_of *as_of, size_t input)
{
    return as_of->spans[input].from;
}
