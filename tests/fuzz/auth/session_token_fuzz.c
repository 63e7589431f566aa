// Target: session_token_read(), over any text and, where it begins with "!", over a header and
// claims, with a line between, that are signed with a good key.
#include "fixed_secrets.h"
#include "query/auth/session_token.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { INPUT_MAX = 900, TEXT_MAX = 4 * INPUT_MAX, NOW_S = 1763800000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t encode(const uint8_t *data, size_t size, char *ret_text)
{
    sodium_bin2base64(ret_text, TEXT_MAX / 3, data, size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return strlen(ret_text);
}

static struct bytes sign(const struct secrets *secrets, struct bytes both,
                         char ret_token[static TEXT_MAX])
{
    uint8_t key[SECRETS_KEY_BYTES];
    uint8_t signature[crypto_auth_hmacsha256_BYTES];
    const uint8_t *line = memchr(both.data, '\n', both.size);
    size_t first = line == NULL ? both.size : (size_t)(line - both.data);
    size_t behind = line == NULL ? both.size : first + 1;
    size_t size = encode(both.data, first, ret_token);
    ret_token[size++] = '.';
    size += encode(both.data + behind, both.size - behind, ret_token + size);
    assert(secrets_find(secrets, "session", bytes_of_text("k1"), key));
    crypto_auth_hmacsha256(signature, (const uint8_t *)ret_token, size, key);
    ret_token[size++] = '.';
    size += encode(signature, sizeof signature, ret_token + size);
    return bytes_of(ret_token, size);
}

// Nothing is read that could not have been made.
static void check(const struct session *session)
{
    size_t user = strlen(session->user_id);
    size_t id = strlen(session->token_id);
    assert(user > 0 && user <= SESSION_USER_MAX && id > 0 && id <= SESSION_ID_CHARS);
    assert(session->logged_in_s > 0 && session->logged_in_s <= session->issued_s);
    assert(session->issued_s <= NOW_S + SESSION_TOKEN_LEEWAY_S);
    assert(session->expires_s > NOW_S - SESSION_TOKEN_LEEWAY_S);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct auth_settings settings = {.token_life_ms = 900000,
                                                  .session_life_ms = 43200000};
    static struct session_desk desk = {NULL, &settings};
    struct session session;
    char token[TEXT_MAX];
    if (desk.secrets == NULL) {
        desk.secrets = fixed_secrets(FIXED_KEY_1 FIXED_KEY_2 FIXED_IDENTITY);
    }
    struct bytes text = bytes_of(data, size);
    if (size > 0 && size <= INPUT_MAX && data[0] == '!') {
        text = sign(desk.secrets, bytes_of(data + 1, size - 1), token);
    }
    sg_result result = session_token_read(&desk, text, (int64_t)NOW_S * 1000, &session);
    assert(sg_is_ok(result) || (result.class == SG_DROP && result.code == 401));
    if (sg_is_ok(result)) {
        check(&session);
    }
    return 0;
}
