// One store: a cache over a table, an index in step with it.
#include "state/store_hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_BYTES_MAX = 1 << 20, REINDEX_BYTES_MAX = 8 << 20 };

sg_result store_init(struct store *store, const struct store_spec *spec, struct codec *codec,
                     struct batch *batch, int64_t cache_entries)
{
    *store = (struct store){.spec = spec, .codec = codec, .batch = batch};
    buffer_init(&store->encoded, VALUE_BYTES_MAX);
    size_t memory_bytes = spec->hot ? spec->record->size + spec->scratch_bytes : 0;
    store->cache = cache_new((size_t)cache_entries, memory_bytes);
    store->arena = arena_new(REINDEX_BYTES_MAX);
    if (store->cache == NULL || store->arena == NULL) {
        return sg_fail(SG_FATAL, 0, "store %s: out of memory", spec->name);
    }
    SG_TRY(environment_table(batch->environment, spec->name, &store->table));
    store->index.batch = batch;
    if (spec->index_name == NULL) {
        return sg_ok();
    }
    SG_TRY(index_groups_init(&store->index));
    return environment_table(batch->environment, spec->index_name, &store->index.table);
}

void store_done(struct store *store)
{
    index_release(&store->index);
    cache_free(&store->index.groups);
    store_drop_gathered(store);
    cache_free(&store->cache);
    arena_free(&store->arena);
    buffer_done(&store->encoded);
}

struct index *store_index(struct store *store)
{
    return store->spec->index_name == NULL ? NULL : &store->index;
}

static sg_result out_of_memory(const struct store *store)
{
    return sg_fail(SG_FATAL, 0, "store %s: out of memory", store->spec->name);
}

// A value that cannot be decoded is our own fault, never the event's: it must not become a dead
// letter.
static sg_result decode(struct store *store, struct bytes value, struct arena *arena,
                        void *ret_record)
{
    sg_result decoded = codec_decode(store->codec, value, arena, ret_record);
    if (decoded.class == SG_DROP) {
        return sg_fail(SG_FATAL, decoded.code, "store %s holds a value that cannot be read: %s",
                       store->spec->name, sg_reason());
    }
    return decoded;
}

// Brings what LMDB has for a key into a new cache entry.
static sg_result load(struct store *store, struct bytes key, struct cache_entry **ret_entry)
{
    struct transaction *transaction = NULL;
    SG_TRY(batch_transaction(store->batch, &transaction));
    struct bytes value = {NULL, 0};
    bool found = false;
    SG_TRY(table_get(transaction, store->table, key, &value, &found));
    struct cache_entry *entry = cache_add(store->cache, key);
    if (entry == NULL) {
        return out_of_memory(store);
    }
    *ret_entry = entry;
    entry->present = found;
    entry->stored_known = !found;
    if (!found) {
        return sg_ok();
    }
    if (store->spec->hot) {
        arena_reset(store->arena);
        return decode(store, value, store->arena, entry->memory);
    }
    return cache_set_encoded(entry, value) ? sg_ok() : out_of_memory(store);
}

static sg_result find(struct store *store, struct bytes key, struct cache_entry **ret_entry)
{
    struct cache_entry *entry = cache_find(store->cache, key);
    if (entry != NULL) {
        *ret_entry = entry;
        return sg_ok();
    }
    return load(store, key, ret_entry);
}

// Decodes from a copy in `arena`, so that the record outlives changes of the entry.
static sg_result decode_entry(struct store *store, const struct cache_entry *entry,
                              struct arena *arena, void *ret_record)
{
    uint8_t *copy = arena_take(arena, entry->encoded_bytes);
    if (copy == NULL) {
        return out_of_memory(store);
    }
    memcpy(copy, entry->encoded, entry->encoded_bytes);
    return decode(store, bytes_of(copy, entry->encoded_bytes), arena, ret_record);
}

sg_result store_read(struct store *store, struct bytes key, struct arena *arena, void *ret_record,
                     bool *ret_found)
{
    assert(!store->spec->hot);
    struct cache_entry *entry = NULL;
    SG_TRY(find(store, key, &entry));
    if (entry->present) {
        SG_TRY(decode_entry(store, entry, arena, ret_record));
    }
    *ret_found = entry->present;
    return sg_ok();
}

// Gives the change of an entry to the store's index. `after` is NULL for a removal.
static sg_result reindex(struct store *store, const struct cache_entry *entry, const void *after)
{
    if (store->spec->reindex == NULL) {
        return sg_ok();
    }
    arena_reset(store->arena);
    void *before = NULL;
    if (entry->present) {
        before = arena_take(store->arena, store->spec->record->size);
        if (before == NULL) {
            return out_of_memory(store);
        }
        SG_TRY(decode_entry(store, entry, store->arena, before));
    }
    return store->spec->reindex(&store->index, entry->key, before, after);
}

static sg_result take_form(struct store *store, struct cache_entry *entry)
{
    if (!cache_set_encoded(entry, buffer_bytes(&store->encoded))) {
        return out_of_memory(store);
    }
    entry->present = true;
    cache_touch(store->cache, entry);
    return sg_ok();
}

sg_result store_write(struct store *store, struct bytes key, const void *record)
{
    assert(!store->spec->hot);
    struct cache_entry *entry = NULL;
    SG_TRY(find(store, key, &entry));
    // Encoded first: the record's text may point into what is replaced.
    buffer_clear(&store->encoded);
    SG_TRY(codec_encode(store->codec, record, &store->encoded));
    SG_TRY(reindex(store, entry, record));
    return take_form(store, entry);
}

sg_result store_replace(struct store *store, struct bytes key, const void *before,
                        const void *record)
{
    assert(!store->spec->hot);
    struct cache_entry *entry = NULL;
    SG_TRY(find(store, key, &entry));
    assert(entry->present);
    buffer_clear(&store->encoded);
    SG_TRY(codec_encode(store->codec, record, &store->encoded));
    if (store->spec->reindex != NULL) {
        SG_TRY(store->spec->reindex(&store->index, entry->key, before, record));
    }
    return take_form(store, entry);
}

sg_result store_remove(struct store *store, struct bytes key)
{
    struct cache_entry *entry = NULL;
    SG_TRY(find(store, key, &entry));
    if (!entry->present) {
        return sg_ok();
    }
    SG_TRY(reindex(store, entry, NULL));
    entry->present = false;
    cache_touch(store->cache, entry);
    return sg_ok();
}

sg_result store_hold(struct store *store, struct bytes key, struct store_slot *ret_slot)
{
    assert(store->spec->hot);
    struct cache_entry *entry = NULL;
    SG_TRY(find(store, key, &entry));
    uint8_t *memory = entry->memory;
    *ret_slot = (struct store_slot){
        .record = memory,
        .scratch = store->spec->scratch_bytes > 0 ? memory + store->spec->record->size : NULL,
        .found = entry->present,
        .entry = entry,
    };
    return sg_ok();
}

void store_touch(struct store *store, const struct store_slot *slot)
{
    struct cache_entry *entry = slot->entry;
    entry->present = true;
    cache_touch(store->cache, entry);
}

sg_result store_encode_entry(struct store *store, const struct cache_entry *entry,
                             struct bytes *ret_value)
{
    if (!store->spec->hot) {
        *ret_value = bytes_of(entry->encoded, entry->encoded_bytes);
        return sg_ok();
    }
    buffer_clear(&store->encoded);
    SG_TRY(codec_encode(store->codec, entry->memory, &store->encoded));
    *ret_value = buffer_bytes(&store->encoded);
    return sg_ok();
}

// The record that a stored form holds, in the store's arena.
static sg_result decode_stored(struct store *store, struct bytes value, void **ret_record)
{
    void *record = arena_take(store->arena, store->spec->record->size);
    if (record == NULL) {
        return out_of_memory(store);
    }
    SG_TRY(decode(store, value, store->arena, record));
    *ret_record = record;
    return sg_ok();
}

static sg_result reindex_stored(struct store *store, struct transaction *transaction,
                                struct bytes key, const struct bytes *after_value)
{
    arena_reset(store->arena);
    struct bytes before_value = {NULL, 0};
    bool found = false;
    SG_TRY(table_get(transaction, store->table, key, &before_value, &found));
    void *before = NULL;
    void *after = NULL;
    if (found) {
        SG_TRY(decode_stored(store, before_value, &before));
    }
    if (after_value != NULL) {
        SG_TRY(decode_stored(store, *after_value, &after));
    }
    return store->spec->reindex(&store->index, key, before, after);
}

sg_result store_apply(struct store *store, struct bytes key, struct bytes value, bool has_value)
{
    if (store->gathered != NULL) {
        return piece_add(store->gathered, key, value, has_value);
    }
    struct transaction *transaction = NULL;
    SG_TRY(batch_transaction(store->batch, &transaction));
    if (store->spec->reindex != NULL) {
        SG_TRY(reindex_stored(store, transaction, key, has_value ? &value : NULL));
    }
    SG_TRY(store_hash_apply(store, transaction, key, has_value ? &value : NULL));
    return has_value ? table_put(transaction, store->table, key, value)
                     : table_delete(transaction, store->table, key);
}

static sg_result scan(struct store *store, struct arena *arena, struct cursor *cursor,
                      store_visit_fn visit, void *context)
{
    struct bytes key;
    struct bytes value;
    bool found = false;
    // The least key LMDB takes is one zero byte.
    uint8_t least[1] = {0};
    SG_TRY(cursor_at_least(cursor, bytes_of(least, 1), &key, &value, &found));
    while (found) {
        arena_reset(arena);
        void *record = arena_take(arena, store->spec->record->size);
        if (record == NULL) {
            return out_of_memory(store);
        }
        SG_TRY(decode(store, value, arena, record));
        SG_TRY(visit(context, key, record));
        SG_TRY(cursor_next(cursor, &key, &value, &found));
    }
    return sg_ok();
}

sg_result store_scan(struct store *store, struct arena *arena, store_visit_fn visit, void *context)
{
    assert(cache_dirty_count(store->cache) == 0);
    struct transaction *transaction = NULL;
    SG_TRY(batch_transaction(store->batch, &transaction));
    SG_CLEANUP(cursor_close) struct cursor *cursor = NULL;
    SG_TRY(cursor_open(transaction, store->table, &cursor));
    return scan(store, arena, cursor, visit, context);
}

sg_result store_scan_table(struct store *store, struct transaction *transaction,
                           store_visit_fn visit, void *context)
{
    SG_CLEANUP(cursor_close) struct cursor *cursor = NULL;
    SG_TRY(cursor_open(transaction, store->table, &cursor));
    return scan(store, store->arena, cursor, visit, context);
}
