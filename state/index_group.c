// Groups: sorted lists of keys in a cache, with a mark at each key that the file has.
#include "state/index_group.h"

#include "state/entries/cache.h"
#include "state/index_table.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 8 };

struct group_key {
    bool stored; // In the file.
    uint16_t size;
    uint8_t data[];
};

// What a search looks at first: the bytes behind the name, as a number in their order.
struct key_place {
    uint64_t head;
    struct group_key *key;
};

struct key_list {
    struct key_place *list;
    size_t count;
    size_t capacity;
};

struct index_group {
    struct cache_entry *entry;
    struct key_list keys;    // In order.
    struct key_list removed; // From memory, while the file has them.
    bool is_large;           // Nothing is held.
};

static struct bytes bytes_of_key(const struct group_key *key)
{
    return bytes_of(key->data, key->size);
}

static sg_result out_of_memory(void)
{
    return sg_fail(SG_FATAL, 0, "out of memory for an index");
}

static uint64_t head_of(struct bytes key, size_t name_size)
{
    uint64_t head = 0;
    size_t left = key.size - name_size;
    if (left >= sizeof head) {
        memcpy(&head, key.data + name_size, sizeof head);
    } else {
        memcpy(&head, key.data + name_size, left);
    }
    return be64toh(head);
}

// A place with a copy of the key; its key is NULL without memory.
static struct key_place new_key(struct bytes bytes, size_t name_size, bool stored)
{
    struct group_key *key = malloc(sizeof *key + bytes.size);
    if (key != NULL) {
        key->stored = stored;
        key->size = (uint16_t)bytes.size;
        memcpy(key->data, bytes.data, bytes.size);
    }
    return (struct key_place){head_of(bytes, name_size), key};
}

static bool make_room(struct key_list *keys)
{
    if (keys->count < keys->capacity) {
        return true;
    }
    size_t capacity = keys->capacity == 0 ? FIRST_CAPACITY : keys->capacity * 2;
    struct key_place *larger = realloc(keys->list, capacity * sizeof *larger);
    if (larger == NULL) {
        return false;
    }
    keys->list = larger;
    keys->capacity = capacity;
    return true;
}

static void insert(struct key_list *keys, size_t at, struct key_place place)
{
    memmove(keys->list + at + 1, keys->list + at, (keys->count - at) * sizeof *keys->list);
    keys->list[at] = place;
    keys->count++;
}

static struct key_place take_out(struct key_list *keys, size_t at)
{
    struct key_place place = keys->list[at];
    keys->count--;
    memmove(keys->list + at, keys->list + at + 1, (keys->count - at) * sizeof *keys->list);
    return place;
}

static void free_keys(struct key_list *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        free(keys->list[i].key);
    }
    free(keys->list);
    *keys = (struct key_list){0};
}

static void release_group(void *memory)
{
    struct index_group *group = memory;
    free_keys(&group->keys);
    free_keys(&group->removed);
}

// Brings the keys of a new group to memory; none when they are too many.
static sg_result load(struct index *index, struct bytes name, struct index_group *group)
{
    struct index_key key;
    bool found = false;
    SG_TRY(index_at_least(index, name, &key, &found));
    while (found && key.size >= name.size && memcmp(key.data, name.data, name.size) == 0) {
        if (group->keys.count == INDEX_GROUP_MAX) {
            free_keys(&group->keys);
            group->is_large = true;
            return sg_ok();
        }
        struct key_place held = new_key(index_key_bytes(&key), name.size, true);
        if (held.key == NULL || !make_room(&group->keys)) {
            free(held.key);
            return out_of_memory();
        }
        group->keys.list[group->keys.count++] = held;
        SG_TRY(index_next(index, &key, &found));
    }
    return sg_ok();
}

sg_result index_group_hold(struct index *index, struct bytes name, struct index_group **ret_group)
{
    *ret_group = NULL;
    if (index->groups == NULL || index->gathered != NULL) {
        return sg_ok();
    }
    struct cache_entry *entry = index->last;
    if (entry == NULL || !bytes_equal(entry->key, name)) {
        entry = cache_find(index->groups, name);
    }
    if (entry == NULL) {
        struct index_group loaded = {0};
        sg_result result = load(index, name, &loaded);
        entry = sg_is_ok(result) ? cache_add(index->groups, name) : NULL;
        if (entry == NULL) {
            release_group(&loaded);
            return sg_is_ok(result) ? out_of_memory() : result;
        }
        loaded.entry = entry;
        memcpy(entry->memory, &loaded, sizeof loaded);
    }
    index->last = entry;
    struct index_group *group = entry->memory;
    *ret_group = group->is_large ? NULL : group;
    return sg_ok();
}

size_t index_group_count(const struct index_group *group)
{
    return group->keys.count;
}

struct bytes index_group_key(const struct index_group *group, size_t at)
{
    return bytes_of_key(group->keys.list[at].key);
}

static bool is_less(const struct key_place *place, uint64_t head, struct bytes key)
{
    return place->head != head ? place->head < head
                               : bytes_compare(bytes_of_key(place->key), key) < 0;
}

size_t index_group_find(const struct index_group *group, struct bytes key)
{
    uint64_t head = head_of(key, group->entry->key.size);
    size_t from = 0;
    size_t to = group->keys.count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (is_less(&group->keys.list[middle], head, key)) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

static bool is_at(const struct key_list *keys, size_t at, struct bytes key)
{
    return at < keys->count && bytes_equal(bytes_of_key(keys->list[at].key), key);
}

// Writes what the file lacks of a group.
static sg_result write_group(struct index *index, struct index_group *group)
{
    for (size_t i = 0; i < group->removed.count; i++) {
        SG_TRY(index_remove(index, bytes_of_key(group->removed.list[i].key)));
    }
    for (size_t i = 0; i < group->keys.count; i++) {
        struct group_key *key = group->keys.list[i].key;
        if (!key->stored) {
            SG_TRY(index_add(index, bytes_of_key(key)));
            key->stored = true;
        }
    }
    free_keys(&group->removed);
    return sg_ok();
}

// A new key, or the same that was removed and is in the file still.
static struct key_place bring(struct index_group *group, struct bytes key)
{
    for (size_t i = 0; i < group->removed.count; i++) {
        if (is_at(&group->removed, i, key)) {
            return take_out(&group->removed, i);
        }
    }
    return new_key(key, group->entry->key.size, false);
}

sg_result index_group_add(struct index *index, struct index_group *group, struct bytes key)
{
    size_t at = index_group_find(group, key);
    if (is_at(&group->keys, at, key)) {
        return sg_ok();
    }
    if (group->keys.count == INDEX_GROUP_MAX) {
        SG_TRY(write_group(index, group));
        free_keys(&group->keys);
        group->is_large = true;
        return index_add(index, key);
    }
    struct key_place added = bring(group, key);
    if (added.key == NULL || !make_room(&group->keys)) {
        free(added.key);
        return out_of_memory();
    }
    insert(&group->keys, at, added);
    cache_touch(index->groups, group->entry);
    return sg_ok();
}

sg_result index_group_remove(struct index *index, struct index_group *group, struct bytes key)
{
    size_t at = index_group_find(group, key);
    if (!is_at(&group->keys, at, key)) {
        return sg_ok();
    }
    if (!group->keys.list[at].key->stored) {
        free(take_out(&group->keys, at).key);
        return sg_ok();
    }
    if (!make_room(&group->removed)) {
        return out_of_memory();
    }
    insert(&group->removed, group->removed.count, take_out(&group->keys, at));
    cache_touch(index->groups, group->entry);
    return sg_ok();
}

sg_result index_groups_init(struct index *index)
{
    index->groups = cache_new(INDEX_GROUPS_MAX, sizeof(struct index_group));
    if (index->groups == NULL) {
        return out_of_memory();
    }
    cache_on_release(index->groups, release_group);
    return sg_ok();
}

void index_groups_drop(struct index *index, bool all)
{
    if (index->groups == NULL) {
        return;
    }
    index->last = NULL;
    if (all) {
        cache_clear(index->groups);
    } else {
        cache_drop_dirty(index->groups);
    }
}

void index_groups_clean(struct index *index)
{
    if (index->groups != NULL) {
        cache_clean(index->groups);
    }
}

sg_result index_groups_write(struct index *index)
{
    if (index->groups == NULL) {
        return sg_ok();
    }
    for (struct cache_entry *entry = cache_first_dirty(index->groups); entry != NULL;
         entry = entry->next_dirty) {
        SG_TRY(write_group(index, entry->memory));
    }
    return sg_ok();
}
