// Target: link_token_read(), over any text and, where it begins with "!", over what a token with a
// good seal may hold.
#include "core/secrets/link_token.h"
#include "fixed_secrets.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

enum { NONCE_BYTES = 24, INPUT_MAX = 400, SEALED_MAX = 1 + NONCE_BYTES + INPUT_MAX + 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Seals any content as link_token.c does.
static size_t seal(const struct secrets *secrets, struct bytes content,
                   char ret_token[static 2 * SEALED_MAX])
{
    static const uint8_t context[] = {1, 'k', '1'};
    uint8_t key[SECRETS_KEY_BYTES];
    uint8_t sealed[SEALED_MAX] = {1};
    unsigned long long size = 0;
    assert(secrets_find(secrets, "link", bytes_of_text("k1"), key));
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + 1 + NONCE_BYTES, &size, content.data,
                                               content.size, context, sizeof context, NULL,
                                               sealed + 1, key);
    sodium_bin2base64(ret_token, 2 * SEALED_MAX, sealed, 1 + NONCE_BYTES + (size_t)size,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return strlen(ret_token);
}

// What was read is made again, and read as the same.
static void check(const struct secrets *secrets, const struct link_target *target)
{
    char token[LINK_TOKEN_MAX + 1];
    struct link_target again;
    assert(target->user_id[0] != '\0' && target->subscription_id[0] != '\0');
    assert(sg_is_ok(link_token_make(secrets, bytes_of_text(target->user_id),
                                    bytes_of_text(target->subscription_id), token)));
    assert(sg_is_ok(link_token_read(secrets, bytes_of_text(token), &again)));
    assert(strcmp(target->user_id, again.user_id) == 0);
    assert(strcmp(target->subscription_id, again.subscription_id) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct secrets *secrets = NULL;
    struct link_target target;
    char token[2 * SEALED_MAX];
    if (secrets == NULL) {
        secrets = fixed_secrets(FIXED_KEY_1 FIXED_KEY_2 FIXED_IDENTITY);
    }
    struct bytes text = bytes_of(data, size);
    if (size > 0 && size <= INPUT_MAX && data[0] == '!') {
        text = bytes_of(token, seal(secrets, bytes_of(data + 1, size - 1), token));
    }
    if (sg_is_ok(link_token_read(secrets, text, &target))) {
        check(secrets, &target);
    }
    return 0;
}
