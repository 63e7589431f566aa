// Subscriptions in force have a row and a key by instrument. One that ended leaves its version, so
// that an older one that is read later, from the other topic, does not bring it back.
#include "query/views/accounts/subscription_view.h"

#include "query/views/accounts/subscription_rows.h"
#include "query/views/accounts/user_view.h"

#include <string.h>

// The version at which a subscription ended, and when.
struct end {
    int64_t version;
    int64_t time_ms;
};

static struct view_key instrument_key(const struct subscription *subscription)
{
    struct view_key key = view_key_of_name(subscription->user_id, subscription->instrument);
    view_key_add_bytes(&key, subscription->subscription_id);
    return key;
}

static sg_result find(const struct view_reader *reader, const struct view_key *key,
                      struct subscription *ret_subscription, bool *ret_found)
{
    struct view_row row;
    SG_TRY(view_row_get(reader->snapshot, VIEW_TABLE_SUBSCRIPTIONS, key, &row, ret_found));
    return *ret_found ? view_row_decode(&row, &subscription_type, reader->arena, ret_subscription)
                      : sg_ok();
}

// Whether the reader's user has left. One whom nobody has told of yet has not.
static sg_result has_left(const struct view_reader *reader, bool *ret_left)
{
    struct user user;
    bool found = false;
    SG_TRY(user_view_find(reader, &user, &found));
    *ret_left = found && !user.active;
    return sg_ok();
}

sg_result subscription_view_find(const struct view_reader *reader, struct bytes subscription_id,
                                 struct subscription *ret_subscription, bool *ret_found)
{
    *ret_found = false;
    bool left = false;
    if (!view_key_fits(reader->user_id) || !view_key_fits(subscription_id)) {
        return sg_ok();
    }
    SG_TRY(has_left(reader, &left));
    struct view_key key = view_key_of_id(reader->user_id, subscription_id);
    return left ? sg_ok() : find(reader, &key, ret_subscription, ret_found);
}

// Hands one on that the list came to.
static sg_result hand_on(const struct view_reader *reader, struct bytes subscription_id,
                         subscription_fn each, void *context)
{
    struct subscription subscription;
    bool found = false;
    struct view_key key = view_key_of_id(reader->user_id, subscription_id);
    SG_TRY(find(reader, &key, &subscription, &found));
    return found ? each(context, &subscription)
                 : sg_fail(SG_FATAL, 0, "views: a subscription is not where its index says");
}

// Calls `each` for what is in a table under the prefix and an id.
static sg_result walk(const struct view_reader *reader, const struct view_key *prefix,
                      const struct subscription_page *page, subscription_fn each, void *context)
{
    const struct view_snapshot *from = reader->snapshot;
    enum view_table table =
        page->instrument.size > 0 ? VIEW_TABLE_SUBSCRIPTION_INSTRUMENTS : VIEW_TABLE_SUBSCRIPTIONS;
    SG_CLEANUP(cursor_close) struct cursor *cursor = NULL;
    SG_TRY(cursor_open(from->transaction, view_store_table(from->store, table), &cursor));
    struct view_key start = *prefix;
    view_key_add_bytes(&start, page->after);
    struct bytes key;
    struct bytes value;
    struct bytes id;
    bool found = false;
    SG_TRY(cursor_at_least(cursor, view_key_bytes(&start), &key, &value, &found));
    if (found && page->after.size > 0 && bytes_equal(key, view_key_bytes(&start))) {
        SG_TRY(cursor_next(cursor, &key, &value, &found));
    }
    for (size_t i = 0; i < page->max && found && view_key_begins(prefix, key, &id); i++) {
        SG_TRY(hand_on(reader, id, each, context));
        SG_TRY(cursor_next(cursor, &key, &value, &found));
    }
    return sg_ok();
}

sg_result subscription_view_list(const struct view_reader *reader,
                                 const struct subscription_page *page, subscription_fn each,
                                 void *context)
{
    bool by_instrument = page->instrument.size > 0;
    bool fits = view_key_fits(reader->user_id) && page->after.size <= VIEW_NAME_MAX &&
                (!by_instrument || view_key_fits(page->instrument));
    bool left = true;
    if (fits) {
        SG_TRY(has_left(reader, &left));
    }
    if (left) {
        return sg_ok();
    }
    struct view_key prefix;
    if (by_instrument) {
        prefix = view_key_of_name(reader->user_id, page->instrument);
    } else {
        view_key_begin(&prefix, reader->user_id);
    }
    return walk(reader, &prefix, page, each, context);
}

static sg_result read_end(const struct view_write *write, const struct view_key *key,
                          struct end *ret_end, bool *ret_found)
{
    struct bytes value;
    SG_TRY(table_get(write->transaction,
                     view_store_table(write->store, VIEW_TABLE_SUBSCRIPTION_ENDS),
                     view_key_bytes(key), &value, ret_found));
    if (*ret_found && value.size != sizeof *ret_end) {
        return sg_fail(SG_FATAL, 0, "views: the end of a subscription cannot be read");
    }
    if (*ret_found) {
        memcpy(ret_end, value.data, sizeof *ret_end);
    }
    return sg_ok();
}

static sg_result remove_from(const struct view_write *write, enum view_table table,
                             const struct view_key *key)
{
    return table_delete(write->transaction, view_store_table(write->store, table),
                        view_key_bytes(key));
}

// Takes the row that is there away, with its key by instrument.
static sg_result remove_present(const struct view_write *write, const struct view_key *key,
                                const struct subscription *present)
{
    struct view_key by_instrument = instrument_key(present);
    SG_TRY(remove_from(write, VIEW_TABLE_SUBSCRIPTION_INSTRUMENTS, &by_instrument));
    return remove_from(write, VIEW_TABLE_SUBSCRIPTIONS, key);
}

static sg_result put_active(const struct view_write *write, const struct view_key *key,
                            const struct subscription *subscription, const struct view_row *row)
{
    struct view_key by_instrument = instrument_key(subscription);
    SG_TRY(remove_from(write, VIEW_TABLE_SUBSCRIPTION_ENDS, key));
    SG_TRY(table_put(write->transaction,
                     view_store_table(write->store, VIEW_TABLE_SUBSCRIPTION_INSTRUMENTS),
                     view_key_bytes(&by_instrument), bytes_of("", 0)));
    return view_row_put(write, VIEW_TABLE_SUBSCRIPTIONS, key, row);
}

static sg_result put_end(const struct view_write *write, const struct view_key *key,
                         int64_t version, int64_t time_ms)
{
    struct end end = {version, time_ms < write->now_ms ? time_ms : write->now_ms};
    SG_TRY(table_put(write->transaction,
                     view_store_table(write->store, VIEW_TABLE_SUBSCRIPTION_ENDS),
                     view_key_bytes(key), bytes_of(&end, sizeof end)));
    return account_rows_expire(write, ACCOUNT_EXPIRY_SUBSCRIPTION_END, end.time_ms, key);
}

sg_result subscription_rows_take(const struct view_write *write,
                                 const struct subscription *subscription,
                                 enum account_origin origin, struct view_row *row)
{
    struct view_snapshot here = view_row_snapshot(write);
    struct view_reader reader = {&here, subscription->user_id, write->arena};
    struct view_key key = view_key_of_id(subscription->user_id, subscription->subscription_id);
    struct subscription present;
    struct end end = {.version = 0};
    bool found = false;
    bool ended = false;
    SG_TRY(find(&reader, &key, &present, &found));
    SG_TRY(read_end(write, &key, &end, &ended));
    if ((found && !account_rows_replaces(subscription->version, present.version, origin)) ||
        (ended && !account_rows_replaces(subscription->version, end.version, origin))) {
        return sg_ok();
    }
    if (found) {
        SG_TRY(remove_present(write, &key, &present));
    }
    return subscription->active ? put_active(write, &key, subscription, row)
                                : put_end(write, &key, subscription->version, row->time_ms);
}

sg_result subscription_rows_forget_end(const struct view_write *write, const struct view_key *key,
                                       int64_t time_ms)
{
    struct end end = {.version = 0};
    bool found = false;
    SG_TRY(read_end(write, key, &end, &found));
    return found && end.time_ms == time_ms ? remove_from(write, VIEW_TABLE_SUBSCRIPTION_ENDS, key)
                                           : sg_ok();
}
