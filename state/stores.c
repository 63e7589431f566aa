// A task's stores: opened together, flushed together, committed together.
#include "state/stores.h"

#include "core/service/crash_point.h"
#include "state/place_file.h"
#include "state/store_hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct stores {
    struct environment *environment;
    struct batch batch;
    struct table meta;
    struct store list[STORES_MAX];
    size_t count;
    char *path;
    bool restoring;          // As marked in the file.
    struct place_file saved; // What the file says.
};

static struct bytes meta_key(const char *name)
{
    return bytes_of_text(name);
}

static sg_result read_place(struct stores *stores)
{
    SG_CLEANUP(transaction_abort) struct transaction *transaction = NULL;
    SG_TRY(transaction_begin(stores->environment, false, &transaction));
    struct bytes value = {NULL, 0};
    SG_TRY(table_get(transaction, stores->meta, meta_key("restoring"), &value, &stores->restoring));
    SG_TRY(sg_explain(place_file_read(transaction, stores->meta, &stores->saved), "state %s",
                      stores->path));
    for (size_t i = 0; i < stores->count; i++) {
        stores->list[i].hash = stores->list[i].committed_hash = stores->saved.contents[i];
    }
    return sg_ok();
}

// The first program to open the file writes the identity; every later one must have the same.
static sg_result check_identity(struct stores *stores, const char *identity)
{
    struct transaction *transaction = NULL;
    SG_TRY(batch_transaction(&stores->batch, &transaction));
    struct bytes value = {NULL, 0};
    bool found = false;
    SG_TRY(table_get(transaction, stores->meta, meta_key("identity"), &value, &found));
    if (found && !bytes_is_text(value, identity)) {
        return sg_fail(SG_FATAL, 0,
                       "state %s belongs to another Kafka cluster, prefix or number of partitions "
                       "(%.*s, here %s); set another state.dir or move the folder away",
                       stores->path, (int)value.size, (const char *)value.data, identity);
    }
    SG_TRY(table_put(transaction, stores->meta, meta_key("identity"), bytes_of_text(identity)));
    return transaction_commit(&stores->batch.transaction);
}

static sg_result open_environment(struct stores *stores, const struct stores_config *config)
{
    bool synced = strcmp(config->state->sync, "commit") == 0;
    enum environment_sync sync = synced ? ENVIRONMENT_SYNC_COMMIT : ENVIRONMENT_SYNC_NONE;
    return environment_open(config->path, config->state->map_bytes, sync, &stores->environment);
}

static sg_result open_tables(struct stores *stores, const struct stores_config *config)
{
    SG_TRY(environment_table(stores->environment, "meta", &stores->meta));
    for (size_t i = 0; i < config->count; i++) {
        // Counted first, so that a half-made store is ended too.
        stores->count = i + 1;
        SG_TRY(store_init(&stores->list[i], &config->specs[i], config->codecs[i], &stores->batch,
                          config->state->cache_entries));
    }
    return sg_ok();
}

sg_result stores_open(const struct stores_config *config, struct stores **ret_stores,
                      struct stores_place *ret_place)
{
    SG_CLEANUP(stores_close) struct stores *stores = calloc(1, sizeof *stores);
    if (stores == NULL) {
        return sg_fail(SG_FATAL, 0, "state %s: out of memory", config->path);
    }
    stores->path = strdup(config->path);
    if (stores->path == NULL || config->count > STORES_MAX) {
        return sg_fail(SG_FATAL, 0, "state %s: out of memory", config->path);
    }
    SG_TRY(open_environment(stores, config));
    stores->batch.environment = stores->environment;
    SG_TRY(open_tables(stores, config));
    SG_TRY(check_identity(stores, config->identity));
    SG_TRY(read_place(stores));
    *ret_place = stores->saved.place;
    *ret_stores = SG_MOVE(stores);
    return sg_ok();
}

static void release_cursors(struct stores *stores)
{
    for (size_t i = 0; i < stores->count; i++) {
        index_release(&stores->list[i].index);
    }
}

void stores_close(struct stores **stores)
{
    struct stores *closing = *stores;
    if (closing == NULL) {
        return;
    }
    release_cursors(closing);
    transaction_abort(&closing->batch.transaction);
    for (size_t i = 0; i < closing->count; i++) {
        store_done(&closing->list[i]);
    }
    environment_close(&closing->environment);
    free(closing->path);
    free(closing);
    *stores = NULL;
}

struct store *stores_get(struct stores *stores, size_t at)
{
    return &stores->list[at];
}

// Tells of a change as the entry stands now.
static sg_result tell_change(struct store *store, const struct cache_entry *entry,
                             struct bytes value, stores_change_fn change, void *context)
{
    if (store->spec->changelog == TOPIC_COUNT) {
        return sg_ok();
    }
    return change(context, store->spec->changelog, entry->key, value, entry->present);
}

sg_result stores_first_changes(struct stores *stores, stores_change_fn change, void *context)
{
    for (size_t i = 0; i < stores->count; i++) {
        struct store *store = &stores->list[i];
        const struct cache_entry *entry = cache_first_dirty(store->cache);
        struct bytes value = {NULL, 0};
        if (entry == NULL) {
            continue;
        }
        if (entry->present) {
            SG_TRY(store_encode_entry(store, entry, &value));
        }
        SG_TRY(tell_change(store, entry, value, change, context));
    }
    return sg_ok();
}

static sg_result flush_store(struct store *store, struct transaction *transaction,
                             stores_change_fn change, void *context)
{
    for (struct cache_entry *entry = cache_first_dirty(store->cache); entry != NULL;
         entry = entry->next_dirty) {
        struct bytes value = {NULL, 0};
        if (entry->present) {
            SG_TRY(store_encode_entry(store, entry, &value));
        }
        SG_TRY(store_hash_flush(store, transaction, entry, value));
        if (entry->present) {
            SG_TRY(table_put(transaction, store->table, entry->key, value));
        } else {
            SG_TRY(table_delete(transaction, store->table, entry->key));
        }
        SG_TRY(tell_change(store, entry, value, change, context));
    }
    return index_groups_write(&store->index);
}

sg_result stores_flush(struct stores *stores, stores_change_fn change, void *context)
{
    struct transaction *transaction = NULL;
    SG_TRY(batch_transaction(&stores->batch, &transaction));
    for (size_t i = 0; i < stores->count; i++) {
        SG_TRY(flush_store(&stores->list[i], transaction, change, context));
    }
    return sg_ok();
}

sg_result stores_commit(struct stores *stores, const struct stores_place *place)
{
    struct transaction *transaction = NULL;
    SG_TRY(batch_transaction(&stores->batch, &transaction));
    for (size_t i = 0; i < stores->count; i++) {
        SG_TRY(store_write_gathered(&stores->list[i]));
        SG_TRY(index_groups_write(&stores->list[i].index));
    }
    struct place_file next = place_file_after(&stores->saved, place);
    for (size_t i = 0; i < stores->count; i++) {
        next.contents[i] = stores->list[i].hash;
    }
    SG_TRY(place_file_write(transaction, stores->meta, &next));
    release_cursors(stores);
    SG_TRY(transaction_commit(&stores->batch.transaction));
    stores->saved = next;
    for (size_t i = 0; i < stores->count; i++) {
        cache_clean(stores->list[i].cache);
        index_groups_clean(&stores->list[i].index);
        stores->list[i].committed_hash = stores->list[i].hash;
    }
    return sg_ok();
}

sg_result stores_abort(struct stores *stores)
{
    release_cursors(stores);
    transaction_abort(&stores->batch.transaction);
    for (size_t i = 0; i < stores->count; i++) {
        cache_drop_dirty(stores->list[i].cache);
        index_groups_drop(&stores->list[i].index, false);
        store_drop_gathered(&stores->list[i]);
        stores->list[i].hash = stores->list[i].committed_hash;
    }
    if (environment_was_full(stores->environment)) {
        return environment_grow(stores->environment);
    }
    return sg_ok();
}

sg_result stores_apply(struct stores *stores, size_t at, struct bytes key, struct bytes value,
                       bool has_value)
{
    return store_apply(&stores->list[at], key, value, has_value);
}

sg_result stores_begin_restore(struct stores *stores)
{
    struct transaction *transaction = NULL;
    SG_TRY(batch_transaction(&stores->batch, &transaction));
    SG_TRY(table_put(transaction, stores->meta, meta_key("restoring"), bytes_of_text("yes")));
    for (size_t i = 0; i < stores->count; i++) {
        SG_TRY(store_begin_restore(&stores->list[i]));
    }
    stores->restoring = true;
    return sg_ok();
}

static sg_result derive_indexes(struct stores *stores)
{
    for (size_t i = 0; i < stores->count; i++) {
        SG_TRY(store_end_restore(&stores->list[i]));
    }
    return sg_ok();
}

sg_result stores_end_restore(struct stores *stores, const struct stores_place *place)
{
    SG_TRY(stores_commit(stores, place));
    crash_point("restore_saved");
    struct store_hashing hashing;
    store_hashing_begin(&hashing, stores->list, stores->count);
    sg_result derived = derive_indexes(stores);
    store_hashing_end(&hashing);
    SG_TRY(derived);
    struct transaction *transaction = NULL;
    SG_TRY(batch_transaction(&stores->batch, &transaction));
    SG_TRY(table_delete(transaction, stores->meta, meta_key("restoring")));
    stores->restoring = false;
    return sg_ok();
}

int64_t stores_changelog_before(const struct stores *stores, size_t at)
{
    return stores->saved.has_before ? stores->saved.before[at] : KAFKA_OFFSET_NONE;
}

bool stores_is_restoring(const struct stores *stores)
{
    return stores->restoring;
}

sg_result stores_hash_all(struct stores *stores, bool *ret_computed)
{
    *ret_computed = false;
    for (size_t i = 0; i < stores->count; i++) {
        *ret_computed = *ret_computed || !stores->list[i].hash.known;
        SG_TRY(store_hash_all(&stores->list[i]));
    }
    return sg_ok();
}

void stores_hash(const struct stores *stores, size_t at, char ret_text[static DIGEST_CHARS + 1])
{
    assert(stores->list[at].hash.known);
    content_hash_print(&stores->list[at].hash.sum, ret_text);
}

sg_result stores_clear(struct stores *stores)
{
    struct transaction *transaction = NULL;
    SG_TRY(batch_transaction(&stores->batch, &transaction));
    release_cursors(stores);
    for (size_t i = 0; i < stores->count; i++) {
        cache_clear(stores->list[i].cache);
        stores->list[i].hash = (struct store_content){.known = true};
        SG_TRY(table_clear(transaction, stores->list[i].table));
        if (stores->list[i].spec->index_name != NULL) {
            SG_TRY(table_clear(transaction, stores->list[i].index.table));
            index_groups_drop(&stores->list[i].index, true);
        }
    }
    return sg_ok();
}

size_t stores_dirty_count(const struct stores *stores)
{
    size_t count = 0;
    for (size_t i = 0; i < stores->count; i++) {
        count += cache_dirty_count(stores->list[i].cache);
    }
    return count;
}

size_t stores_cache_count(const struct stores *stores)
{
    size_t count = 0;
    for (size_t i = 0; i < stores->count; i++) {
        count += cache_count(stores->list[i].cache);
    }
    return count;
}

int64_t stores_file_bytes(struct stores *stores)
{
    return environment_used_bytes(stores->environment);
}
