// Open addressing with linear probing; eviction by a clock hand that walks the slots.
#include "state/entries/cache.h"

#include "core/hash.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 64, EVICTION_STEPS_MAX = 64 };

struct slot {
    uint64_t hash;
    struct cache_entry *entry;
};

struct cache {
    struct slot *slots;
    size_t slot_count; // A power of two.
    size_t count;
    size_t max_entries;
    size_t memory_bytes;
    void (*release)(void *memory); // NULL for nothing to release.
    size_t hand;
    size_t dirty_count;
    struct cache_entry *first_dirty;
    struct cache_entry *last_dirty;
};

struct cache *cache_new(size_t max_entries, size_t memory_bytes)
{
    struct cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL) {
        return NULL;
    }
    cache->slots = calloc(FIRST_SLOTS, sizeof *cache->slots);
    if (cache->slots == NULL) {
        free(cache);
        return NULL;
    }
    cache->slot_count = FIRST_SLOTS;
    cache->max_entries = max_entries;
    cache->memory_bytes = memory_bytes;
    return cache;
}

void cache_on_release(struct cache *cache, void (*release)(void *memory))
{
    cache->release = release;
}

static void free_entry(struct cache *cache, struct cache_entry *entry)
{
    if (cache->release != NULL) {
        cache->release(entry->memory);
    }
    free(entry->encoded);
    free(entry);
}

static void free_entries(struct cache *cache)
{
    for (size_t i = 0; i < cache->slot_count; i++) {
        if (cache->slots[i].entry != NULL) {
            free_entry(cache, cache->slots[i].entry);
            cache->slots[i] = (struct slot){0, NULL};
        }
    }
}

void cache_free(struct cache **cache)
{
    if (*cache == NULL) {
        return;
    }
    free_entries(*cache);
    free((*cache)->slots);
    free(*cache);
    *cache = NULL;
}

struct cache_entry *cache_find(struct cache *cache, struct bytes key)
{
    uint64_t hash = hash_bytes(key);
    size_t mask = cache->slot_count - 1;
    for (size_t at = hash & mask; cache->slots[at].entry != NULL; at = (at + 1) & mask) {
        struct cache_entry *entry = cache->slots[at].entry;
        if (cache->slots[at].hash == hash && bytes_equal(entry->key, key)) {
            entry->recent = true;
            return entry;
        }
    }
    return NULL;
}

// Closes the gap at `hole` by moving later entries of the same run back (Knuth, vol. 3, 6.4,
// algorithm R).
static void close_hole(struct cache *cache, size_t hole)
{
    size_t mask = cache->slot_count - 1;
    for (size_t at = (hole + 1) & mask; cache->slots[at].entry != NULL; at = (at + 1) & mask) {
        size_t home = cache->slots[at].hash & mask;
        bool reachable = ((at - home) & mask) < ((at - hole) & mask);
        if (!reachable) {
            cache->slots[hole] = cache->slots[at];
            hole = at;
        }
    }
    cache->slots[hole] = (struct slot){0, NULL};
}

static void remove_at(struct cache *cache, size_t at)
{
    free_entry(cache, cache->slots[at].entry);
    close_hole(cache, at);
    cache->count--;
}

// Walks on until a clean entry that was not used lately is found, for a bounded number of steps: a
// cache full of dirty entries grows instead.
static void evict_one(struct cache *cache)
{
    size_t mask = cache->slot_count - 1;
    for (size_t steps = 0; steps < EVICTION_STEPS_MAX; steps++) {
        cache->hand = (cache->hand + 1) & mask;
        struct cache_entry *entry = cache->slots[cache->hand].entry;
        if (entry == NULL || entry->dirty) {
            continue;
        }
        if (entry->recent) {
            entry->recent = false;
            continue;
        }
        remove_at(cache, cache->hand);
        return;
    }
}

static void place(struct slot *slots, size_t slot_count, struct slot slot)
{
    size_t mask = slot_count - 1;
    size_t at = slot.hash & mask;
    while (slots[at].entry != NULL) {
        at = (at + 1) & mask;
    }
    slots[at] = slot;
}

static bool resize(struct cache *cache, size_t slot_count)
{
    struct slot *slots = calloc(slot_count, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < cache->slot_count; i++) {
        if (cache->slots[i].entry != NULL) {
            place(slots, slot_count, cache->slots[i]);
        }
    }
    free(cache->slots);
    cache->slots = slots;
    cache->slot_count = slot_count;
    return true;
}

// The entry, its memory and its key in one piece.
static struct cache_entry *make_entry(const struct cache *cache, struct bytes key, uint64_t hash)
{
    size_t step = alignof(max_align_t);
    size_t head = (sizeof(struct cache_entry) + step - 1) / step * step;
    uint8_t *block = malloc(head + cache->memory_bytes + key.size);
    if (block == NULL) {
        return NULL;
    }
    memset(block, 0, head + cache->memory_bytes);
    struct cache_entry *entry = (struct cache_entry *)(void *)block;
    entry->memory = block + head;
    uint8_t *own_key = block + head + cache->memory_bytes;
    memcpy(own_key, key.data, key.size);
    entry->key = bytes_of(own_key, key.size);
    entry->hash = hash;
    entry->recent = true;
    return entry;
}

// Keeps the slots three quarters full at most, so that runs stay short, and an eighth full at
// least, so that the hand finds entries.
static bool fit_slots(struct cache *cache)
{
    if ((cache->count + 1) * 4 > cache->slot_count * 3) {
        return resize(cache, cache->slot_count * 2);
    }
    if (cache->slot_count > FIRST_SLOTS && (cache->count + 1) * 8 < cache->slot_count) {
        // Without memory for it they stay as they are.
        (void)resize(cache, cache->slot_count / 2);
    }
    return true;
}

struct cache_entry *cache_add(struct cache *cache, struct bytes key)
{
    if (cache->count >= cache->max_entries) {
        evict_one(cache);
    }
    // What a large transaction added goes one by one, so that no single event pays for it.
    if (cache->count >= cache->max_entries) {
        evict_one(cache);
    }
    if (!fit_slots(cache)) {
        return NULL;
    }
    uint64_t hash = hash_bytes(key);
    struct cache_entry *entry = make_entry(cache, key, hash);
    if (entry == NULL) {
        return NULL;
    }
    place(cache->slots, cache->slot_count, (struct slot){hash, entry});
    cache->count++;
    return entry;
}

bool cache_set_encoded(struct cache_entry *entry, struct bytes encoded)
{
    if (encoded.size > entry->encoded_bytes || entry->encoded == NULL) {
        uint8_t *larger = realloc(entry->encoded, encoded.size + 1);
        if (larger == NULL) {
            return false;
        }
        entry->encoded = larger;
    }
    if (encoded.size > 0) {
        memcpy(entry->encoded, encoded.data, encoded.size);
    }
    entry->encoded_bytes = encoded.size;
    return true;
}

void cache_touch(struct cache *cache, struct cache_entry *entry)
{
    if (entry->dirty) {
        return;
    }
    entry->dirty = true;
    entry->next_dirty = NULL;
    if (cache->last_dirty == NULL) {
        cache->first_dirty = entry;
    } else {
        cache->last_dirty->next_dirty = entry;
    }
    cache->last_dirty = entry;
    cache->dirty_count++;
}

struct cache_entry *cache_first_dirty(struct cache *cache)
{
    return cache->first_dirty;
}

size_t cache_dirty_count(const struct cache *cache)
{
    return cache->dirty_count;
}

size_t cache_count(const struct cache *cache)
{
    return cache->count;
}

static void forget_dirty_list(struct cache *cache)
{
    cache->first_dirty = NULL;
    cache->last_dirty = NULL;
    cache->dirty_count = 0;
}

void cache_clean(struct cache *cache)
{
    for (struct cache_entry *entry = cache->first_dirty; entry != NULL; entry = entry->next_dirty) {
        entry->dirty = false;
    }
    forget_dirty_list(cache);
}

static size_t slot_of(const struct cache *cache, const struct cache_entry *entry)
{
    size_t mask = cache->slot_count - 1;
    size_t at = entry->hash & mask;
    while (cache->slots[at].entry != entry) {
        assert(cache->slots[at].entry != NULL);
        at = (at + 1) & mask;
    }
    return at;
}

void cache_drop_dirty(struct cache *cache)
{
    struct cache_entry *entry = cache->first_dirty;
    while (entry != NULL) {
        struct cache_entry *next = entry->next_dirty;
        remove_at(cache, slot_of(cache, entry));
        entry = next;
    }
    forget_dirty_list(cache);
}

void cache_clear(struct cache *cache)
{
    free_entries(cache);
    forget_dirty_list(cache);
    cache->count = 0;
}
