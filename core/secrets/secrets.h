// The keys of an installation, from one file that its processes share: the identity, from which
// user ids and webhook secrets come, and the keys that sign, which rotate. See docs/accounts.md.
#pragma once
#include "core/bytes.h"
#include "core/result.h"
#include "core/settings/option.h"

enum {
    SECRETS_KEY_BYTES = 32,
    SECRETS_KID_MAX = 32,  // Characters of a key's name.
    SECRETS_KEYS_MAX = 16, // Keys that sign or have signed; the identity is not one of them.
    SECRETS_PATH_MAX = 4096
};

struct secrets;

struct secrets_settings {
    const char *file; // Empty: the file `secrets` of the state folder.
};

// The row of `secrets.*`.
struct option_table secrets_options(struct secrets_settings *target);

// Reads the keys of the file at `path`, first making it (mode 0600, with its folders) when it is
// not there; of several processes that do so at once all get the same keys. Made once a process,
// before its threads; the caller ends it with secrets_close(). Fails: SG_FATAL naming the path and
// what to do, and the line where there is one, never what is in it.
SG_RESULT secrets_open(const char *path, struct secrets **ret_secrets);

// secrets_open() by the settings. A file that the settings name is not made: should it be missing,
// nobody wants new keys instead.
SG_RESULT secrets_open_by(const struct secrets_settings *settings, const char *state_dir,
                          struct secrets **ret_secrets);

// Wipes the keys from memory, frees, sets `*secrets` to NULL. Accepts NULL.
void secrets_close(struct secrets **secrets);

// Writes the identity's key for one purpose ("user"), which never changes: whoever has it can
// neither tell the identity nor the key of another purpose. Any thread.
void secrets_derive(const struct secrets *secrets, const char *purpose,
                    uint8_t ret_key[static SECRETS_KEY_BYTES]);

struct secrets_parts {
    const struct bytes *parts;
    size_t count;
};

// BLAKE2b of `size` bytes (16 to 64) over the parts, keyed with secrets_derive(). Of a single part
// it is the hash of its bytes; of several each has its length before it, as 8 bytes, the highest
// first. Any thread.
void secrets_hash(const struct secrets *secrets, const char *purpose, struct secrets_parts parts,
                  uint8_t *ret_hash, size_t size);

// Names the key that signs, and writes it for one purpose. `*ret_kid` is borrowed. Any thread.
void secrets_sign_key(const struct secrets *secrets, const char *purpose, const char **ret_kid,
                      uint8_t ret_key[static SECRETS_KEY_BYTES]);

// Writes the key of this name for one purpose; false when there is none. Any thread.
bool secrets_find(const struct secrets *secrets, const char *purpose, struct bytes kid,
                  uint8_t ret_key[static SECRETS_KEY_BYTES]);

// The name of key number `index`, the one that signs first; NULL behind the last. Any thread.
const char *secrets_kid(const struct secrets *secrets, size_t index);
