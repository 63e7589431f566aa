// BLAKE2b-256 for evidence: what somebody else must be able to compute again from the same bytes.
#pragma once
#include "core/bytes.h"

#include <stdalign.h>

enum { DIGEST_BYTES = 32, DIGEST_CHARS = 64 };

// A digest in the making; free of memory of its own, so it may be dropped at any time. One thread.
struct digest {
    alignas(64) uint8_t state[384];
};

void digest_begin(struct digest *digest);
void digest_add(struct digest *digest, struct bytes bytes);

// Adds a number as so many bytes, the highest first. `bytes` is at most 8.
void digest_add_number(struct digest *digest, uint64_t number, size_t bytes);

// The digest of all that was added; begin anew afterwards.
void digest_end(struct digest *digest, uint8_t ret_hash[static DIGEST_BYTES]);

// Lower-case hexadecimal digits and an end. Any thread.
void digest_print(const uint8_t hash[static DIGEST_BYTES], char ret_text[static DIGEST_CHARS + 1]);

// The digest of `bytes` as text. Any thread.
void digest_text(struct bytes bytes, char ret_text[static DIGEST_CHARS + 1]);
