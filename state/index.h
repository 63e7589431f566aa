// An ordered set of keys beside a store, derived from its records: written at once into the open
// transaction, without a changelog.
#pragma once
#include "state/file/environment.h"

struct index;

// Longest key.
enum { INDEX_KEY_MAX = ENVIRONMENT_KEY_MAX };

// A key that the caller keeps.
struct index_key {
    size_t size;
    uint8_t data[INDEX_KEY_MAX];
};

// Adds or removes a key; harmless when it is already so. Fails as table_put().
SG_RESULT index_add(struct index *index, struct bytes key);
SG_RESULT index_remove(struct index *index, struct bytes key);

// The first key >= `key`, the last key <= `key`, and the next one in the same direction from there.
// Copied to `ret_key`. No write may come between a search and its steps.
SG_RESULT index_at_least(struct index *index, struct bytes key, struct index_key *ret_key,
                         bool *ret_found);
SG_RESULT index_at_most(struct index *index, struct bytes key, struct index_key *ret_key,
                        bool *ret_found);
SG_RESULT index_next(struct index *index, struct index_key *ret_key, bool *ret_found);
SG_RESULT index_previous(struct index *index, struct index_key *ret_key, bool *ret_found);

// The slice of a kept key.
struct bytes index_key_bytes(const struct index_key *key);
