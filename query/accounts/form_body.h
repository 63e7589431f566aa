// Bodies of HTML forms: application/x-www-form-urlencoded (WHATWG URL standard, section 5).
#pragma once
#include "core/arena.h"
#include "core/bytes.h"
#include "core/result.h"

// The value of the first field of this name, decoded into the arena. `*ret_found` false: there is
// none. Fails: SG_DROP for broken escapes, or text that is not UTF-8 without control characters.
// Any thread.
SG_RESULT form_body_find(struct bytes body, const char *name, struct arena *arena,
                         struct bytes *ret_value, bool *ret_found);
