// Answers to commands, a row each, under user and command. The row's time is the command's.
#include "query/views/accounts/command_view.h"

#include "query/views/accounts/command_rows.h"

sg_result command_view_find(const struct view_reader *reader, struct bytes command_id,
                            struct command_answer *ret_answer, bool *ret_found)
{
    *ret_found = false;
    if (!view_key_fits(reader->user_id) || !view_key_fits(command_id)) {
        return sg_ok();
    }
    struct view_row row;
    struct view_key key = view_key_of_id(reader->user_id, command_id);
    SG_TRY(view_row_get(reader->snapshot, VIEW_TABLE_COMMANDS, &key, &row, ret_found));
    if (!*ret_found) {
        return sg_ok();
    }
    ret_answer->place = row.place;
    return view_row_decode(&row, &command_result_type, reader->arena, &ret_answer->result);
}

static bool is_reuse(const struct command_result *result)
{
    return result->has_problem && result->problem.code == PROBLEM_CODE_ID_REUSED;
}

sg_result command_rows_take(const struct view_write *write, const struct command_result *result,
                            struct view_row *row)
{
    struct view_snapshot here = view_row_snapshot(write);
    struct view_reader reader = {&here, result->user_id, write->arena};
    struct command_answer known;
    bool found = false;
    SG_TRY(command_view_find(&reader, result->command_id, &known, &found));
    // The answer to another use of the id says nothing of the first, which is what can be asked
    // for.
    bool stays = found && !account_rows_is_old(write, known.result.at) &&
                 (is_reuse(result) || !is_reuse(&known.result));
    if (stays) {
        return sg_ok();
    }
    struct view_key key = view_key_of_id(result->user_id, result->command_id);
    row->time_ms = result->at < write->now_ms ? result->at : write->now_ms;
    SG_TRY(view_row_put(write, VIEW_TABLE_COMMANDS, &key, row));
    return account_rows_expire(write, ACCOUNT_EXPIRY_COMMAND, row->time_ms, &key);
}

sg_result command_rows_forget(const struct view_write *write, const struct view_key *key,
                              int64_t time_ms)
{
    struct view_snapshot here = view_row_snapshot(write);
    struct view_row row;
    bool found = false;
    SG_TRY(view_row_get(&here, VIEW_TABLE_COMMANDS, key, &row, &found));
    if (!found || row.time_ms != time_ms) {
        return sg_ok();
    }
    return table_delete(write->transaction, view_store_table(write->store, VIEW_TABLE_COMMANDS),
                        view_key_bytes(key));
}
