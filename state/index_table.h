// An index as its stores see it.
#pragma once
#include "state/batch.h"
#include "state/index.h"

// Names of which the groups are held in memory.
enum { INDEX_GROUPS_MAX = 4096 };

struct index {
    struct batch *batch;
    struct table table;
    struct cache *groups;     // NULL: none are held.
    struct cache_entry *last; // Of the groups, the one asked for last, or NULL.
    struct cursor *cursor;    // Open since the first search of the transaction.
    struct piece *gathered;   // Takes what is added while the index is derived anew, else NULL.
};

// Gives the cursor back; called before the transaction ends.
void index_release(struct index *index);

// Groups, from now on, until cache_free() of `groups`. Fails: SG_FATAL.
SG_RESULT index_groups_init(struct index *index);

// Writes what changed in memory into the open transaction; the groups stay marked as changed until
// it ends. Fails as index_add().
SG_RESULT index_groups_write(struct index *index);

// After a commit: the groups are as the file. After an abort, those that changed are forgotten, or
// all of them.
void index_groups_clean(struct index *index);
void index_groups_drop(struct index *index, bool all);
