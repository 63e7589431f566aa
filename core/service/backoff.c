// Backoff with jitter over the upper half, so that a wait never vanishes and callers do not march
// in step.
#include "core/service/backoff.h"

#include <assert.h>

// Spreads a seed over all 64 bits: the finaliser of splitmix64 (Steele, Lea, Flood: Fast splittable
// pseudorandom number generators, 2014).
static uint64_t spread(uint64_t seed)
{
    uint64_t word = seed + 0x9E3779B97F4A7C15U;
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9U;
    word = (word ^ word >> 27) * 0x94D049BB133111EBU;
    return word ^ word >> 31;
}

static int64_t bound_of(const struct backoff *backoff, int64_t attempt)
{
    int64_t bound = backoff->first_ms;
    for (int64_t i = 1; i < attempt && bound < backoff->max_ms; i++) {
        bound = bound > INT64_MAX / 2 ? INT64_MAX : bound * 2;
    }
    return bound < backoff->max_ms ? bound : backoff->max_ms;
}

int64_t backoff_ms(const struct backoff *backoff, int64_t attempt, uint64_t seed)
{
    assert(backoff->first_ms >= 1 && backoff->max_ms >= 1 && attempt >= 1);
    int64_t bound = bound_of(backoff, attempt);
    int64_t least = bound - bound / 2;
    return least + (int64_t)(spread(seed) % ((uint64_t)(bound / 2) + 1));
}
