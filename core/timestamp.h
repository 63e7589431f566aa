// Times as people write them.
#pragma once
#include "core/bytes.h"

// Reads RFC 3339 ("2026-11-21T08:00:00.25Z", "2026-11-21 10:00:00+02:00"), which fills the whole
// slice, as ms since 1970, UTC; digits beyond ms are cut, a leap second is the next second. False
// if it is none. Any thread.
bool timestamp_read(struct bytes text, int64_t *ret_ms);
