// Deliveries: a log, with keys by notification, attempt and place.
#include "query/views/notifications/notification_rows.h"
#include "query/views/notifications/notification_view.h"
#include "query/views/view_settings.h"

static struct view_key notification_prefix(struct bytes user_id, struct bytes notification_id)
{
    struct view_key key;
    view_key_begin(&key, user_id);
    view_key_add_name(&key, notification_id);
    return key;
}

static struct view_key attempt_key(const struct delivery *delivery, const struct view_row *row)
{
    struct view_key key = notification_prefix(delivery->user_id, delivery->notification_id);
    view_key_add_int(&key, delivery->attempt);
    view_key_add_int(&key, row->place.offset);
    view_key_add_int(&key, row->place.partition);
    return key;
}

static sg_result forget(const struct view_write *write, struct bytes user_id, struct bytes key,
                        const struct view_row *row)
{
    (void)user_id;
    (void)key;
    struct delivery delivery;
    SG_TRY(view_row_decode(row, &delivery_type, write->arena, &delivery));
    struct view_key by_attempt = attempt_key(&delivery, row);
    return table_delete(write->transaction,
                        view_store_table(write->store, VIEW_TABLE_DELIVERY_NOTIFICATIONS),
                        view_key_bytes(&by_attempt));
}

const struct view_log delivery_log = {VIEW_TABLE_DELIVERIES, 'd', forget};

static sg_result hand_on(const struct view_reader *reader, struct bytes log_key, delivery_fn each,
                         void *context)
{
    struct view_row row;
    struct delivery delivery;
    SG_TRY(view_log_get(reader, &delivery_log, log_key, &row));
    SG_TRY(view_row_decode(&row, &delivery_type, reader->arena, &delivery));
    return each(context, &delivery);
}

sg_result notification_view_deliveries(const struct view_reader *reader,
                                       struct bytes notification_id, delivery_fn each,
                                       void *context)
{
    if (!view_key_fits(reader->user_id) || !view_key_fits(notification_id)) {
        return sg_ok();
    }
    const struct view_snapshot *from = reader->snapshot;
    SG_CLEANUP(cursor_close) struct cursor *cursor = NULL;
    SG_TRY(cursor_open(from->transaction,
                       view_store_table(from->store, VIEW_TABLE_DELIVERY_NOTIFICATIONS), &cursor));
    struct view_key prefix = notification_prefix(reader->user_id, notification_id);
    struct bytes key;
    struct bytes log_key;
    struct bytes rest;
    bool found = false;
    SG_TRY(cursor_at_least(cursor, view_key_bytes(&prefix), &key, &log_key, &found));
    for (int i = 0; i < NOTIFICATION_ATTEMPTS_MAX && found && view_key_begins(&prefix, key, &rest);
         i++) {
        SG_TRY(hand_on(reader, log_key, each, context));
        SG_TRY(cursor_next(cursor, &key, &log_key, &found));
    }
    return sg_ok();
}

sg_result delivery_rows_take(const struct view_write *write, const struct delivery *delivery,
                             struct view_row *row)
{
    row->time_ms = delivery->at;
    struct view_log_key log_key = view_log_key_of(row);
    struct view_key by_attempt = attempt_key(delivery, row);
    SG_TRY(table_put(write->transaction,
                     view_store_table(write->store, VIEW_TABLE_DELIVERY_NOTIFICATIONS),
                     view_key_bytes(&by_attempt), bytes_of(log_key.data, sizeof log_key.data)));
    return view_log_add(write, &delivery_log, delivery->user_id, row,
                        write->settings->notifications_kept * NOTIFICATION_ATTEMPTS_MAX);
}
