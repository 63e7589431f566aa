// Users, a row each, under their ids.
#include "query/views/accounts/user_view.h"

#include "query/views/accounts/user_rows.h"

sg_result user_view_find(const struct view_reader *reader, struct user *ret_user, bool *ret_found)
{
    *ret_found = false;
    if (!view_key_fits(reader->user_id)) {
        return sg_ok();
    }
    struct view_key key;
    struct view_row row;
    view_key_begin(&key, reader->user_id);
    SG_TRY(view_row_get(reader->snapshot, VIEW_TABLE_USERS, &key, &row, ret_found));
    return *ret_found ? view_row_decode(&row, &user_type, reader->arena, ret_user) : sg_ok();
}

sg_result user_rows_take(const struct view_write *write, const struct user *user,
                         enum account_origin origin, struct view_row *row)
{
    struct view_snapshot here = view_row_snapshot(write);
    struct view_reader reader = {&here, user->user_id, write->arena};
    struct user present;
    bool found = false;
    SG_TRY(user_view_find(&reader, &present, &found));
    if (found && !account_rows_replaces(user->version, present.version, origin)) {
        return sg_ok();
    }
    struct view_key key;
    view_key_begin(&key, user->user_id);
    return view_row_put(write, VIEW_TABLE_USERS, &key, row);
}
