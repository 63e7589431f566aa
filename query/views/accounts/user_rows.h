// The writing of users.
#pragma once
#include "query/views/accounts/account_rows.h"
#include "schemas/user.h"

// Takes a user whose Avro bytes are in `row`. An older version than the one that is there does
// nothing. Fails as table_put(), SG_FATAL.
SG_RESULT user_rows_take(const struct view_write *write, const struct user *user,
                         enum account_origin origin, struct view_row *row);
