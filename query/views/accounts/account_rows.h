// What the parts of the accounts view share: rows that the newest version wins, and what is
// forgotten by age. One write transaction.
#pragma once
#include "query/views/view_row.h"

// Where a version came from.
enum account_origin {
    ACCOUNT_FROM_TOPIC,  // users or subscriptions: what is true.
    ACCOUNT_FROM_RESULT, // The same, seen earlier in the answer to a command.
};

// What an entry of the expiry table stands for. In the file; never changed.
enum account_expiry {
    ACCOUNT_EXPIRY_COMMAND = 1,
    ACCOUNT_EXPIRY_SUBSCRIPTION_END = 2,
};

// Whether a version that comes now replaces the one that is there. Of equal ones the topic's does.
bool account_rows_replaces(int64_t version, int64_t present, enum account_origin origin);

// Notes that what is under `key` (user, 0, id) is to be forgotten `views.commands_kept` after
// `time_ms`. Fails as table_put().
SG_RESULT account_rows_expire(const struct view_write *write, enum account_expiry kind,
                              int64_t time_ms, const struct view_key *key);

// Whether something of this time is forgotten by now.
bool account_rows_is_old(const struct view_write *write, int64_t time_ms);
