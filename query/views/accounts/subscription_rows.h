// The writing of subscriptions.
#pragma once
#include "query/views/accounts/account_rows.h"
#include "schemas/subscription.h"

// Takes a subscription whose Avro bytes are in `row`. An older version than the one that is there,
// or that has ended, does nothing. Fails as table_put(), SG_FATAL.
SG_RESULT subscription_rows_take(const struct view_write *write,
                                 const struct subscription *subscription,
                                 enum account_origin origin, struct view_row *row);

// Forgets the end of a subscription, unless it came back or ended again after `time_ms`. Fails as
// table_delete(), SG_FATAL.
SG_RESULT subscription_rows_forget_end(const struct view_write *write, const struct view_key *key,
                                       int64_t time_ms);
