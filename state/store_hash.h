// The content hash of one store, kept in step with its table. Unknown until store_hash_all(): then
// nothing is kept in step.
#pragma once
#include "state/store_table.h"

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
