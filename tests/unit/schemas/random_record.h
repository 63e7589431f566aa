// Records of any type with random content, the same for the same seed.
#pragma once
#include "schemas/record_type.h"

// A generator of random numbers (xorshift64*); begin with any seed but 0.
struct random_source {
    uint64_t state;
};

uint64_t random_source_next(struct random_source *source);

// A number below `limit`.
size_t random_source_below(struct random_source *source, size_t limit);

// Fills a record. Texts and lists are in the arena; false when it is full.
bool random_record(const struct record_type *type, struct random_source *source,
                   struct arena *arena, void *ret_record);
