// HMAC-SHA256 over id, timestamp and body with full stops between them.
#include "connectors/webhook/webhook_signature.h"
#include "core/hash.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum {
    HEAD_MAX = WEBHOOK_ID_MAX + 32,
    BASE64_MAX = 4 * (((int)crypto_auth_hmacsha256_BYTES + 2) / 3) + 1
};

static bool is_id_byte(uint8_t byte)
{
    bool alphanumeric = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                        (byte >= 'A' && byte <= 'Z');
    return alphanumeric || byte == '-' || byte == '_';
}

void webhook_signature_id(struct bytes notification_id, char ret_id[static WEBHOOK_ID_MAX + 1])
{
    bool plain = notification_id.size > 0 && notification_id.size <= WEBHOOK_ID_MAX;
    for (size_t i = 0; plain && i < notification_id.size; i++) {
        plain = is_id_byte(notification_id.data[i]);
    }
    if (!plain) {
        hash_identity(notification_id, ret_id);
        return;
    }
    memcpy(ret_id, notification_id.data, notification_id.size);
    ret_id[notification_id.size] = '\0';
}

static void sign(const struct webhook_content *content, const uint8_t key[static WEBHOOK_KEY_BYTES],
                 char ret_text[static BASE64_MAX])
{
    char head[HEAD_MAX];
    int printed = snprintf(head, sizeof head, "%s.%" PRId64 ".", content->id, content->timestamp_s);
    assert(printed > 0 && (size_t)printed < sizeof head);
    size_t size = (size_t)printed;
    crypto_auth_hmacsha256_state state;
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_init(&state, key, (size_t)WEBHOOK_KEY_BYTES);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)head, size);
    crypto_auth_hmacsha256_update(&state, content->body.data, content->body.size);
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2base64(ret_text, (size_t)BASE64_MAX, mac, sizeof mac,
                      sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(&state, sizeof state);
}

sg_result webhook_signature_print(const struct webhook_content *content,
                                  const struct webhook_keys *keys, struct buffer *out)
{
    assert(keys->count >= 1 && keys->count <= WEBHOOK_KEYS_MAX);
    for (size_t i = 0; i < keys->count; i++) {
        char text[BASE64_MAX];
        sign(content, keys->keys[i], text);
        SG_TRY(buffer_print(out, "%sv1,%s", i == 0 ? "" : " ", text));
    }
    return sg_ok();
}
