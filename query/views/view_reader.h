// Whose rows are read, and from where: what the views of users' data are asked with.
#pragma once
#include "core/arena.h"
#include "query/views/view_store.h"

// One thread, as long as its snapshot lasts.
struct view_reader {
    const struct view_snapshot *snapshot;
    struct bytes user_id; // Only rows of this user are seen.
    struct arena *arena;  // Where lists within records go; texts are borrowed from the snapshot.
};

// The record that a row was made from, in the topic that its view names.
struct view_place {
    int32_t partition;
    int64_t offset;
};
