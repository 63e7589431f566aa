// Every generated record, for tests that go over all of them.
#pragma once
#include "schemas/record_type.h"

extern const struct record_type *const record_table[];
extern const size_t record_table_count;

// The type of that full name, NULL if there is none.
const struct record_type *record_table_find(const char *full_name);
