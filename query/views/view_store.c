// The file of the read views.
#include "query/views/view_store.h"

#include "core/service/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES_MAX = 4096, FORMAT = 1, KEY_MAX = KAFKA_TOPIC_MAX + 8 };

static const char *const table_names[VIEW_TABLE_COUNT] = {
    [VIEW_TABLE_META] = "meta",
    [VIEW_TABLE_POSITIONS] = "positions",
    [VIEW_TABLE_INSTRUMENTS] = "instruments",
    [VIEW_TABLE_HISTORY] = "history",
    [VIEW_TABLE_COUNTS] = "counts",
    [VIEW_TABLE_USERS] = "users",
    [VIEW_TABLE_SUBSCRIPTIONS] = "subscriptions",
    [VIEW_TABLE_SUBSCRIPTION_INSTRUMENTS] = "subscription_instruments",
    [VIEW_TABLE_SUBSCRIPTION_ENDS] = "subscription_ends",
    [VIEW_TABLE_COMMANDS] = "commands",
    [VIEW_TABLE_ACCOUNT_EXPIRY] = "account_expiry",
    [VIEW_TABLE_ALERTS] = "alerts",
    [VIEW_TABLE_ALERT_INSTRUMENTS] = "alert_instruments",
    [VIEW_TABLE_ALERT_IDS] = "alert_ids",
    [VIEW_TABLE_NOTIFICATIONS] = "notifications",
    [VIEW_TABLE_NOTIFICATION_IDS] = "notification_ids",
    [VIEW_TABLE_NOTIFICATION_ALERTS] = "notification_alerts",
    [VIEW_TABLE_DELIVERIES] = "deliveries",
    [VIEW_TABLE_DELIVERY_NOTIFICATIONS] = "delivery_notifications",
};

struct view_store {
    char path[PATH_BYTES_MAX];
    struct environment *environment;
    struct table tables[VIEW_TABLE_COUNT];
};

static sg_result read_format(struct view_store *store, struct transaction *transaction,
                             uint32_t *ret_format, bool *ret_found)
{
    struct bytes value;
    SG_TRY(table_get(transaction, store->tables[VIEW_TABLE_META], bytes_of_text("format"), &value,
                     ret_found));
    *ret_format = 0;
    if (*ret_found && value.size == sizeof *ret_format) {
        memcpy(ret_format, value.data, sizeof *ret_format);
    }
    return sg_ok();
}

// Empties a file of another format: the views can always be filled again from the topics.
static sg_result check_format(struct view_store *store)
{
    SG_CLEANUP(transaction_abort) struct transaction *transaction = NULL;
    SG_TRY(view_store_begin(store, &transaction));
    uint32_t format = 0;
    bool found = false;
    SG_TRY(read_format(store, transaction, &format, &found));
    if (found && format == FORMAT) {
        return sg_ok();
    }
    if (found) {
        log_warn("the views have another format and are built anew",
                 (struct log_field[]){log_int("format", format), {.name = NULL}});
    }
    for (size_t i = 0; i < VIEW_TABLE_COUNT; i++) {
        SG_TRY(table_clear(transaction, store->tables[i]));
    }
    format = FORMAT;
    SG_TRY(table_put(transaction, store->tables[VIEW_TABLE_META], bytes_of_text("format"),
                     bytes_of(&format, sizeof format)));
    return view_store_commit(store, &transaction);
}

static sg_result open_tables(struct view_store *store)
{
    for (size_t i = 0; i < VIEW_TABLE_COUNT; i++) {
        SG_TRY(environment_table(store->environment, table_names[i], &store->tables[i]));
    }
    return check_format(store);
}

static sg_result open_file(struct view_store *store, const struct state_settings *settings)
{
    int size = snprintf(store->path, sizeof store->path, "%s/serve", settings->dir);
    if (size < 0 || (size_t)size >= sizeof store->path) {
        return sg_fail(SG_FATAL, 0, "state.dir is longer than %d bytes", PATH_BYTES_MAX);
    }
    bool synced = strcmp(settings->sync, "commit") == 0;
    enum environment_sync sync = synced ? ENVIRONMENT_SYNC_COMMIT : ENVIRONMENT_SYNC_NONE;
    SG_TRY(environment_open(store->path, settings->map_bytes, sync, &store->environment));
    return open_tables(store);
}

sg_result view_store_open(const struct state_settings *settings, struct view_store **ret_store)
{
    SG_CLEANUP(view_store_close) struct view_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return sg_fail(SG_FATAL, 0, "views: out of memory");
    }
    SG_TRY(open_file(store, settings));
    *ret_store = SG_MOVE(store);
    return sg_ok();
}

void view_store_close(struct view_store **store)
{
    struct view_store *closing = *store;
    if (closing == NULL) {
        return;
    }
    environment_close(&closing->environment);
    free(closing);
    *store = NULL;
}

struct table view_store_table(const struct view_store *store, enum view_table table)
{
    return store->tables[table];
}

sg_result view_store_begin(struct view_store *store, struct transaction **ret_transaction)
{
    return transaction_begin(store->environment, true, ret_transaction);
}

sg_result view_store_commit(struct view_store *store, struct transaction **transaction)
{
    sg_result result = transaction_commit(transaction);
    if (result.class == SG_ABORT) {
        SG_TRY(view_store_grow(store));
        return sg_fail(SG_ABORT, result.code, "the file of the views was full and has been grown");
    }
    return result;
}

sg_result view_store_grow(struct view_store *store)
{
    return environment_grow(store->environment);
}

sg_result view_store_read(struct view_store *store, struct view_snapshot *ret_snapshot)
{
    struct transaction *transaction = NULL;
    SG_TRY(transaction_begin(store->environment, false, &transaction));
    *ret_snapshot = (struct view_snapshot){store, transaction};
    return sg_ok();
}

void view_snapshot_done(struct view_snapshot *snapshot)
{
    transaction_abort(&snapshot->transaction);
}

// A position's key: the topic's name, a zero byte, the partition.
static struct bytes position_key(const char *topic, int32_t partition, uint8_t text[static KEY_MAX])
{
    size_t size = strnlen(topic, KAFKA_TOPIC_MAX);
    memcpy(text, topic, size);
    text[size++] = 0;
    for (int shift = 24; shift >= 0; shift -= 8) {
        text[size++] = (uint8_t)((uint32_t)partition >> shift);
    }
    return bytes_of(text, size);
}

static int32_t key_partition(struct bytes key, size_t topic_size)
{
    uint32_t partition = 0;
    for (size_t i = topic_size; i < key.size; i++) {
        partition = partition << 8 | key.data[i];
    }
    return (int32_t)partition;
}

sg_result view_store_position(struct view_store *store, struct transaction *transaction,
                              const struct kafka_position *at, struct view_position *ret_position,
                              bool *ret_found)
{
    uint8_t text[KEY_MAX];
    struct bytes value;
    SG_TRY(table_get(transaction, store->tables[VIEW_TABLE_POSITIONS],
                     position_key(at->topic, at->partition, text), &value, ret_found));
    if (*ret_found && value.size != sizeof *ret_position) {
        return sg_fail(SG_FATAL, 0, "views: the position of %s [%d] cannot be read", at->topic,
                       at->partition);
    }
    if (*ret_found) {
        memcpy(ret_position, value.data, sizeof *ret_position);
    }
    return sg_ok();
}

sg_result view_store_set_position(struct view_store *store, struct transaction *transaction,
                                  const struct kafka_position *at,
                                  const struct view_position *position)
{
    uint8_t text[KEY_MAX];
    return table_put(transaction, store->tables[VIEW_TABLE_POSITIONS],
                     position_key(at->topic, at->partition, text),
                     bytes_of(position, sizeof *position));
}

sg_result view_store_positions(const struct view_snapshot *snapshot, const char *topic,
                               view_position_fn each, void *context)
{
    SG_CLEANUP(cursor_close) struct cursor *cursor = NULL;
    struct table table = snapshot->store->tables[VIEW_TABLE_POSITIONS];
    SG_TRY(cursor_open(snapshot->transaction, table, &cursor));
    uint8_t text[KEY_MAX];
    struct bytes first = position_key(topic, 0, text);
    size_t topic_size = first.size - sizeof(int32_t);
    struct bytes key;
    struct bytes value;
    bool found = false;
    SG_TRY(cursor_at_least(cursor, first, &key, &value, &found));
    while (found && key.size == first.size && memcmp(key.data, text, topic_size) == 0) {
        struct view_position position;
        if (value.size != sizeof position) {
            return sg_fail(SG_FATAL, 0, "views: a position of %s cannot be read", topic);
        }
        memcpy(&position, value.data, sizeof position);
        SG_TRY(each(context, key_partition(key, topic_size), &position));
        SG_TRY(cursor_next(cursor, &key, &value, &found));
    }
    return sg_ok();
}

// The first position at or after the key, if it is of the topic that the key begins with.
static sg_result next_position(struct transaction *transaction, struct table table,
                               struct bytes key, uint8_t text[static KEY_MAX], bool *ret_found)
{
    SG_CLEANUP(cursor_close) struct cursor *cursor = NULL;
    SG_TRY(cursor_open(transaction, table, &cursor));
    struct bytes found;
    struct bytes value;
    size_t topic_size = key.size - sizeof(int32_t);
    SG_TRY(cursor_at_least(cursor, key, &found, &value, ret_found));
    *ret_found =
        *ret_found && found.size == key.size && memcmp(found.data, key.data, topic_size) == 0;
    if (*ret_found) {
        memcpy(text, found.data, found.size);
    }
    return sg_ok();
}

// Under "format:" and the view's name.
static struct bytes format_key(const char *view, uint8_t text[static KEY_MAX])
{
    int size = snprintf((char *)text, KEY_MAX, "format:%s", view);
    return bytes_of(text, (size_t)size);
}

sg_result view_store_format(struct view_store *store, struct transaction *transaction,
                            const char *view, uint64_t *ret_format)
{
    uint8_t text[KEY_MAX];
    struct bytes value;
    bool found = false;
    SG_TRY(table_get(transaction, store->tables[VIEW_TABLE_META], format_key(view, text), &value,
                     &found));
    *ret_format = 0;
    if (found && value.size == sizeof *ret_format) {
        memcpy(ret_format, value.data, sizeof *ret_format);
    }
    return sg_ok();
}

sg_result view_store_set_format(struct view_store *store, struct transaction *transaction,
                                const char *view, uint64_t format)
{
    uint8_t text[KEY_MAX];
    return table_put(transaction, store->tables[VIEW_TABLE_META], format_key(view, text),
                     bytes_of(&format, sizeof format));
}

sg_result view_store_forget(struct view_store *store, struct transaction *transaction,
                            const char *topic)
{
    uint8_t text[KEY_MAX];
    struct table table = store->tables[VIEW_TABLE_POSITIONS];
    struct bytes key = position_key(topic, 0, text);
    bool found = false;
    SG_TRY(next_position(transaction, table, key, text, &found));
    while (found) {
        SG_TRY(table_delete(transaction, table, key));
        SG_TRY(next_position(transaction, table, key, text, &found));
    }
    return sg_ok();
}
