// Addition with carry over four words.
#include "state/entries/content_hash.h"

enum { WORDS = 4, WORD_BYTES = 8, KEY_SIZE_BYTES = 4 };

struct content_hash content_hash_entry(struct bytes key, struct bytes value)
{
    struct digest digest;
    uint8_t data[DIGEST_BYTES];
    digest_begin(&digest);
    digest_add_number(&digest, key.size, KEY_SIZE_BYTES);
    digest_add(&digest, key);
    digest_add(&digest, value);
    digest_end(&digest, data);
    struct content_hash hash = {{0}};
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        hash.words[i / WORD_BYTES] |= (uint64_t)data[i] << (8 * (i % WORD_BYTES));
    }
    return hash;
}

void content_hash_add(struct content_hash *sum, const struct content_hash *entry)
{
    uint64_t carry = 0;
    for (size_t i = 0; i < WORDS; i++) {
        uint64_t word = sum->words[i] + carry;
        carry = word < carry ? 1 : 0;
        sum->words[i] = word + entry->words[i];
        carry += sum->words[i] < word ? 1 : 0;
    }
}

void content_hash_remove(struct content_hash *sum, const struct content_hash *entry)
{
    uint64_t borrow = 0;
    for (size_t i = 0; i < WORDS; i++) {
        uint64_t word = sum->words[i] - borrow;
        borrow = word > sum->words[i] ? 1 : 0;
        sum->words[i] = word - entry->words[i];
        borrow += sum->words[i] > word ? 1 : 0;
    }
}

void content_hash_print(const struct content_hash *hash, char ret_text[static DIGEST_CHARS + 1])
{
    uint8_t data[DIGEST_BYTES];
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        data[i] = (uint8_t)(hash->words[i / WORD_BYTES] >> (8 * (i % WORD_BYTES)));
    }
    digest_print(data, ret_text);
}
