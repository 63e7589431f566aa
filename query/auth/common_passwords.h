// The 10,000 most common passwords among those that are long enough to be chosen. The table is made
// at build.
#pragma once
#include "core/bytes.h"

// In lower case, in the order of bytes_compare().
extern const char *const common_passwords_table[];
extern const size_t common_passwords_count;

// True when the password is one of them but for the case of its ASCII letters. Any thread.
bool common_passwords_have(struct bytes password);
