// The hash of what a store holds, whatever order it was written in: the sum of the BLAKE2b-256 of
// every entry modulo 2^256. An entry that is replaced is taken out of the sum, so it costs nothing
// to keep it up to date that grows with the store.
#pragma once
#include "core/digest.h"

// A number of 256 bits, the lowest first. Zero: nothing is held.
struct content_hash {
    uint64_t words[4];
};

// The hash of one entry: its key with its length in 4 bytes before it (highest first), then its
// value. Any thread.
struct content_hash content_hash_entry(struct bytes key, struct bytes value);

// Puts an entry into the sum, takes one out. Any thread.
void content_hash_add(struct content_hash *sum, const struct content_hash *entry);
void content_hash_remove(struct content_hash *sum, const struct content_hash *entry);

// As a text of 64 hexadecimal digits: the bytes of the number, the lowest first. Any thread.
void content_hash_print(const struct content_hash *hash, char ret_text[static DIGEST_CHARS + 1]);
