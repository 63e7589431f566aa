// The content hash of one store, kept in step with its table. Unknown until store_hash_all(): then
// nothing is kept in step.
#pragma once
#include "state/store_table.h"
#include "state/stores.h"

#include <pthread.h>

// For a changed entry that is about to be written as `value` (of no meaning when it is not
// present). Fails: SG_FATAL.
SG_RESULT store_hash_flush(struct store *store, struct transaction *transaction,
                           struct cache_entry *entry, struct bytes value);

// For a stored form that is about to be written straight to the table. Fails: SG_FATAL.
SG_RESULT store_hash_apply(struct store *store, struct transaction *transaction, struct bytes key,
                           const struct bytes *after);

// Computes an unknown hash from every entry; nothing may have been changed since the last commit
// but by store_apply(). Fails: SG_FATAL.
SG_RESULT store_hash_all(struct store *store);

// Computes the hashes of what is committed in a thread of its own, while this one does something
// else that leaves the tables as they are.
struct store_hashing {
    pthread_t thread;
    bool is_running;
    struct store *stores;
    size_t count;
    struct store_content contents[STORES_MAX];
};

void store_hashing_begin(struct store_hashing *hashing, struct store *stores, size_t count);

// Waits for the end; what could not be computed stays unknown.
void store_hashing_end(struct store_hashing *hashing);
