// What is replaced leaves the sum before what replaces it enters.
#include "state/store_hash.h"

// What the table has for a key; zero for nothing.
static sg_result stored_hash(struct store *store, struct transaction *transaction, struct bytes key,
                             struct content_hash *ret_hash)
{
    struct bytes value = {NULL, 0};
    bool found = false;
    SG_TRY(table_get(transaction, store->table, key, &value, &found));
    *ret_hash = found ? content_hash_entry(key, value) : (struct content_hash){{0}};
    return sg_ok();
}

static void replace(struct store *store, const struct content_hash *before,
                    const struct content_hash *after)
{
    content_hash_remove(&store->hash.sum, before);
    content_hash_add(&store->hash.sum, after);
}

sg_result store_hash_flush(struct store *store, struct transaction *transaction,
                           struct cache_entry *entry, struct bytes value)
{
    if (!store->hash.known) {
        entry->stored_known = false;
        return sg_ok();
    }
    // An entry that was written before is in the sum with a hash that it still has.
    struct content_hash before = entry->stored;
    if (!entry->stored_known) {
        SG_TRY(stored_hash(store, transaction, entry->key, &before));
    }
    entry->stored =
        entry->present ? content_hash_entry(entry->key, value) : (struct content_hash){{0}};
    entry->stored_known = true;
    replace(store, &before, &entry->stored);
    return sg_ok();
}

sg_result store_hash_apply(struct store *store, struct transaction *transaction, struct bytes key,
                           const struct bytes *after)
{
    if (!store->hash.known) {
        return sg_ok();
    }
    struct content_hash before;
    SG_TRY(stored_hash(store, transaction, key, &before));
    struct content_hash added =
        after != NULL ? content_hash_entry(key, *after) : (struct content_hash){{0}};
    replace(store, &before, &added);
    return sg_ok();
}

// The hash of everything that `transaction` sees in a table.
static sg_result hash_table(struct transaction *transaction, struct table table,
                            struct store_content *ret_content)
{
    SG_CLEANUP(cursor_close) struct cursor *cursor = NULL;
    SG_TRY(cursor_open(transaction, table, &cursor));
    struct store_content content = {.known = true};
    struct bytes key;
    struct bytes value;
    bool found = false;
    uint8_t least[1] = {0}; // The least key LMDB takes is one zero byte.
    SG_TRY(cursor_at_least(cursor, bytes_of(least, 1), &key, &value, &found));
    while (found) {
        struct content_hash entry = content_hash_entry(key, value);
        content_hash_add(&content.sum, &entry);
        SG_TRY(cursor_next(cursor, &key, &value, &found));
    }
    *ret_content = content;
    return sg_ok();
}

sg_result store_hash_all(struct store *store)
{
    if (store->hash.known) {
        return sg_ok();
    }
    struct transaction *transaction = NULL;
    SG_TRY(batch_transaction(store->batch, &transaction));
    return hash_table(transaction, store->table, &store->hash);
}

static sg_result hash_committed(struct store_hashing *hashing)
{
    SG_CLEANUP(transaction_abort) struct transaction *reader = NULL;
    SG_TRY(transaction_begin(hashing->stores[0].batch->environment, false, &reader));
    for (size_t i = 0; i < hashing->count; i++) {
        SG_TRY(hash_table(reader, hashing->stores[i].table, &hashing->contents[i]));
    }
    return sg_ok();
}

// What fails here stays unknown, and store_hash_all() will say why.
static void *run(void *context)
{
    sg_ignore(hash_committed(context));
    return NULL;
}

void store_hashing_begin(struct store_hashing *hashing, struct store *stores, size_t count)
{
    *hashing = (struct store_hashing){.stores = stores, .count = count};
    hashing->is_running = count > 0 && pthread_create(&hashing->thread, NULL, run, hashing) == 0;
}

void store_hashing_end(struct store_hashing *hashing)
{
    if (!hashing->is_running) {
        return;
    }
    pthread_join(hashing->thread, NULL);
    for (size_t i = 0; i < hashing->count; i++) {
        hashing->stores[i].hash = hashing->contents[i];
    }
}
