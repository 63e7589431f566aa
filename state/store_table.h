// A store as stores.c sees it.
#pragma once
#include "core/buffer.h"
#include "schemas/codec.h"
#include "state/entries/cache.h"
#include "state/index_table.h"
#include "state/piece.h"
#include "state/store.h"

// The content hash of a store; unknown in a file that an older program wrote, and while a store
// is restored.
struct store_content {
    bool known;
    struct content_hash sum;
};

struct store {
    const struct store_spec *spec;
    struct codec *codec; // Borrowed.
    struct batch *batch; // Borrowed.
    struct table table;
    struct index index;
    struct cache *cache;
    struct store_content hash;           // With the changes that were flushed,
    struct store_content committed_hash; // and at the last commit.
    struct buffer encoded;               // Work space of encoding.
    struct arena *arena;                 // Work space of reindexing.
    struct piece *gathered; // Takes what is applied while the store is restored, else NULL.
};

// Fails: SG_FATAL. The caller ends it with store_done().
SG_RESULT store_init(struct store *store, const struct store_spec *spec, struct codec *codec,
                     struct batch *batch, int64_t cache_entries);
void store_done(struct store *store);

// The stored form of a changed entry, in the store's work space. Fails: SG_FATAL.
SG_RESULT store_encode_entry(struct store *store, const struct cache_entry *entry,
                             struct bytes *ret_value);

// Writes a stored form (or its absence) straight to the table and brings the index in step; while
// the store is restored it is only gathered. Fails as store_write().
SG_RESULT store_apply(struct store *store, struct bytes key, struct bytes value, bool has_value);

// As store_scan(), over what `transaction` sees, in the store's own arena.
SG_RESULT store_scan_table(struct store *store, struct transaction *transaction,
                           store_visit_fn visit, void *context);

// Restoring a whole store (restore.c): begin empties the index; what is applied until the end is
// gathered and written by store_write_gathered() in the order of keys; the end derives the index
// from what is committed, in transactions of its own. Dropped: forgotten, and no longer restored.
// Fail: SG_ABORT when the map is full, SG_FATAL.
SG_RESULT store_begin_restore(struct store *store);
SG_RESULT store_write_gathered(struct store *store);
SG_RESULT store_end_restore(struct store *store);
void store_drop_gathered(struct store *store);
