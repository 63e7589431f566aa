// Records as plain JSON: an optional field is a value or null, an enum its symbol, a time a number
// of ms or RFC 3339, a double that is not finite the text NaN, Infinity or -Infinity, one of
// several records an object with the record's name as its only key. No wrapper around other unions.
#pragma once
#include "schemas/record_type.h"

enum { RECORD_JSON_BYTES_MAX = 1 << 20 };

// Reads one object. Fields that are left out get their default, or zero without one; bit i of
// `*ret_present` tells that field i was given. Texts borrow from `json` or are in the arena. Fails:
// SG_DROP, saying where and what was wanted, for anything but the one object: unknown, repeated and
// mistyped fields, numbers that do not fit, text over RECORD_JSON_BYTES_MAX. Any thread.
SG_RESULT record_json_read(const struct record_type *type, struct bytes json, struct arena *arena,
                           void *ret_record, uint64_t *ret_present);

// The bit of the field of that name, for masks of record_json_require() (asserts that there is
// one). Any thread.
uint64_t record_json_bit(const struct record_type *type, const char *field);

// The bits of all fields without a default. Any thread.
uint64_t record_json_required(const struct record_type *type);

// Fails with SG_DROP, naming the fields, when one of `mask` is not in `present`. Any thread.
SG_RESULT record_json_require(const struct record_type *type, uint64_t present, uint64_t mask);

// Adds the record as one line without its end, every field in the schema's order; doubles are as
// short as they can be, those that are not finite are strings. Fails as buffer_reserve(). Any
// thread.
SG_RESULT record_json_print(const struct record_type *type, const void *record, struct buffer *out);
