// By libsodium, whose fastest way on this processor is chosen by its initialisation.
#include "core/digest.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>

_Static_assert(sizeof(struct digest) >= sizeof(crypto_generichash_blake2b_state) &&
                   alignof(struct digest) >= alignof(crypto_generichash_blake2b_state),
               "a digest holds libsodium's state");

static crypto_generichash_blake2b_state *state_of(struct digest *digest)
{
    return (crypto_generichash_blake2b_state *)(void *)digest->state;
}

// A failure leaves the portable way, which gives the same digests.
static void choose_the_fastest(void)
{
    (void)!sodium_init();
}

void digest_begin(struct digest *digest)
{
    static pthread_once_t chosen = PTHREAD_ONCE_INIT;
    pthread_once(&chosen, choose_the_fastest);
    crypto_generichash_blake2b_init(state_of(digest), NULL, 0, DIGEST_BYTES);
}

void digest_add(struct digest *digest, struct bytes bytes)
{
    crypto_generichash_blake2b_update(state_of(digest), bytes.data, bytes.size);
}

void digest_add_number(struct digest *digest, uint64_t number, size_t bytes)
{
    uint8_t data[sizeof number];
    assert(bytes <= sizeof data);
    for (size_t i = 0; i < bytes; i++) {
        data[i] = (uint8_t)(number >> (8 * (bytes - 1 - i)));
    }
    digest_add(digest, bytes_of(data, bytes));
}

void digest_end(struct digest *digest, uint8_t ret_hash[static DIGEST_BYTES])
{
    crypto_generichash_blake2b_final(state_of(digest), ret_hash, DIGEST_BYTES);
}

void digest_print(const uint8_t hash[static DIGEST_BYTES], char ret_text[static DIGEST_CHARS + 1])
{
    sodium_bin2hex(ret_text, DIGEST_CHARS + 1, hash, DIGEST_BYTES);
}

void digest_text(struct bytes bytes, char ret_text[static DIGEST_CHARS + 1])
{
    struct digest digest;
    uint8_t hash[DIGEST_BYTES];
    digest_begin(&digest);
    digest_add(&digest, bytes);
    digest_end(&digest, hash);
    digest_print(hash, ret_text);
}
