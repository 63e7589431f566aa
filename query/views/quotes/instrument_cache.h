// The instruments of the running batch in memory: rows with their changes and the values that wait
// for the history. One thread.
#pragma once
#include "query/views/quotes/history_view.h"
#include "query/views/quotes/instrument_view.h"

struct cached_instrument {
    uint64_t hash;
    size_t name_size;
    uint8_t name[INSTRUMENT_NAME_MAX];
    struct instrument_row row;
    struct history_value *pending;
    size_t pending_count;
    size_t pending_capacity;
    int64_t flushed_kept; // What the flush made of the row's numbers; in force once committed.
    int64_t flushed_prune_at_ms;
    bool unsorted; // The pending values are not in their order.
    bool dirty;    // In the list of those that changed since the last commit.
};

struct instrument_cache;

// An empty cache that holds at most `max_entries` between batches. NULL when memory is out.
struct instrument_cache *instrument_cache_new(size_t max_entries);

// Frees all and sets `*cache` to NULL. Accepts NULL.
void instrument_cache_free(struct instrument_cache **cache);

// The entry of a name, NULL if it is not here. Borrowed until instrument_cache_settle().
struct cached_instrument *instrument_cache_find(struct instrument_cache *cache, struct bytes name);

// Makes an entry for a name that is not here. NULL when memory is out. Borrowed likewise.
struct cached_instrument *instrument_cache_add(struct instrument_cache *cache, struct bytes name);

// Adds a value to the entry and marks it as changed. False when memory is out.
bool instrument_cache_push(struct instrument_cache *cache, struct cached_instrument *entry,
                           const struct history_value *value);

// The changed entries, in the order of their first change.
struct cached_instrument *const *instrument_cache_dirty(const struct instrument_cache *cache,
                                                        size_t *ret_count);

// The batch is in the file: nothing is changed any more, nothing waits. Empties a cache that has
// grown past its size.
void instrument_cache_settle(struct instrument_cache *cache);

// Forgets everything, changes too.
void instrument_cache_clear(struct instrument_cache *cache);
