// BLAKE2b-256 of the user's id, a zero byte and the URL, keyed for the purpose "webhook".
#include "core/secrets/webhook_secret.h"

#include <sodium.h>
#include <string.h>

static const char prefix[] = "whsec_";

void webhook_secret_key(const struct secrets *secrets, struct bytes user_id, struct bytes url,
                        uint8_t ret_key[static WEBHOOK_SECRET_BYTES])
{
    uint8_t key[SECRETS_KEY_BYTES];
    crypto_generichash_state state;
    secrets_derive(secrets, "webhook", key);
    crypto_generichash_init(&state, key, sizeof key, WEBHOOK_SECRET_BYTES);
    crypto_generichash_update(&state, user_id.data, user_id.size);
    crypto_generichash_update(&state, (const uint8_t[]){0}, 1);
    crypto_generichash_update(&state, url.data, url.size);
    crypto_generichash_final(&state, ret_key, WEBHOOK_SECRET_BYTES);
    sodium_memzero(key, sizeof key);
    sodium_memzero(&state, sizeof state);
}

void webhook_secret_print(const struct secrets *secrets, struct bytes user_id, struct bytes url,
                          char ret_text[static WEBHOOK_SECRET_CHARS + 1])
{
    uint8_t key[WEBHOOK_SECRET_BYTES];
    webhook_secret_key(secrets, user_id, url, key);
    memcpy(ret_text, prefix, sizeof prefix - 1);
    sodium_bin2base64(ret_text + sizeof prefix - 1, WEBHOOK_SECRET_CHARS + 1 - (sizeof prefix - 1),
                      key, sizeof key, sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(key, sizeof key);
}
