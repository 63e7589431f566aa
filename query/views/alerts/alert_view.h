// Alerts by their user, newest first; of each user the newest `views.alerts_kept`.
#pragma once
#include "query/views/view_reader.h"
#include "query/views/view_log.h"
#include "schemas/alert.h"

struct alert_row {
    struct alert alert;
    struct view_place place; // In alerts.
    struct bytes key;        // What a page goes on behind.
};

// Reads an alert of the reader's user; nobody else's is found. Borrowed from the reader. Fails:
// SG_FATAL.
SG_RESULT alert_view_find(const struct view_reader *reader, struct bytes alert_id,
                          struct alert_row *ret_row, bool *ret_found);

// Called for each alert of a page; borrowed for the call.
typedef sg_result (*alert_fn)(void *context, const struct alert_row *row);

// Calls `each` for the alerts of a page by event time, newest first; `instrument` empty: of all
// instruments. Fails: SG_FATAL, and as `each`.
SG_RESULT alert_view_list(const struct view_reader *reader, const struct view_log_page *page,
                          struct bytes instrument, alert_fn each, void *context);
