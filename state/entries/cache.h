// Entries by key in memory, over a table: clean ones may be evicted, dirty ones stay until they are
// cleaned or dropped. One thread.
#pragma once
#include "core/bytes.h"
#include "state/entries/content_hash.h"

struct cache;

struct cache_entry {
    struct bytes key; // Owned by the entry.
    uint8_t *encoded; // The stored form, owned; NULL when only `memory` holds the value.
    size_t encoded_bytes;
    bool present; // False: it is known that the key has no value.
    bool dirty;   // Changed since the last commit.
    bool recent;  // Used since the eviction hand last passed.
    bool stored_known;
    struct content_hash stored; // If stored_known, of what the table has; zero for nothing.
    uint64_t hash;
    struct cache_entry *next_dirty;
    void *memory; // `memory_bytes` of the cache's making, zeroed when the entry was added.
};

// A cache that keeps about `max_entries`; each has `memory_bytes` of its own. NULL when memory is
// out.
struct cache *cache_new(size_t max_entries, size_t memory_bytes);
void cache_free(struct cache **cache);

// Calls `release` with the memory of each entry that is forgotten.
void cache_on_release(struct cache *cache, void (*release)(void *memory));

// The entry of a key, NULL if it is not here. Borrowed until the next cache_add(), cache_remove()
// or cache_drop_dirty().
struct cache_entry *cache_find(struct cache *cache, struct bytes key);

// Adds an entry for a key that is not here, evicting a clean one when full and two when there are
// too many. NULL when memory is out.
struct cache_entry *cache_add(struct cache *cache, struct bytes key);

// Replaces the stored form; takes a copy. False when memory is out.
bool cache_set_encoded(struct cache_entry *entry, struct bytes encoded);

// Marks an entry as changed. Harmless when it is already.
void cache_touch(struct cache *cache, struct cache_entry *entry);

// The changed entries, in the order of their first change: start with this one and follow
// `next_dirty`.
struct cache_entry *cache_first_dirty(struct cache *cache);
size_t cache_dirty_count(const struct cache *cache);
size_t cache_count(const struct cache *cache);

// After a commit: every entry is clean. After an abort: changed entries are forgotten.
void cache_clean(struct cache *cache);
void cache_drop_dirty(struct cache *cache);

// Forgets every entry, changed or not.
void cache_clear(struct cache *cache);
