// Hashes: a fast one for tables, a cryptographic one for identities.
#pragma once
#include "core/bytes.h"

// Length of a hash_identity() text, without its end.
enum { HASH_IDENTITY_CHARS = 32 };

// XXH3, 64 bits. For tables in memory and checksums, never for identities. Any thread.
uint64_t hash_bytes(struct bytes bytes);

// BLAKE2b-128 of `bytes` as 32 lower-case hexadecimal digits and an end. Any thread.
void hash_identity(struct bytes bytes, char ret_text[static HASH_IDENTITY_CHARS + 1]);

// Kafka's murmur2 with the sign bit cleared: the partition of a key is the result modulo the count
// (org.apache.kafka.common.utils.Utils.murmur2, toPositive). Any thread.
uint32_t hash_murmur2(struct bytes key);
