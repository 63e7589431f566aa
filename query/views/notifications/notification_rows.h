// The writing of notifications, and the logs of both.
#pragma once
#include "query/views/view_log.h"
#include "schemas/delivery.h"
#include "schemas/notification.h"

// More attempts for one notification than the schedule of `deliver` makes.
enum { NOTIFICATION_ATTEMPTS_MAX = 64 };

extern const struct view_log notification_log;
extern const struct view_log delivery_log;

// Each takes a record; `row` has its Avro bytes. One that is known does nothing. Fail as
// table_put(), SG_FATAL.
SG_RESULT notification_rows_take(const struct view_write *write,
                                 const struct notification *notification, struct view_row *row);
SG_RESULT delivery_rows_take(const struct view_write *write, const struct delivery *delivery,
                             struct view_row *row);
