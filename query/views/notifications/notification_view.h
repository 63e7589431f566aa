// Notifications by their user, newest first, with the attempts to deliver them; of each user the
// newest `views.notifications_kept`.
#pragma once
#include "query/views/view_log.h"
#include "query/views/view_reader.h"
#include "schemas/delivery.h"
#include "schemas/notification.h"

// Notifications of one alert that are told of, the newest.
enum { NOTIFICATION_VIEW_OF_ALERT_MAX = 100 };

struct notification_row {
    struct notification notification;
    struct view_place place; // In notifications.
    struct bytes key;        // What a page goes on behind.
};

// Reads a notification of the reader's user; nobody else's is found. Borrowed from the reader.
// Fails: SG_FATAL.
SG_RESULT notification_view_find(const struct view_reader *reader, struct bytes notification_id,
                                 struct notification_row *ret_row, bool *ret_found);

// Called for each notification; borrowed for the call.
typedef sg_result (*notification_fn)(void *context, const struct notification_row *row);

// Calls `each` for the notifications of a page by the time they were made, newest first. Fails:
// SG_FATAL, and as `each`.
SG_RESULT notification_view_list(const struct view_reader *reader, const struct view_log_page *page,
                                 notification_fn each, void *context);

// Calls `each` for the notifications that tell of an alert, newest first. Fails likewise.
SG_RESULT notification_view_of_alert(const struct view_reader *reader, struct bytes alert_id,
                                     notification_fn each, void *context);

// Called for each attempt; borrowed for the call.
typedef sg_result (*delivery_fn)(void *context, const struct delivery *delivery);

// Calls `each` for the attempts to deliver a notification in their order; with the id of an alert
// for the reason why there was none. Fails: SG_FATAL, and as `each`.
SG_RESULT notification_view_deliveries(const struct view_reader *reader,
                                       struct bytes notification_id, delivery_fn each,
                                       void *context);
