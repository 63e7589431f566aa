// Times in requests: RFC 3339 or ms since 1970.
#pragma once
#include "core/bytes.h"

// Reads "2026-11-21T08:00:00Z", with a fraction (cut to ms) or an offset ("+01:00") if wanted, or a
// decimal number of ms since 1970. False if it is neither. Any thread.
bool instant_read(struct bytes text, int64_t *ret_ms);
