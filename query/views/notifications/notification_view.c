// Notifications: a log, with keys by id and by the alerts they tell of. When the oldest is
// forgotten, so are the deliveries from before it.
#include "query/views/notifications/notification_view.h"

#include "query/views/notifications/notification_rows.h"
#include "query/views/view_settings.h"

static sg_result forget_alerts(const struct view_write *write,
                               const struct notification *notification, struct bytes log_key)
{
    for (size_t i = 0; i < notification->alert_ids_count; i++) {
        struct view_key key = view_key_of_name(notification->user_id, notification->alert_ids[i]);
        view_key_add_bytes(&key, log_key);
        SG_TRY(table_delete(write->transaction,
                            view_store_table(write->store, VIEW_TABLE_NOTIFICATION_ALERTS),
                            view_key_bytes(&key)));
    }
    return sg_ok();
}

static sg_result forget(const struct view_write *write, struct bytes user_id, struct bytes key,
                        const struct view_row *row)
{
    struct notification notification;
    SG_TRY(view_row_decode(row, &notification_type, write->arena, &notification));
    struct view_key by_id = view_key_of_id(user_id, notification.notification_id);
    SG_TRY(table_delete(write->transaction,
                        view_store_table(write->store, VIEW_TABLE_NOTIFICATION_IDS),
                        view_key_bytes(&by_id)));
    SG_TRY(forget_alerts(write, &notification, key));
    return view_log_forget_before(write, &delivery_log, user_id, row->time_ms);
}

const struct view_log notification_log = {VIEW_TABLE_NOTIFICATIONS, 'n', forget};

static sg_result read_row(const struct view_reader *reader, struct bytes key,
                          struct notification_row *ret_row)
{
    struct view_row row;
    SG_TRY(view_log_get(reader, &notification_log, key, &row));
    ret_row->place = row.place;
    ret_row->key = key;
    return view_row_decode(&row, &notification_type, reader->arena, &ret_row->notification);
}

sg_result notification_view_find(const struct view_reader *reader, struct bytes notification_id,
                                 struct notification_row *ret_row, bool *ret_found)
{
    *ret_found = false;
    if (!view_key_fits(reader->user_id) || !view_key_fits(notification_id)) {
        return sg_ok();
    }
    struct view_key by_id = view_key_of_id(reader->user_id, notification_id);
    struct bytes key;
    SG_TRY(table_get(reader->snapshot->transaction,
                     view_store_table(reader->snapshot->store, VIEW_TABLE_NOTIFICATION_IDS),
                     view_key_bytes(&by_id), &key, ret_found));
    return *ret_found ? read_row(reader, key, ret_row) : sg_ok();
}

struct listing {
    const struct view_reader *reader;
    notification_fn each;
    void *context;
};

static sg_result hand_on(void *context, struct bytes key)
{
    const struct listing *listing = context;
    struct notification_row row;
    SG_TRY(read_row(listing->reader, key, &row));
    return listing->each(listing->context, &row);
}

sg_result notification_view_list(const struct view_reader *reader, const struct view_log_page *page,
                                 notification_fn each, void *context)
{
    if (!view_key_fits(reader->user_id)) {
        return sg_ok();
    }
    struct listing listing = {reader, each, context};
    struct view_log_place place = {.table = VIEW_TABLE_NOTIFICATIONS};
    view_key_begin(&place.prefix, reader->user_id);
    return view_log_walk(reader->snapshot, &place, page, hand_on, &listing);
}

sg_result notification_view_of_alert(const struct view_reader *reader, struct bytes alert_id,
                                     notification_fn each, void *context)
{
    if (!view_key_fits(reader->user_id) || !view_key_fits(alert_id)) {
        return sg_ok();
    }
    struct listing listing = {reader, each, context};
    struct view_log_place place = {VIEW_TABLE_NOTIFICATION_ALERTS,
                                   view_key_of_name(reader->user_id, alert_id)};
    struct view_log_page page = {.to_ms = INT64_MAX, .max = NOTIFICATION_VIEW_OF_ALERT_MAX};
    return view_log_walk(reader->snapshot, &place, &page, hand_on, &listing);
}

static sg_result put_alerts(const struct view_write *write, const struct notification *notification,
                            struct bytes log_key)
{
    for (size_t i = 0; i < notification->alert_ids_count; i++) {
        struct view_key key = view_key_of_name(notification->user_id, notification->alert_ids[i]);
        view_key_add_bytes(&key, log_key);
        SG_TRY(table_put(write->transaction,
                         view_store_table(write->store, VIEW_TABLE_NOTIFICATION_ALERTS),
                         view_key_bytes(&key), bytes_of("", 0)));
    }
    return sg_ok();
}

sg_result notification_rows_take(const struct view_write *write,
                                 const struct notification *notification, struct view_row *row)
{
    struct table ids = view_store_table(write->store, VIEW_TABLE_NOTIFICATION_IDS);
    struct view_key by_id = view_key_of_id(notification->user_id, notification->notification_id);
    struct bytes known;
    bool found = false;
    SG_TRY(table_get(write->transaction, ids, view_key_bytes(&by_id), &known, &found));
    if (found) {
        return sg_ok();
    }
    row->time_ms = notification->created_at;
    struct view_log_key key = view_log_key_of(row);
    struct bytes log_key = bytes_of(key.data, sizeof key.data);
    SG_TRY(table_put(write->transaction, ids, view_key_bytes(&by_id), log_key));
    SG_TRY(put_alerts(write, notification, log_key));
    return view_log_add(write, &notification_log, notification->user_id, row,
                        write->settings->notifications_kept);
}
