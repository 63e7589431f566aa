// The keys of an index that begin with the same name, held in memory while they are few: an event
// that moves a threshold costs no search in the file, and of what a transaction changed to and fro
// only the difference is written at its end. A name that is held is to be asked and changed here
// alone. One thread.
#pragma once
#include "state/index.h"

struct index_group;

// Most keys of a group in memory.
enum { INDEX_GROUP_MAX = 64 };

// Finds the group of a name, or brings it to memory. NULL when its keys are too many, or the index
// is being derived anew: then they are to be asked and changed by the functions of index.h.
// Borrowed until the next call. Fails: SG_FATAL, SG_ABORT as index_at_least().
SG_RESULT index_group_hold(struct index *index, struct bytes name, struct index_group **ret_group);

size_t index_group_count(const struct index_group *group);

// The `at`-th key in order. Borrowed until the group is changed.
struct bytes index_group_key(const struct index_group *group, size_t at);

// How many keys are less than `key`: the place of the first that is not.
size_t index_group_find(const struct index_group *group, struct bytes key);

// Adds or removes a key that begins with the group's name; harmless when it is already so. A group
// that grows too large is written to the file and not held any more: hold it again before its next
// use. Fails: SG_FATAL, SG_ABORT as index_add().
SG_RESULT index_group_add(struct index *index, struct index_group *group, struct bytes key);
SG_RESULT index_group_remove(struct index *index, struct index_group *group, struct bytes key);
