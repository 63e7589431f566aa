// A hash table with open addressing, at most half full.
#include "query/views/quotes/instrument_cache.h"

#include "core/hash.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_MIN = 1024, PENDING_MIN = 8, PENDING_IDLE_MAX = 64 };

struct instrument_cache {
    size_t max_entries;
    struct cached_instrument **slots; // A power of two.
    size_t slot_count;
    size_t count;
    struct cached_instrument **dirty; // Room for as many as there are slots.
    size_t dirty_count;
};

static bool make_slots(struct instrument_cache *cache, size_t slot_count)
{
    cache->slots = calloc(slot_count, sizeof cache->slots[0]);
    cache->slot_count = cache->slots == NULL ? 0 : slot_count;
    struct cached_instrument **dirty = realloc(cache->dirty, slot_count * sizeof cache->dirty[0]);
    if (dirty != NULL) {
        cache->dirty = dirty;
    }
    return cache->slots != NULL && dirty != NULL;
}

struct instrument_cache *instrument_cache_new(size_t max_entries)
{
    struct instrument_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL) {
        return NULL;
    }
    cache->max_entries = max_entries;
    if (!make_slots(cache, SLOTS_MIN)) {
        instrument_cache_free(&cache);
    }
    return cache;
}

void instrument_cache_clear(struct instrument_cache *cache)
{
    for (size_t i = 0; i < cache->slot_count; i++) {
        if (cache->slots[i] != NULL) {
            free(cache->slots[i]->pending);
            free(cache->slots[i]);
            cache->slots[i] = NULL;
        }
    }
    cache->count = 0;
    cache->dirty_count = 0;
}

void instrument_cache_free(struct instrument_cache **cache)
{
    if (*cache == NULL) {
        return;
    }
    instrument_cache_clear(*cache);
    free((*cache)->slots);
    free((*cache)->dirty);
    free(*cache);
    *cache = NULL;
}

// The slot of a name, or the empty one where it belongs.
static struct cached_instrument **slot_of(const struct instrument_cache *cache, struct bytes name,
                                          uint64_t hash)
{
    size_t at = (size_t)hash & (cache->slot_count - 1);
    for (;; at = (at + 1) & (cache->slot_count - 1)) {
        struct cached_instrument *entry = cache->slots[at];
        bool same = entry != NULL && entry->hash == hash &&
                    bytes_equal(bytes_of(entry->name, entry->name_size), name);
        if (entry == NULL || same) {
            return &cache->slots[at];
        }
    }
}

struct cached_instrument *instrument_cache_find(struct instrument_cache *cache, struct bytes name)
{
    return *slot_of(cache, name, hash_bytes(name));
}

static bool grow(struct instrument_cache *cache)
{
    struct cached_instrument **old = cache->slots;
    size_t old_count = cache->slot_count;
    if (!make_slots(cache, old_count * 2)) {
        free(cache->slots);
        cache->slots = old;
        cache->slot_count = old_count;
        return false;
    }
    for (size_t i = 0; i < old_count; i++) {
        if (old[i] != NULL) {
            *slot_of(cache, bytes_of(old[i]->name, old[i]->name_size), old[i]->hash) = old[i];
        }
    }
    free(old);
    return true;
}

struct cached_instrument *instrument_cache_add(struct instrument_cache *cache, struct bytes name)
{
    if (2 * (cache->count + 1) > cache->slot_count && !grow(cache)) {
        return NULL;
    }
    struct cached_instrument *entry = calloc(1, sizeof *entry);
    if (entry == NULL) {
        return NULL;
    }
    entry->hash = hash_bytes(name);
    entry->name_size = name.size;
    memcpy(entry->name, name.data, name.size);
    *slot_of(cache, name, entry->hash) = entry;
    cache->count++;
    return entry;
}

bool instrument_cache_push(struct instrument_cache *cache, struct cached_instrument *entry,
                           const struct history_value *value)
{
    if (entry->pending_count == entry->pending_capacity) {
        size_t capacity = entry->pending_capacity == 0 ? PENDING_MIN : 2 * entry->pending_capacity;
        struct history_value *grown = realloc(entry->pending, capacity * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        entry->pending = grown;
        entry->pending_capacity = capacity;
    }
    size_t count = entry->pending_count;
    if (count > 0 && history_value_compare(&entry->pending[count - 1], value) > 0) {
        entry->unsorted = true;
    }
    entry->pending[entry->pending_count++] = *value;
    if (!entry->dirty) {
        entry->dirty = true;
        cache->dirty[cache->dirty_count++] = entry;
    }
    return true;
}

struct cached_instrument *const *instrument_cache_dirty(const struct instrument_cache *cache,
                                                        size_t *ret_count)
{
    *ret_count = cache->dirty_count;
    return cache->dirty;
}

void instrument_cache_settle(struct instrument_cache *cache)
{
    for (size_t i = 0; i < cache->dirty_count; i++) {
        struct cached_instrument *entry = cache->dirty[i];
        entry->dirty = false;
        entry->unsorted = false;
        entry->pending_count = 0;
        if (entry->pending_capacity > PENDING_IDLE_MAX) {
            // A burst is over: its memory goes back.
            free(entry->pending);
            entry->pending = NULL;
            entry->pending_capacity = 0;
        }
    }
    cache->dirty_count = 0;
    if (cache->count > cache->max_entries) {
        instrument_cache_clear(cache);
    }
}
