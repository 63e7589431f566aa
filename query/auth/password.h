// What a password may be, and its Argon2id hash in the text form. Slow by intent: see
// password_desk.h for threads that may wait.
#pragma once
#include "core/bytes.h"
#include "core/result.h"

enum {
    PASSWORD_BYTES_MIN = 8,
    PASSWORD_BYTES_MAX = 1024,
    PASSWORD_HASH_MAX = 128, // Bytes of a hash with its end.
    PASSWORD_MEMORY_MAX = 256 * 1024 * 1024,
    PASSWORD_PASSES_MAX = 16
};

// What a hash costs.
struct password_cost {
    size_t memory_bytes;
    unsigned long long passes;
};

// Whether somebody may choose it: its length, UTF-8 without control characters, none of the 10,000
// most common ones in any case. Fails: SG_DROP with a reason for the one who chose it, which does
// not hold it. Any thread.
SG_RESULT password_check(struct bytes password);

// Hashes it with a salt of its own; takes memory and time as the cost says. Fails: SG_RETRY when
// the memory cannot be had. Any thread.
SG_RESULT password_hash(struct bytes password, const struct password_cost *cost,
                        char ret_hash[static PASSWORD_HASH_MAX]);

// True for the password of the hash; takes what the hash says. False at once for a hash that
// password_is_hash() refuses. Any thread.
bool password_verify(struct bytes password, struct bytes hash);

// True for a hash that we verify: Argon2id in its text form, whose cost is within the limits above,
// since anybody may have written it. Any thread.
bool password_is_hash(struct bytes hash);

// True when the hash was made with another cost. Any thread.
bool password_needs_rehash(struct bytes hash, const struct password_cost *cost);
