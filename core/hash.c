// Hashes by their libraries; murmur2 is Kafka's partitioner and has none.
#include "core/hash.h"

#include <sodium.h>
#include <xxhash.h>

enum { IDENTITY_BYTES = HASH_IDENTITY_CHARS / 2 };

uint64_t hash_bytes(struct bytes bytes)
{
    return XXH3_64bits(bytes.data, bytes.size);
}

void hash_identity(struct bytes bytes, char ret_text[static HASH_IDENTITY_CHARS + 1])
{
    uint8_t hash[IDENTITY_BYTES];
    crypto_generichash(hash, sizeof hash, bytes.data, bytes.size, NULL, 0);
    sodium_bin2hex(ret_text, HASH_IDENTITY_CHARS + 1, hash, sizeof hash);
}

static uint32_t read_little_endian(const uint8_t *data)
{
    return (uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 |
           (uint32_t)data[3] << 24;
}

uint32_t hash_murmur2(struct bytes key)
{
    const uint32_t seed = 0x9747b28c;
    const uint32_t multiplier = 0x5bd1e995;
    uint32_t hash = seed ^ (uint32_t)key.size;
    size_t at = 0;
    for (; key.size - at >= 4; at += 4) {
        uint32_t word = read_little_endian(key.data + at) * multiplier;
        word = (word ^ word >> 24) * multiplier;
        hash = hash * multiplier ^ word;
    }
    size_t rest = key.size - at;
    for (size_t i = rest; i > 0; i--) {
        hash ^= (uint32_t)key.data[at + i - 1] << (8 * (i - 1));
    }
    if (rest > 0) {
        hash *= multiplier;
    }
    hash = (hash ^ hash >> 13) * multiplier;
    hash ^= hash >> 15;
    return hash & 0x7fffffff;
}
