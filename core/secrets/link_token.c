// A token is base64url of: version byte, nonce, sealed {size of the user's id, user's id,
// subscription's id}. Version and key name are authenticated. The key is not named: all of them
// are tried, which is cheaper than a look at the disk, and tells nothing.
#include "core/secrets/link_token.h"

#include <sodium.h>
#include <string.h>

enum {
    VERSION = 1,
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    PLAIN_MAX = 1 + 2 * LINK_TOKEN_ID_MAX,
    TOKEN_BYTES_MAX = 1 + NONCE_BYTES + PLAIN_MAX + TAG_BYTES,
    CONTEXT_MAX = 1 + SECRETS_KID_MAX
};

_Static_assert(LINK_TOKEN_MAX + 1 ==
                   sodium_base64_ENCODED_LEN(TOKEN_BYTES_MAX,
                                             sodium_base64_VARIANT_URLSAFE_NO_PADDING),
               "the longest token fits");
_Static_assert(SECRETS_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "a key fits");

static const char purpose[] = "link";
static const char nonce_purpose[] = "link-nonce";

// What is authenticated without being in the token: the version and the name of the key.
struct context {
    uint8_t bytes[CONTEXT_MAX];
    size_t size;
};

static struct context context_of(const char *kid)
{
    struct context context = {.size = 1 + strlen(kid)};
    context.bytes[0] = VERSION;
    memcpy(context.bytes + 1, kid, context.size - 1);
    return context;
}

static bool is_id(struct bytes id)
{
    return id.size > 0 && id.size <= LINK_TOKEN_ID_MAX && memchr(id.data, '\0', id.size) == NULL;
}

// The nonce is a keyed hash of what is sealed: never the same for two contents, nothing to guess,
// and no chance in it.
static void make_nonce(const struct secrets *secrets, struct bytes plain,
                       uint8_t ret_nonce[static NONCE_BYTES])
{
    uint8_t key[SECRETS_KEY_BYTES];
    const char *kid = NULL;
    secrets_sign_key(secrets, nonce_purpose, &kid, key);
    crypto_generichash(ret_nonce, NONCE_BYTES, plain.data, plain.size, key, sizeof key);
    sodium_memzero(key, sizeof key);
}

static void seal(const struct secrets *secrets, struct bytes plain, uint8_t *ret_token)
{
    uint8_t key[SECRETS_KEY_BYTES];
    const char *kid = NULL;
    secrets_sign_key(secrets, purpose, &kid, key);
    struct context context = context_of(kid);
    ret_token[0] = VERSION;
    make_nonce(secrets, plain, ret_token + 1);
    crypto_aead_xchacha20poly1305_ietf_encrypt(ret_token + 1 + NONCE_BYTES, NULL, plain.data,
                                               plain.size, context.bytes, context.size, NULL,
                                               ret_token + 1, key);
    sodium_memzero(key, sizeof key);
}

sg_result link_token_make(const struct secrets *secrets, struct bytes user_id,
                          struct bytes subscription_id, char ret_token[static LINK_TOKEN_MAX + 1])
{
    if (!is_id(user_id) || !is_id(subscription_id)) {
        return sg_fail(SG_DROP, 0, "link: an id has 1 to %d bytes and no NUL", LINK_TOKEN_ID_MAX);
    }
    uint8_t plain[PLAIN_MAX];
    uint8_t token[TOKEN_BYTES_MAX];
    plain[0] = (uint8_t)user_id.size;
    memcpy(plain + 1, user_id.data, user_id.size);
    memcpy(plain + 1 + user_id.size, subscription_id.data, subscription_id.size);
    size_t size = 1 + user_id.size + subscription_id.size;
    seal(secrets, bytes_of(plain, size), token);
    sodium_bin2base64(ret_token, LINK_TOKEN_MAX + 1, token, 1 + NONCE_BYTES + size + TAG_BYTES,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return sg_ok();
}

// Opens a sealed token with any of the keys. Returns the size of what was in it, 0 for a failure.
static size_t unseal(const struct secrets *secrets, struct bytes token,
                     uint8_t ret_plain[static PLAIN_MAX])
{
    uint8_t key[SECRETS_KEY_BYTES];
    unsigned long long size = 0;
    const char *kid = NULL;
    bool opened = false;
    for (size_t i = 0; !opened && (kid = secrets_kid(secrets, i)) != NULL; i++) {
        struct context context = context_of(kid);
        opened =
            secrets_find(secrets, purpose, bytes_of_text(kid), key) &&
            crypto_aead_xchacha20poly1305_ietf_decrypt(
                ret_plain, &size, NULL, token.data + 1 + NONCE_BYTES, token.size - 1 - NONCE_BYTES,
                context.bytes, context.size, token.data + 1, key) == 0;
    }
    sodium_memzero(key, sizeof key);
    return opened ? (size_t)size : 0;
}

static bool read_token(const struct secrets *secrets, struct bytes text,
                       struct link_target *ret_target)
{
    uint8_t token[TOKEN_BYTES_MAX];
    uint8_t plain[PLAIN_MAX];
    size_t size = 0;
    if (text.size > LINK_TOKEN_MAX ||
        sodium_base642bin(token, sizeof token, (const char *)text.data, text.size, NULL, &size,
                          NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        size < 1 + NONCE_BYTES + TAG_BYTES || token[0] != VERSION) {
        return false;
    }
    size = unseal(secrets, bytes_of(token, size), plain);
    if (size == 0 || size < 1 + (size_t)plain[0]) {
        return false;
    }
    struct bytes user_id = bytes_of(plain + 1, plain[0]);
    struct bytes subscription_id = bytes_of(plain + 1 + user_id.size, size - 1 - user_id.size);
    if (!is_id(user_id) || !is_id(subscription_id)) {
        return false;
    }
    struct link_target target = {.user_id = ""};
    memcpy(target.user_id, user_id.data, user_id.size);
    memcpy(target.subscription_id, subscription_id.data, subscription_id.size);
    *ret_target = target;
    return true;
}

sg_result link_token_read(const struct secrets *secrets, struct bytes token,
                          struct link_target *ret_target)
{
    if (!read_token(secrets, token, ret_target)) {
        return sg_fail(SG_DROP, 0, "this link is not valid, or no longer");
    }
    return sg_ok();
}
