// What a task would have written to its changelogs, in order, and the way back into stores.
#pragma once
#include "core/arena.h"
#include "streams/processor.h"

struct replay_change;

// All zero is an empty one.
struct replay_changelog {
    const struct processor *processor;
    struct arena *arena; // Where changes are kept.
    struct replay_change *first;
    struct replay_change *last;
};

// A stores_change_fn with the changelog as context.
SG_RESULT replay_changelog_add(void *changelog, enum topic topic, struct bytes key,
                               struct bytes value, bool has_value);

// Applies everything to stores that were emptied. Fails as stores_apply().
SG_RESULT replay_changelog_restore(const struct replay_changelog *changelog, struct stores *stores);

// A copy in the arena; data NULL stays so. Fails: SG_FATAL.
SG_RESULT replay_changelog_copy(struct arena *arena, struct bytes bytes, struct bytes *ret_copy);
