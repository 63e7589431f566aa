// Secrets that a test knows, without a file.
#pragma once
#include "core/secrets/secrets.h"

// Lines of a file: a signing key each, and an identity.
#define FIXED_KEY_1 "k1 1111111111111111111111111111111111111111111111111111111111111111\n"
#define FIXED_KEY_2 "k2 2222222222222222222222222222222222222222222222222222222222222222\n"
#define FIXED_IDENTITY "identity 3333333333333333333333333333333333333333333333333333333333333333\n"

// What the text of a file says. The caller ends it with secrets_close(). Ends the process when the
// text is wrong.
struct secrets *fixed_secrets(const char *text);
