// Restoring a store: its table from gathered changelog records, then its index from the table.
#include "state/store_table.h"

enum { INDEX_PIECE_BYTES = 8 << 20, STORE_PIECE_BYTES = 32 << 20 };

static sg_result out_of_memory(const struct store *store)
{
    return sg_fail(SG_FATAL, 0, "store %s: out of memory", store->spec->name);
}

sg_result store_begin_restore(struct store *store)
{
    if (store->spec->index_name != NULL) {
        struct transaction *transaction = NULL;
        SG_TRY(batch_transaction(store->batch, &transaction));
        SG_TRY(table_clear(transaction, store->index.table));
        index_groups_drop(&store->index, true);
    }
    store->hash.known = false; // One pass over the table at the end costs less than keeping step.
    store->gathered = piece_new(STORE_PIECE_BYTES);
    return store->gathered == NULL ? out_of_memory(store) : sg_ok();
}

sg_result store_write_gathered(struct store *store)
{
    if (store->gathered == NULL) {
        return sg_ok();
    }
    struct transaction *transaction = NULL;
    SG_TRY(batch_transaction(store->batch, &transaction));
    return piece_write(store->gathered, transaction, store->table);
}

void store_drop_gathered(struct store *store)
{
    piece_free(&store->gathered);
    piece_free(&store->index.gathered);
}

// Writes the keys of the index that were gathered, and commits them: a transaction that holds a
// whole index would hold it in memory.
static sg_result write_index(struct store *store)
{
    struct transaction *transaction = NULL;
    SG_TRY(batch_transaction(store->batch, &transaction));
    SG_TRY(piece_write(store->index.gathered, transaction, store->index.table));
    return transaction_commit(&store->batch->transaction);
}

static sg_result derive_key(void *context, struct bytes key, const void *record)
{
    struct store *store = context;
    SG_TRY(store->spec->reindex(&store->index, key, NULL, record));
    return piece_is_full(store->index.gathered) ? write_index(store) : sg_ok();
}

static sg_result derive_index(struct store *store)
{
    SG_CLEANUP(transaction_abort) struct transaction *reader = NULL;
    SG_TRY(transaction_begin(store->batch->environment, false, &reader));
    SG_TRY(store_scan_table(store, reader, derive_key, store));
    return write_index(store);
}

// What was written before the map was full is written again.
static sg_result derive_growing(struct store *store)
{
    sg_result derived = derive_index(store);
    while (derived.class == SG_ABORT) {
        transaction_abort(&store->batch->transaction);
        piece_clear(store->index.gathered);
        SG_TRY(environment_grow(store->batch->environment));
        derived = derive_index(store);
    }
    return derived;
}

sg_result store_end_restore(struct store *store)
{
    piece_free(&store->gathered);
    if (store->spec->reindex == NULL) {
        return sg_ok();
    }
    store->index.gathered = piece_new(INDEX_PIECE_BYTES);
    if (store->index.gathered == NULL) {
        return out_of_memory(store);
    }
    SG_TRY(derive_growing(store));
    piece_free(&store->index.gathered);
    return sg_ok();
}
