// The writing of answers to commands.
#pragma once
#include "query/views/accounts/account_rows.h"
#include "schemas/command_result.h"

// Takes an answer whose Avro bytes are in `row`; the first one under an id stays. Fails as
// table_put(), SG_FATAL.
SG_RESULT command_rows_take(const struct view_write *write, const struct command_result *result,
                            struct view_row *row);

// Forgets an answer, unless there is another one by now. Fails as table_delete(), SG_FATAL.
SG_RESULT command_rows_forget(const struct view_write *write, const struct view_key *key,
                              int64_t time_ms);
