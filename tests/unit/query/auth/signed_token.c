// By libsodium alone: what libjwt would refuse to make is made.
#include "signed_token.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PART_MAX = 1500 };

static void encode(const void *data, size_t size, char ret_text[static PART_MAX])
{
    sodium_bin2base64(ret_text, PART_MAX, data, size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void signed_token(const struct secrets *secrets, const char *kid, const char *header,
                  const char *claims, char ret_token[static SIGNED_TOKEN_MAX])
{
    char first[PART_MAX];
    char second[PART_MAX];
    char third[PART_MAX];
    uint8_t key[SECRETS_KEY_BYTES];
    uint8_t signature[crypto_auth_hmacsha256_BYTES];
    if (strlen(header) > PART_MAX / 2 || strlen(claims) > PART_MAX / 2 ||
        !secrets_find(secrets, "session", bytes_of_text(kid), key)) {
        abort();
    }
    encode(header, strlen(header), first);
    encode(claims, strlen(claims), second);
    int size = snprintf(ret_token, SIGNED_TOKEN_MAX, "%s.%s", first, second);
    crypto_auth_hmacsha256(signature, (const uint8_t *)ret_token, (unsigned long long)size, key);
    encode(signature, sizeof signature, third);
    snprintf(ret_token + size, SIGNED_TOKEN_MAX - (size_t)size, ".%s", third);
}
