// libjwt makes and verifies; what it does not check, we do. It takes the algorithm from the token,
// so that token_frame.c looks at it first and jwt_get_alg() is compared afterwards; it reads an
// expired token and a claim of another type without a word.
#include "query/auth/session_token.h"

#include "query/auth/token_frame.h"

#include <errno.h>
#include <jwt.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { MS_PER_S = 1000, TOKEN_ID_BYTES = 16, UNAUTHORIZED = 401 };

_Static_assert(sizeof(long) == sizeof(int64_t), "libjwt's numbers hold a time");

static const char purpose[] = "session";
static const char issuer[] = "soglia";

static void free_jwt(jwt_t **jwt)
{
    jwt_free(*jwt);
}

static sg_result refuse_invalid(void)
{
    return sg_fail(SG_DROP, UNAUTHORIZED, "the token is not valid");
}

static bool set_claims(jwt_t *jwt, const struct session *session)
{
    return jwt_add_grant(jwt, "iss", issuer) == 0 && jwt_add_grant(jwt, "aud", issuer) == 0 &&
           jwt_add_grant(jwt, "sub", session->user_id) == 0 &&
           jwt_add_grant_int(jwt, "iat", session->issued_s) == 0 &&
           jwt_add_grant_int(jwt, "exp", session->expires_s) == 0 &&
           jwt_add_grant_int(jwt, "auth_time", session->logged_in_s) == 0 &&
           jwt_add_grant(jwt, "jti", session->token_id) == 0;
}

static bool set_key(jwt_t *jwt, const struct secrets *secrets)
{
    uint8_t key[SECRETS_KEY_BYTES];
    const char *kid = NULL;
    secrets_sign_key(secrets, purpose, &kid, key);
    bool set = jwt_set_alg(jwt, JWT_ALG_HS256, key, sizeof key) == 0 &&
               jwt_add_header(jwt, "kid", kid) == 0;
    sodium_memzero(key, sizeof key);
    return set;
}

// Signs what the session says.
static sg_result sign(const struct secrets *secrets, struct session_token *token)
{
    SG_CLEANUP(free_jwt) jwt_t *jwt = NULL;
    if (jwt_new(&jwt) != 0 || !set_claims(jwt, &token->session) || !set_key(jwt, secrets)) {
        return sg_fail(SG_RETRY, 0, "no memory to make a token");
    }
    char *text = jwt_encode_str(jwt);
    size_t size = text == NULL ? SIZE_MAX : strlen(text);
    bool fits = size <= SESSION_TOKEN_MAX;
    if (fits) {
        memcpy(token->text, text, size + 1);
    }
    free(text);
    return fits ? sg_ok() : sg_fail(SG_RETRY, 0, "no memory to make a token");
}

static sg_result make(const struct session_desk *desk, struct session session, int64_t now_ms,
                      struct session_token *ret_token)
{
    uint8_t id[TOKEN_ID_BYTES];
    struct session_token token = {.session = session};
    randombytes_buf(id, sizeof id);
    sodium_bin2hex(token.session.token_id, sizeof token.session.token_id, id, sizeof id);
    token.session.issued_s = now_ms / MS_PER_S;
    int64_t expires_s = token.session.issued_s + desk->settings->token_life_ms / MS_PER_S;
    int64_t ends_s = session.logged_in_s + desk->settings->session_life_ms / MS_PER_S;
    token.session.expires_s = expires_s < ends_s ? expires_s : ends_s;
    SG_TRY(sign(desk->secrets, &token));
    *ret_token = token;
    return sg_ok();
}

sg_result session_token_make(const struct session_desk *desk, struct bytes user_id, int64_t now_ms,
                             struct session_token *ret_token)
{
    if (user_id.size == 0 || user_id.size > SESSION_USER_MAX ||
        memchr(user_id.data, '\0', user_id.size) != NULL) {
        return sg_fail(SG_DROP, 0, "a user id has 1 to %d bytes and no NUL", SESSION_USER_MAX);
    }
    struct session session = {.logged_in_s = now_ms / MS_PER_S};
    memcpy(session.user_id, user_id.data, user_id.size);
    return make(desk, session, now_ms, ret_token);
}

sg_result session_token_renew(const struct session_desk *desk, const struct session *session,
                              int64_t now_ms, struct session_token *ret_token)
{
    int64_t ends_s = session->logged_in_s + desk->settings->session_life_ms / MS_PER_S;
    if (now_ms / MS_PER_S >= ends_s) {
        return sg_fail(SG_DROP, UNAUTHORIZED, "the session has ended: log in again");
    }
    return make(desk, *session, now_ms, ret_token);
}

// A claim that is there and a text of 1 to `capacity` - 1 bytes.
static bool read_text(jwt_t *jwt, const char *name, char *ret_text, size_t capacity)
{
    const char *text = jwt_get_grant(jwt, name);
    size_t size = text == NULL ? 0 : strlen(text);
    if (size == 0 || size >= capacity) {
        return false;
    }
    memcpy(ret_text, text, size + 1);
    return true;
}

static bool has_text(jwt_t *jwt, const char *name, const char *wanted)
{
    const char *text = jwt_get_grant(jwt, name);
    return text != NULL && strcmp(text, wanted) == 0;
}

// A claim that is there and a whole number that can be a time. 0 is what the library says for
// everything else.
static bool read_time(jwt_t *jwt, const char *name, int64_t *ret_s)
{
    static const int64_t latest_s = 253402300799; // The end of the year 9999.
    errno = 0;
    int64_t value = jwt_get_grant_int(jwt, name);
    if (errno != 0 || value <= 0 || value > latest_s) {
        return false;
    }
    *ret_s = value;
    return true;
}

// "nbf" need not be there.
static bool has_begun(jwt_t *jwt, int64_t now_s)
{
    char *json = jwt_get_grants_json(jwt, "nbf");
    bool is_there = json != NULL;
    free(json);
    int64_t begins_s = 0;
    return !is_there ||
           (read_time(jwt, "nbf", &begins_s) && begins_s <= now_s + SESSION_TOKEN_LEEWAY_S);
}

// Everything but whether it has expired.
static bool read_claims(jwt_t *jwt, int64_t now_s, struct session *session)
{
    return has_text(jwt, "iss", issuer) && has_text(jwt, "aud", issuer) &&
           read_text(jwt, "sub", session->user_id, sizeof session->user_id) &&
           read_text(jwt, "jti", session->token_id, sizeof session->token_id) &&
           read_time(jwt, "iat", &session->issued_s) &&
           read_time(jwt, "exp", &session->expires_s) &&
           read_time(jwt, "auth_time", &session->logged_in_s) &&
           session->issued_s <= now_s + SESSION_TOKEN_LEEWAY_S &&
           session->logged_in_s <= session->issued_s && session->issued_s <= session->expires_s &&
           has_begun(jwt, now_s);
}

// Verifies the signature with the key that the header names.
static bool verify(const struct secrets *secrets, struct bytes token, jwt_t **ret_jwt)
{
    char kid[SECRETS_KID_MAX + 1];
    char text[SESSION_TOKEN_MAX + 1];
    uint8_t key[SECRETS_KEY_BYTES];
    if (!token_frame_check(token, kid) ||
        !secrets_find(secrets, purpose, bytes_of_text(kid), key)) {
        return false;
    }
    memcpy(text, token.data, token.size);
    text[token.size] = '\0';
    bool good = jwt_decode(ret_jwt, text, key, sizeof key) == 0;
    sodium_memzero(key, sizeof key);
    return good && jwt_get_alg(*ret_jwt) == JWT_ALG_HS256;
}

sg_result session_token_read(const struct session_desk *desk, struct bytes token, int64_t now_ms,
                             struct session *ret_session)
{
    SG_CLEANUP(free_jwt) jwt_t *jwt = NULL;
    struct session session = {.user_id = ""};
    int64_t now_s = now_ms / MS_PER_S;
    if (!verify(desk->secrets, token, &jwt) || !read_claims(jwt, now_s, &session)) {
        return refuse_invalid();
    }
    if (now_s >= session.expires_s + SESSION_TOKEN_LEEWAY_S) {
        return sg_fail(SG_DROP, UNAUTHORIZED, "the token has expired: log in again");
    }
    *ret_session = session;
    return sg_ok();
}
