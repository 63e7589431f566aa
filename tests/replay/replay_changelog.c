// A list without compaction: the last change of a key wins when all are applied.
#include "tests/replay/replay_changelog.h"

#include <string.h>

struct replay_change {
    struct replay_change *next;
    size_t store;
    struct bytes key;
    struct bytes value;
    bool has_value;
};

sg_result replay_changelog_copy(struct arena *arena, struct bytes bytes, struct bytes *ret_copy)
{
    if (bytes.data == NULL) {
        *ret_copy = bytes;
        return sg_ok();
    }
    uint8_t *copy = arena_take(arena, bytes.size + 1);
    if (copy == NULL) {
        return sg_fail(SG_FATAL, 0, "the case is too large for the replay driver: out of memory");
    }
    memcpy(copy, bytes.data, bytes.size);
    *ret_copy = bytes_of(copy, bytes.size);
    return sg_ok();
}

static size_t store_of(const struct processor *processor, enum topic topic)
{
    size_t i = 0;
    while (processor->stores[i].changelog != topic) {
        i++;
    }
    return i;
}

sg_result replay_changelog_add(void *context, enum topic topic, struct bytes key,
                               struct bytes value, bool has_value)
{
    struct replay_changelog *changelog = context;
    struct replay_change *change = arena_take(changelog->arena, sizeof *change);
    if (change == NULL) {
        return sg_fail(SG_FATAL, 0, "the case is too large for the replay driver: out of memory");
    }
    change->store = store_of(changelog->processor, topic);
    change->has_value = has_value;
    SG_TRY(replay_changelog_copy(changelog->arena, key, &change->key));
    SG_TRY(replay_changelog_copy(changelog->arena, value, &change->value));
    if (changelog->first == NULL) {
        changelog->first = change;
    } else {
        changelog->last->next = change;
    }
    changelog->last = change;
    return sg_ok();
}

sg_result replay_changelog_restore(const struct replay_changelog *changelog, struct stores *stores)
{
    for (struct replay_change *change = changelog->first; change != NULL; change = change->next) {
        SG_TRY(stores_apply(stores, change->store, change->key, change->value, change->has_value));
    }
    return sg_ok();
}
