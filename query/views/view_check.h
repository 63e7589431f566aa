// What every view asks of a record before it becomes a row. All fail with SG_DROP, naming the
// field. Any thread.
#pragma once
#include "query/views/view.h"

// A name: 1 to 128 bytes of UTF-8 without control characters.
SG_RESULT view_check_name(const char *field, struct bytes name);

// A finite number.
SG_RESULT view_check_finite(const char *field, double value);

// A time from 1970 on, or a number that counts.
SG_RESULT view_check_not_negative(const char *field, int64_t number);

// That the record's key is this name.
SG_RESULT view_check_key(const struct view_record *record, const char *field, struct bytes name);
