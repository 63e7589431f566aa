// What many answers have in common, as JSON.
#pragma once
#include "query/http/json_writer.h"

// A time as RFC 3339 text in UTC; null outside the years that it can write.
void answer_json_time(struct json_writer *json, const char *name, int64_t ms);

// The member "next" of a list: a cursor, null for "".
void answer_json_next(struct json_writer *json, const char *cursor);

// A text or a number that may be missing: null then.
void answer_json_optional_text(struct json_writer *json, const char *name, bool has,
                               struct bytes text);
void answer_json_optional_double(struct json_writer *json, const char *name, bool has,
                                 double value);

// Where a record is.
void answer_json_position(struct json_writer *json, const char *name, struct bytes topic,
                          int32_t partition, int64_t offset);
