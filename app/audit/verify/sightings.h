// Records that were read before their transaction was folded, or after none was expected any more:
// found again by their identity. One thread.
#pragma once
#include "app/audit/fold/identity.h"

struct sightings;

// Where a record was seen.
struct place {
    int32_t partition;
    int64_t offset;
};

// Room for `max` records, allocated as they come. NULL without memory.
struct sightings *sightings_new(size_t max);
void sightings_free(struct sightings **sightings);

// Adds one; the same identity may be added several times. False when they are full or memory is.
bool sightings_add(struct sightings *sightings, const struct identity *identity,
                   const struct place *place);

// Takes one with this identity out. False when there is none.
bool sightings_take(struct sightings *sightings, const struct identity *identity,
                    struct place *ret_place);

size_t sightings_count(const struct sightings *sightings);

// The places with the lowest offsets, partition by partition, at most `max`; with `ends` only those
// below the end of their partition. Returns how many.
size_t sightings_first(const struct sightings *sightings, const int64_t *ends, size_t max,
                       struct place *ret_places);
