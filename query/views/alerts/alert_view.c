// Alerts: a log, with keys by instrument and by id that lead to it. The same alert again is known
// by its id and is left out.
#include "query/views/alerts/alert_view.h"

#include "query/views/alerts/alert_feed.h"
#include "query/views/view_batch.h"
#include "query/views/view_check.h"

enum { ROWS_VERSION = 1 };

static struct view_key instrument_key(const struct alert *alert, struct bytes log_key)
{
    struct view_key key = view_key_of_name(alert->user_id, alert->instrument);
    view_key_add_bytes(&key, log_key);
    return key;
}

static sg_result forget(const struct view_write *write, struct bytes user_id, struct bytes key,
                        const struct view_row *row)
{
    struct alert alert;
    SG_TRY(view_row_decode(row, &alert_type, write->arena, &alert));
    struct view_key by_id = view_key_of_id(user_id, alert.alert_id);
    struct view_key by_instrument = instrument_key(&alert, key);
    SG_TRY(table_delete(write->transaction, view_store_table(write->store, VIEW_TABLE_ALERT_IDS),
                        view_key_bytes(&by_id)));
    return table_delete(write->transaction,
                        view_store_table(write->store, VIEW_TABLE_ALERT_INSTRUMENTS),
                        view_key_bytes(&by_instrument));
}

static const struct view_log alert_log = {VIEW_TABLE_ALERTS, 'a', forget};

// Reads the row with a log key.
static sg_result read_row(const struct view_reader *reader, struct bytes key,
                          struct alert_row *ret_row)
{
    struct view_row row;
    SG_TRY(view_log_get(reader, &alert_log, key, &row));
    ret_row->place = row.place;
    ret_row->key = key;
    return view_row_decode(&row, &alert_type, reader->arena, &ret_row->alert);
}

sg_result alert_view_find(const struct view_reader *reader, struct bytes alert_id,
                          struct alert_row *ret_row, bool *ret_found)
{
    *ret_found = false;
    if (!view_key_fits(reader->user_id) || !view_key_fits(alert_id)) {
        return sg_ok();
    }
    struct view_key by_id = view_key_of_id(reader->user_id, alert_id);
    struct bytes key;
    SG_TRY(table_get(reader->snapshot->transaction,
                     view_store_table(reader->snapshot->store, VIEW_TABLE_ALERT_IDS),
                     view_key_bytes(&by_id), &key, ret_found));
    return *ret_found ? read_row(reader, key, ret_row) : sg_ok();
}

struct listing {
    const struct view_reader *reader;
    alert_fn each;
    void *context;
};

static sg_result hand_on(void *context, struct bytes key)
{
    const struct listing *listing = context;
    struct alert_row row;
    SG_TRY(read_row(listing->reader, key, &row));
    return listing->each(listing->context, &row);
}

sg_result alert_view_list(const struct view_reader *reader, const struct view_log_page *page,
                          struct bytes instrument, alert_fn each, void *context)
{
    bool by_instrument = instrument.size > 0;
    if (!view_key_fits(reader->user_id) || (by_instrument && !view_key_fits(instrument))) {
        return sg_ok();
    }
    struct listing listing = {reader, each, context};
    struct view_log_place place = {.table = VIEW_TABLE_ALERTS};
    if (by_instrument) {
        place.table = VIEW_TABLE_ALERT_INSTRUMENTS;
        place.prefix = view_key_of_name(reader->user_id, instrument);
    } else {
        view_key_begin(&place.prefix, reader->user_id);
    }
    return view_log_walk(reader->snapshot, &place, page, hand_on, &listing);
}

static sg_result write_alert(const struct view_write *write, const struct view_record *record,
                             struct view_row *row)
{
    const struct alert *alert = record->value;
    struct view_key by_id = view_key_of_id(alert->user_id, alert->alert_id);
    struct bytes known;
    bool found = false;
    SG_TRY(table_get(write->transaction, view_store_table(write->store, VIEW_TABLE_ALERT_IDS),
                     view_key_bytes(&by_id), &known, &found));
    if (found) {
        return sg_ok();
    }
    row->time_ms = alert->event_time;
    struct view_log_key key = view_log_key_of(row);
    struct bytes log_key = bytes_of(key.data, sizeof key.data);
    struct view_key by_instrument = instrument_key(alert, log_key);
    SG_TRY(table_put(write->transaction, view_store_table(write->store, VIEW_TABLE_ALERT_IDS),
                     view_key_bytes(&by_id), log_key));
    SG_TRY(table_put(write->transaction,
                     view_store_table(write->store, VIEW_TABLE_ALERT_INSTRUMENTS),
                     view_key_bytes(&by_instrument), bytes_of("", 0)));
    return view_log_add(write, &alert_log, alert->user_id, row, write->settings->alerts_kept);
}

static const struct view_batch_kind alert_kind = {&alert_type, write_alert};

static sg_result check(const struct view_record *record, const struct alert *alert)
{
    SG_TRY(view_check_key(record, "user_id", alert->user_id));
    SG_TRY(view_check_name("alert_id", alert->alert_id));
    SG_TRY(view_check_name("subscription_id", alert->subscription_id));
    SG_TRY(view_check_name("instrument", alert->instrument));
    SG_TRY(view_check_name("cause.topic", alert->cause.topic));
    SG_TRY(view_check_finite("threshold", alert->threshold));
    SG_TRY(view_check_finite("value", alert->value));
    if (alert->has_previous_value) {
        SG_TRY(view_check_finite("previous_value", alert->previous_value));
    }
    return view_check_not_negative("event_time", alert->event_time);
}

static sg_result apply(void *state, struct transaction *transaction,
                       const struct view_record *record)
{
    (void)transaction;
    SG_TRY(check(record, record->value));
    return view_batch_add(state, &alert_kind, record);
}

static sg_result flush(void *state, struct transaction *transaction)
{
    return view_batch_flush(state, transaction, 0);
}

static sg_result clear(void *state, struct transaction *transaction)
{
    static const enum view_table tables[] = {VIEW_TABLE_ALERTS, VIEW_TABLE_ALERT_IDS,
                                             VIEW_TABLE_ALERT_INSTRUMENTS};
    struct view_write write = view_batch_begin(state, transaction, 0);
    view_batch_settled(state);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        SG_TRY(table_clear(transaction, view_store_table(write.store, tables[i])));
    }
    return view_log_clear(&write, &alert_log);
}

static uint64_t format(void)
{
    return view_batch_format(&alert_kind, 1, ROWS_VERSION);
}

const struct view alert_view = {
    .name = "alerts",
    .sources = {{TOPIC_ALERTS, apply}},
    .source_count = 1,
    .format = format,
    .open = view_batch_open,
    .close = view_batch_close,
    .flush = flush,
    .settled = view_batch_settled,
    .clear = clear,
    .full = view_batch_full,
};
