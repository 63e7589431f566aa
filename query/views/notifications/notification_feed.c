// Checks and tables of notifications and deliveries.
#include "query/views/notifications/notification_feed.h"

#include "query/views/notifications/notification_rows.h"
#include "query/views/view_batch.h"
#include "query/views/view_check.h"

enum { ROWS_VERSION = 1, ALERT_IDS_MAX = 1000 };

static sg_result write_notification(const struct view_write *write,
                                    const struct view_record *record, struct view_row *row)
{
    return notification_rows_take(write, record->value, row);
}

static sg_result write_delivery(const struct view_write *write, const struct view_record *record,
                                struct view_row *row)
{
    return delivery_rows_take(write, record->value, row);
}

static const struct view_batch_kind notification_kind = {&notification_type, write_notification};
static const struct view_batch_kind delivery_kind = {&delivery_type, write_delivery};

static sg_result check_notification(const struct view_record *record,
                                    const struct notification *notification)
{
    SG_TRY(view_check_key(record, "user_id", notification->user_id));
    SG_TRY(view_check_name("notification_id", notification->notification_id));
    if (notification->alert_ids_count > ALERT_IDS_MAX) {
        return sg_fail(SG_DROP, 0, "alert_ids may have %d ids", ALERT_IDS_MAX);
    }
    for (size_t i = 0; i < notification->alert_ids_count; i++) {
        SG_TRY(view_check_name("alert_ids", notification->alert_ids[i]));
    }
    return view_check_not_negative("created_at", notification->created_at);
}

static sg_result check_delivery(const struct view_record *record, const struct delivery *delivery)
{
    SG_TRY(view_check_key(record, "user_id", delivery->user_id));
    SG_TRY(view_check_name("notification_id", delivery->notification_id));
    SG_TRY(view_check_not_negative("attempt", delivery->attempt));
    return view_check_not_negative("at", delivery->at);
}

static sg_result apply_notification(void *state, struct transaction *transaction,
                                    const struct view_record *record)
{
    (void)transaction;
    SG_TRY(check_notification(record, record->value));
    return view_batch_add(state, &notification_kind, record);
}

static sg_result apply_delivery(void *state, struct transaction *transaction,
                                const struct view_record *record)
{
    (void)transaction;
    SG_TRY(check_delivery(record, record->value));
    return view_batch_add(state, &delivery_kind, record);
}

static sg_result flush(void *state, struct transaction *transaction)
{
    return view_batch_flush(state, transaction, 0);
}

static sg_result clear(void *state, struct transaction *transaction)
{
    static const enum view_table tables[] = {
        VIEW_TABLE_NOTIFICATIONS, VIEW_TABLE_NOTIFICATION_IDS,       VIEW_TABLE_NOTIFICATION_ALERTS,
        VIEW_TABLE_DELIVERIES,    VIEW_TABLE_DELIVERY_NOTIFICATIONS,
    };
    struct view_write write = view_batch_begin(state, transaction, 0);
    view_batch_settled(state);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        SG_TRY(table_clear(transaction, view_store_table(write.store, tables[i])));
    }
    SG_TRY(view_log_clear(&write, &notification_log));
    return view_log_clear(&write, &delivery_log);
}

static uint64_t format(void)
{
    const struct view_batch_kind kinds[] = {notification_kind, delivery_kind};
    return view_batch_format(kinds, sizeof kinds / sizeof kinds[0], ROWS_VERSION);
}

const struct view notification_view = {
    .name = "notifications",
    .sources = {{TOPIC_NOTIFICATIONS, apply_notification}, {TOPIC_DELIVERIES, apply_delivery}},
    .source_count = 2,
    .format = format,
    .open = view_batch_open,
    .close = view_batch_close,
    .flush = flush,
    .settled = view_batch_settled,
    .clear = clear,
    .full = view_batch_full,
};
