// The text of a secrets file: `<name> <64 hexadecimal digits>` a line, `#` before a comment.
#pragma once
#include "core/secrets/secrets.h"

struct secret_key {
    char kid[SECRETS_KID_MAX + 1];
    uint8_t key[SECRETS_KEY_BYTES];
};

// What the file says, in memory that is locked and wiped.
struct secrets {
    uint8_t identity[SECRETS_KEY_BYTES];
    bool has_identity;
    size_t key_count;
    struct secret_key keys[SECRETS_KEYS_MAX]; // The first one signs.
};

// Reads the text of the file at `path` into `*secrets`, which is all zero. Fails: SG_FATAL naming
// path and line, never what is in it.
SG_RESULT secrets_lines_read(struct bytes text, const char *path, struct secrets *secrets);
