// The typed stores of one task: records under keys, in memory over LMDB, with a changelog in Kafka.
// What a processor reads and writes; what makes it durable is in stores.h. One thread.
#pragma once
#include "core/arena.h"
#include "schemas/record_type.h"
#include "schemas/topic_table.h"
#include "state/index.h"

struct store;

struct store_spec {
    const char *name;                 // Table in the task's file.
    enum topic changelog;             // Where every change goes, TOPIC_COUNT for none.
    const struct record_type *record; // Of the values.
    bool hot;               // Keep values decoded; only for records without text, arrays and maps.
    size_t scratch_bytes;   // Behind a hot value: zero when it enters memory, never stored.
    const char *index_name; // Table of the derived index, NULL for none.
    // Brings the index in step with a change; `before` or `after` is NULL where there is no value.
    SG_RESULT(*reindex)
    (struct index *index, struct bytes key, const void *before, const void *after);
};

// Reads a record; its text lives in `arena`. Fails: SG_FATAL.
SG_RESULT store_read(struct store *store, struct bytes key, struct arena *arena, void *ret_record,
                     bool *ret_found);

// Writes a record and brings the index in step. Fails: SG_ABORT when the map is full, SG_FATAL.
SG_RESULT store_write(struct store *store, struct bytes key, const void *record);

// The same for a record that was just read as `before`, which saves reading it again.
SG_RESULT store_replace(struct store *store, struct bytes key, const void *before,
                        const void *record);

// Removes a record. Fails as store_write().
SG_RESULT store_remove(struct store *store, struct bytes key);

// A hot record in place. Borrowed until the next store_hold() of this store.
struct store_slot {
    void *record;  // Zeroed when not found.
    void *scratch; // NULL without scratch_bytes.
    bool found;
    void *entry;
};

// Finds or makes room for a hot record. Fails: SG_FATAL.
SG_RESULT store_hold(struct store *store, struct bytes key, struct store_slot *ret_slot);

// Says that the slot's record was changed; from now on it exists.
void store_touch(struct store *store, const struct store_slot *slot);

// The index of the store, NULL if it has none.
struct index *store_index(struct store *store);

// Calls `visit` with every committed record in the order of keys. Nothing may have been changed
// since the last commit. Fails as `visit`, SG_FATAL.
typedef SG_RESULT (*store_visit_fn)(void *context, struct bytes key, const void *record);
SG_RESULT store_scan(struct store *store, struct arena *arena, store_visit_fn visit, void *context);
