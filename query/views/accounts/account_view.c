// The accounts view. The topics say what is true; the answer to a command says it sooner, in the
// partition that the asker waits for. Which of them is read first does not matter: of a user and of
// a subscription the greatest version is kept, also when that is the one that ended it.
#include "query/views/accounts/account_view.h"

#include "core/service/clock.h"
#include "query/views/accounts/account_checks.h"
#include "query/views/accounts/command_rows.h"
#include "query/views/accounts/subscription_rows.h"
#include "query/views/accounts/user_rows.h"
#include "query/views/view_batch.h"

#include <string.h>

enum {
    ROWS_VERSION = 1,
    FORGOTTEN_BASE = 64,           // In one flush, and as many again as twice the records.
    AHEAD_MS_MAX = 60 * 60 * 1000, // A record of a clock that is wrong moves time no further.
    EXPIRY_HEAD_BYTES = 8 + 1,     // Time and kind.
};

static sg_result write_user(const struct view_write *write, const struct view_record *record,
                            struct view_row *row)
{
    return user_rows_take(write, record->value, ACCOUNT_FROM_TOPIC, row);
}

static sg_result write_subscription(const struct view_write *write,
                                    const struct view_record *record, struct view_row *row)
{
    return subscription_rows_take(write, record->value, ACCOUNT_FROM_TOPIC, row);
}

// Writes the user or the subscription that an answer carries.
static sg_result write_carried(const struct view_write *write, const struct command_result *result,
                               const struct view_row *row)
{
    SG_CLEANUP(buffer_done) struct buffer avro;
    buffer_init(&avro, VIEW_ROW_BYTES_MAX);
    struct view_row carried = {.place = row->place, .time_ms = row->time_ms};
    switch (result->result_type) {
    case COMMAND_RESULT_RESULT_USER:
        SG_TRY(user_encode(&result->result.user, &avro));
        carried.avro = buffer_bytes(&avro);
        return user_rows_take(write, &result->result.user, ACCOUNT_FROM_RESULT, &carried);
    case COMMAND_RESULT_RESULT_SUBSCRIPTION:
        SG_TRY(subscription_encode(&result->result.subscription, &avro));
        carried.avro = buffer_bytes(&avro);
        return subscription_rows_take(write, &result->result.subscription, ACCOUNT_FROM_RESULT,
                                      &carried);
    }
    return sg_ok();
}

// An answer that would be forgotten at once is not taken at all: what it says of a user or a
// subscription may have been overtaken by an end that is forgotten already.
static sg_result write_result(const struct view_write *write, const struct view_record *record,
                              struct view_row *row)
{
    const struct command_result *result = record->value;
    if (account_rows_is_old(write, result->at)) {
        return sg_ok();
    }
    if (result->has_result) {
        SG_TRY(write_carried(write, result, row));
    }
    return command_rows_take(write, result, row);
}

static const struct view_batch_kind user_kind = {&user_type, write_user};
static const struct view_batch_kind subscription_kind = {&subscription_type, write_subscription};
static const struct view_batch_kind result_kind = {&command_result_type, write_result};

static sg_result apply_user(void *state, struct transaction *transaction,
                            const struct view_record *record)
{
    (void)transaction;
    SG_TRY(account_checks_user(record));
    return view_batch_add(state, &user_kind, record);
}

static sg_result apply_subscription(void *state, struct transaction *transaction,
                                    const struct view_record *record)
{
    (void)transaction;
    SG_TRY(account_checks_subscription(record));
    return view_batch_add(state, &subscription_kind, record);
}

static sg_result apply_result(void *state, struct transaction *transaction,
                              const struct view_record *record)
{
    (void)transaction;
    SG_TRY(account_checks_result(record));
    return view_batch_add(state, &result_kind, record);
}

// The newest time that is known: kept in the file, so that a restart does not turn it back.
static sg_result find_now(const struct view_write *write, int64_t newest_ms, int64_t *ret_now_ms)
{
    struct bytes value;
    bool found = false;
    SG_TRY(table_get(write->transaction, view_store_table(write->store, VIEW_TABLE_META),
                     bytes_of_text("accounts_now"), &value, &found));
    *ret_now_ms = 0;
    if (found && value.size == sizeof *ret_now_ms) {
        memcpy(ret_now_ms, value.data, sizeof *ret_now_ms);
    }
    int64_t latest_ms = clock_wall_ms() + AHEAD_MS_MAX;
    int64_t seen_ms = newest_ms < latest_ms ? newest_ms : latest_ms;
    if (seen_ms > *ret_now_ms) {
        *ret_now_ms = seen_ms;
    }
    return table_put(write->transaction, view_store_table(write->store, VIEW_TABLE_META),
                     bytes_of_text("accounts_now"), bytes_of(ret_now_ms, sizeof *ret_now_ms));
}

// The entry that is due first. `*ret_key` is the whole of it.
static sg_result first_expiry(const struct view_write *write, struct view_key *ret_key,
                              bool *ret_found)
{
    SG_CLEANUP(cursor_close) struct cursor *cursor = NULL;
    SG_TRY(cursor_open(write->transaction,
                       view_store_table(write->store, VIEW_TABLE_ACCOUNT_EXPIRY), &cursor));
    struct bytes key;
    struct bytes value;
    SG_TRY(cursor_next(cursor, &key, &value, ret_found));
    if (*ret_found && (key.size <= EXPIRY_HEAD_BYTES || key.size > sizeof ret_key->data)) {
        return sg_fail(SG_FATAL, 0, "views: a time to forget cannot be read");
    }
    ret_key->size = 0;
    if (*ret_found) {
        view_key_add_bytes(ret_key, key);
    }
    return sg_ok();
}

static sg_result forget_one(const struct view_write *write, const struct view_key *expiry)
{
    int64_t time_ms = view_key_int(expiry->data);
    struct view_key key = {.size = 0};
    view_key_add_bytes(
        &key, bytes_of(expiry->data + EXPIRY_HEAD_BYTES, expiry->size - EXPIRY_HEAD_BYTES));
    if (expiry->data[EXPIRY_HEAD_BYTES - 1] == ACCOUNT_EXPIRY_COMMAND) {
        SG_TRY(command_rows_forget(write, &key, time_ms));
    } else {
        SG_TRY(subscription_rows_forget_end(write, &key, time_ms));
    }
    return table_delete(write->transaction,
                        view_store_table(write->store, VIEW_TABLE_ACCOUNT_EXPIRY),
                        view_key_bytes(expiry));
}

// Forgets up to `max` of what is old.
static sg_result forget_old(const struct view_write *write, size_t max)
{
    for (size_t i = 0; i < max; i++) {
        struct view_key expiry = {.size = 0};
        bool found = false;
        SG_TRY(first_expiry(write, &expiry, &found));
        if (!found || !account_rows_is_old(write, view_key_int(expiry.data))) {
            return sg_ok();
        }
        SG_TRY(forget_one(write, &expiry));
    }
    return sg_ok();
}

static sg_result flush(void *state, struct transaction *transaction)
{
    size_t count = view_batch_count(state);
    if (count == 0) {
        return sg_ok();
    }
    struct view_write write = view_batch_begin(state, transaction, 0);
    SG_TRY(find_now(&write, view_batch_newest_ms(state), &write.now_ms));
    SG_TRY(view_batch_flush(state, transaction, write.now_ms));
    return forget_old(&write, FORGOTTEN_BASE + 2 * count);
}

static sg_result clear(void *state, struct transaction *transaction)
{
    static const enum view_table tables[] = {
        VIEW_TABLE_USERS,
        VIEW_TABLE_SUBSCRIPTIONS,
        VIEW_TABLE_SUBSCRIPTION_INSTRUMENTS,
        VIEW_TABLE_SUBSCRIPTION_ENDS,
        VIEW_TABLE_COMMANDS,
        VIEW_TABLE_ACCOUNT_EXPIRY,
    };
    struct view_write write = view_batch_begin(state, transaction, 0);
    view_batch_settled(state);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        SG_TRY(table_clear(transaction, view_store_table(write.store, tables[i])));
    }
    return table_delete(transaction, view_store_table(write.store, VIEW_TABLE_META),
                        bytes_of_text("accounts_now"));
}

static uint64_t format(void)
{
    const struct view_batch_kind kinds[] = {user_kind, subscription_kind, result_kind};
    return view_batch_format(kinds, sizeof kinds / sizeof kinds[0], ROWS_VERSION);
}

const struct view account_view = {
    .name = "accounts",
    .sources = {{TOPIC_USERS, apply_user},
                {TOPIC_SUBSCRIPTIONS, apply_subscription},
                {TOPIC_COMMAND_RESULTS, apply_result}},
    .source_count = 3,
    .format = format,
    .open = view_batch_open,
    .close = view_batch_close,
    .flush = flush,
    .settled = view_batch_settled,
    .clear = clear,
    .full = view_batch_full,
};
