// Versions and ages. The expiry table: time, kind, then the key of the row.
#include "query/views/accounts/account_rows.h"

#include "query/views/view_settings.h"

bool account_rows_replaces(int64_t version, int64_t present, enum account_origin origin)
{
    return version > present || (version == present && origin == ACCOUNT_FROM_TOPIC);
}

sg_result account_rows_expire(const struct view_write *write, enum account_expiry kind,
                              int64_t time_ms, const struct view_key *key)
{
    struct view_key expiry = {.size = 0};
    view_key_add_int(&expiry, time_ms);
    view_key_add_byte(&expiry, (uint8_t)kind);
    view_key_add_bytes(&expiry, view_key_bytes(key));
    return table_put(write->transaction, view_store_table(write->store, VIEW_TABLE_ACCOUNT_EXPIRY),
                     view_key_bytes(&expiry), bytes_of("", 0));
}

bool account_rows_is_old(const struct view_write *write, int64_t time_ms)
{
    return time_ms < write->now_ms - write->settings->commands_kept_ms;
}
