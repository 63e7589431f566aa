// Exponential backoff with jitter, as a pure function, so that a retry time can be computed
// from state alone.
#pragma once
#include <stdint.h>

struct backoff {
    int64_t first_ms; // Upper bound of the first wait.
    int64_t max_ms;   // Upper bound of every wait.
};

// The wait before attempt `attempt` + 1 (attempts count from 1), in ms: uniform between half and
// the whole of min(max_ms, first_ms * 2^(attempt-1)), chosen by `seed` alone. Any thread.
int64_t backoff_ms(const struct backoff *backoff, int64_t attempt, uint64_t seed);
