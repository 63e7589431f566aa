// From quotes to last values and history. "Last" is as the alerts processor has it: a quote older
// than the last one is late, goes into the history and moves nothing else; of equal times the one
// read later is the last.
#include "query/views/quotes/quote_view.h"

#include "core/service/metric.h"
#include "core/utf8.h"
#include "query/views/quotes/instrument_cache.h"
#include "schemas/quote.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EVENT_AHEAD_MS_MAX = 86400000 };

struct quote_state {
    struct view_store *store;
    const struct view_settings *settings;
    struct instrument_cache *cache;
    uint32_t next_number;
    bool number_known;
};

static void close_view(void *state)
{
    struct quote_state *closing = state;
    if (closing != NULL) {
        instrument_cache_free(&closing->cache);
        free(closing);
    }
}

static sg_result open_view(struct view_store *store, const struct view_settings *settings,
                           void **ret_state)
{
    struct quote_state *state = calloc(1, sizeof *state);
    if (state == NULL) {
        return sg_fail(SG_FATAL, 0, "views: out of memory");
    }
    state->store = store;
    state->settings = settings;
    state->cache = instrument_cache_new((size_t)settings->cached_instruments);
    if (state->cache == NULL) {
        close_view(state);
        return sg_fail(SG_FATAL, 0, "views: out of memory");
    }
    *ret_state = state;
    return sg_ok();
}

// What the alerts processor refuses, the view skips.
sg_result quote_view_check(const struct view_record *record, const struct quote *quote)
{
    struct bytes name = quote->instrument;
    if (name.size == 0 || name.size > INSTRUMENT_NAME_MAX || !utf8_is_printable(name)) {
        return sg_fail(SG_DROP, 0, "instrument must be 1 to 128 bytes without control characters");
    }
    if (!bytes_equal(record->key, name)) {
        return sg_fail(SG_DROP, 0, "the key is not the instrument");
    }
    if (!isfinite(quote->value)) {
        return sg_fail(SG_DROP, 0, "value must be finite");
    }
    int64_t time = quote->event_time;
    if (time < 0 || time - EVENT_AHEAD_MS_MAX > record->timestamp_ms) {
        return sg_fail(SG_DROP, 0, "event_time must be from 1970 to a day after the record's");
    }
    return sg_ok();
}

static sg_result read_next_number(struct quote_state *state, struct transaction *transaction)
{
    if (state->number_known) {
        return sg_ok();
    }
    struct bytes value;
    bool found = false;
    SG_TRY(table_get(transaction, view_store_table(state->store, VIEW_TABLE_META),
                     bytes_of_text("next_instrument"), &value, &found));
    state->next_number = 0;
    if (found && value.size == sizeof state->next_number) {
        memcpy(&state->next_number, value.data, sizeof state->next_number);
    }
    state->number_known = true;
    return sg_ok();
}

// The instrument in memory, read or made when it is not there yet.
static sg_result hold(struct quote_state *state, struct transaction *transaction, struct bytes name,
                      struct cached_instrument **ret_entry)
{
    struct cached_instrument *entry = instrument_cache_find(state->cache, name);
    if (entry == NULL) {
        struct instrument_row row = {.numbers = {.count = 0}};
        bool found = false;
        SG_TRY(read_next_number(state, transaction));
        SG_TRY(instrument_view_find(state->store, transaction, name, &row, &found));
        entry = instrument_cache_add(state->cache, name);
        if (entry == NULL) {
            return sg_fail(SG_FATAL, 0, "views: out of memory");
        }
        entry->row = row;
        if (!found) {
            entry->row.numbers.number = state->next_number++;
        }
    }
    *ret_entry = entry;
    return sg_ok();
}

static void set_last(struct instrument_row *row, const struct view_record *record,
                     const struct quote *quote)
{
    row->numbers.value = quote->value;
    row->numbers.event_time = quote->event_time;
    row->numbers.timestamp_ms = record->timestamp_ms;
    row->numbers.partition = record->partition;
    row->numbers.offset = record->offset;
    instrument_row_set_source(row, quote->source);
    instrument_row_set_unit(row, quote->has_unit, quote->unit);
}

static sg_result apply(void *context, struct transaction *transaction,
                       const struct view_record *record)
{
    struct quote_state *state = context;
    const struct quote *quote = record->value;
    SG_TRY(quote_view_check(record, quote));
    struct cached_instrument *entry = NULL;
    SG_TRY(hold(state, transaction, quote->instrument, &entry));
    struct history_value value = {.event_time = quote->event_time,
                                  .offset = record->offset,
                                  .value = quote->value,
                                  .partition = record->partition};
    if (!instrument_cache_push(state->cache, entry, &value)) {
        return sg_fail(SG_FATAL, 0, "views: out of memory");
    }
    struct instrument_numbers *numbers = &entry->row.numbers;
    bool late = numbers->count > 0 && quote->event_time < numbers->event_time;
    if (!late) {
        set_last(&entry->row, record, quote);
    }
    if (numbers->kept == 0 || quote->event_time < numbers->prune_at_ms) {
        numbers->prune_at_ms = quote->event_time;
    }
    numbers->count++;
    numbers->kept++;
    numbers->late += late ? 1 : 0;
    return sg_ok();
}

static int compare_values(const void *left, const void *right)
{
    return history_value_compare(left, right);
}

// Removes what is too old or too much, when there is something.
static sg_result prune(struct quote_state *state, struct history_writer *writer,
                       struct instrument_numbers *numbers)
{
    struct history_limits limits = {
        .oldest_ms = numbers->event_time - state->settings->history_ms,
        .values = state->settings->history_values,
    };
    bool too_many = limits.values > 0 && numbers->kept >= limits.values + HISTORY_BLOCK_VALUES;
    if (numbers->prune_at_ms >= limits.oldest_ms && !too_many) {
        return sg_ok();
    }
    return history_view_prune(writer, numbers->number, &limits, &numbers->kept,
                              &numbers->prune_at_ms);
}

static sg_result flush_entry(struct quote_state *state, struct history_writer *writer,
                             struct cached_instrument *entry)
{
    if (entry->unsorted) {
        qsort(entry->pending, entry->pending_count, sizeof entry->pending[0], compare_values);
        entry->unsorted = false;
    }
    // A copy: when the transaction fails, the same numbers are flushed again.
    struct instrument_row row = entry->row;
    SG_TRY(history_view_merge(writer, row.numbers.number, entry->pending, entry->pending_count));
    SG_TRY(prune(state, writer, &row.numbers));
    SG_TRY(instrument_view_put(state->store, writer->transaction,
                               bytes_of(entry->name, entry->name_size), &row));
    entry->flushed_kept = row.numbers.kept;
    entry->flushed_prune_at_ms = row.numbers.prune_at_ms;
    return sg_ok();
}

static sg_result flush(void *context, struct transaction *transaction)
{
    struct quote_state *state = context;
    size_t count = 0;
    struct cached_instrument *const *dirty = instrument_cache_dirty(state->cache, &count);
    if (count == 0) {
        return sg_ok();
    }
    SG_CLEANUP(history_writer_done) struct history_writer writer = {.scratch = NULL};
    SG_TRY(history_writer_init(&writer, state->store, transaction));
    for (size_t i = 0; i < count; i++) {
        SG_TRY(flush_entry(state, &writer, dirty[i]));
    }
    return table_put(transaction, view_store_table(state->store, VIEW_TABLE_META),
                     bytes_of_text("next_instrument"),
                     bytes_of(&state->next_number, sizeof state->next_number));
}

static void settled(void *context)
{
    struct quote_state *state = context;
    size_t count = 0;
    struct cached_instrument *const *dirty = instrument_cache_dirty(state->cache, &count);
    for (size_t i = 0; i < count; i++) {
        dirty[i]->row.numbers.kept = dirty[i]->flushed_kept;
        dirty[i]->row.numbers.prune_at_ms = dirty[i]->flushed_prune_at_ms;
    }
    instrument_cache_settle(state->cache);
}

static sg_result clear(void *context, struct transaction *transaction)
{
    struct quote_state *state = context;
    instrument_cache_clear(state->cache);
    state->number_known = false;
    SG_TRY(table_clear(transaction, view_store_table(state->store, VIEW_TABLE_INSTRUMENTS)));
    SG_TRY(table_clear(transaction, view_store_table(state->store, VIEW_TABLE_HISTORY)));
    return table_delete(transaction, view_store_table(state->store, VIEW_TABLE_META),
                        bytes_of_text("next_instrument"));
}

const struct view quote_view = {
    .name = "quotes",
    .sources = {{TOPIC_QUOTES, apply}},
    .source_count = 1,
    .open = open_view,
    .close = close_view,
    .flush = flush,
    .settled = settled,
    .clear = clear,
};
