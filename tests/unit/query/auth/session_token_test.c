// Session tokens: what is in a good one, and everything that makes one bad.
#include "query/auth/session_token.h"

#include "fixed_secrets.h"
#include "signed_token.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIFE_S = 900, SESSION_S = 43200, MS = 1000, CLAIMS_MAX = 700 };

static const int64_t now_s = 1763800000;
static const struct auth_settings settings = {.token_life_ms = LIFE_S * MS,
                                              .session_life_ms = SESSION_S * MS};
static const char header[] = "{\"typ\":\"JWT\",\"alg\":\"HS256\",\"kid\":\"k1\"}";
static struct session_desk desk = {NULL, &settings};
static struct secrets *secrets;
static struct session_token token;

static int make(void **state)
{
    (void)state;
    secrets = fixed_secrets(FIXED_KEY_1 FIXED_IDENTITY);
    desk.secrets = secrets;
    return sg_is_ok(session_token_make(&desk, bytes_of_text("u1"), now_s * MS, &token)) ? 0 : -1;
}

static int drop(void **state)
{
    (void)state;
    secrets_close(&secrets);
    return 0;
}

// Whether it is read at that time; the reason of a refusal says no more than it should.
static bool is_good(const char *text, int64_t at_s)
{
    struct session session = {.user_id = "as it was"};
    sg_result result = session_token_read(&desk, bytes_of_text(text), at_s * MS, &session);
    if (!sg_is_ok(result)) {
        assert_int_equal(result.class, SG_DROP);
        assert_int_equal(result.code, 401);
        assert_string_equal(session.user_id, "as it was");
        assert_true(strcmp(sg_reason(), "the token is not valid") == 0 ||
                    strcmp(sg_reason(), "the token has expired: log in again") == 0);
        return false;
    }
    return true;
}

static void a_token_says_who_and_when(void **state)
{
    (void)state;
    struct session session;
    struct session_token other;
    assert_true(
        sg_is_ok(session_token_read(&desk, bytes_of_text(token.text), now_s * MS, &session)));
    assert_string_equal(session.user_id, "u1");
    assert_int_equal(session.issued_s, now_s);
    assert_int_equal(session.expires_s, now_s + LIFE_S);
    assert_int_equal(session.logged_in_s, now_s);
    assert_string_equal(session.token_id, token.session.token_id);
    assert_int_equal(strlen(session.token_id), SESSION_ID_CHARS);
    assert_true(sg_is_ok(session_token_make(&desk, bytes_of_text("u1"), now_s * MS, &other)));
    assert_string_not_equal(token.session.token_id, other.session.token_id);
}

static void user_ids_have_a_limit(void **state)
{
    (void)state;
    char user[SESSION_USER_MAX + 1];
    memset(user, '"', sizeof user); // Escaped, it takes twice the room.
    struct bytes longest = bytes_of(user, SESSION_USER_MAX);
    assert_true(sg_is_ok(session_token_make(&desk, longest, now_s * MS, &token)));
    struct session session;
    assert_true(
        sg_is_ok(session_token_read(&desk, bytes_of_text(token.text), now_s * MS, &session)));
    assert_true(bytes_equal(bytes_of_text(session.user_id), longest));
    struct bytes wrong[] = {bytes_of(user, sizeof user), bytes_of_text(""), bytes_of("a\0b", 3)};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(session_token_make(&desk, wrong[i], now_s * MS, &token).class, SG_DROP);
    }
}

static void tokens_expire_with_leeway(void **state)
{
    (void)state;
    assert_true(is_good(token.text, now_s + LIFE_S - 1));
    assert_true(is_good(token.text, now_s + LIFE_S + SESSION_TOKEN_LEEWAY_S - 1));
    assert_false(is_good(token.text, now_s + LIFE_S + SESSION_TOKEN_LEEWAY_S));
    assert_non_null(strstr(sg_reason(), "expired"));
    assert_true(is_good(token.text, now_s - SESSION_TOKEN_LEEWAY_S));
    assert_false(is_good(token.text, now_s - SESSION_TOKEN_LEEWAY_S - 1));
    assert_false(is_good(token.text, 0));
}

static void a_session_is_renewed_until_it_ends(void **state)
{
    (void)state;
    struct session_token next = token;
    int64_t at_s = now_s;
    while (at_s + LIFE_S < now_s + SESSION_S) {
        at_s += LIFE_S - 1;
        struct session_token last = next;
        assert_true(sg_is_ok(session_token_renew(&desk, &last.session, at_s * MS, &next)));
        assert_int_equal(next.session.logged_in_s, now_s);
        assert_int_equal(next.session.issued_s, at_s);
        assert_string_equal(next.session.user_id, "u1");
        assert_string_not_equal(next.session.token_id, last.session.token_id);
        assert_true(next.session.expires_s <= now_s + SESSION_S);
        assert_true(is_good(next.text, at_s));
    }
    assert_int_equal(next.session.expires_s, now_s + SESSION_S);
    sg_result late = session_token_renew(&desk, &next.session, (now_s + SESSION_S) * MS, &token);
    assert_int_equal(late.class, SG_DROP);
    assert_int_equal(late.code, 401);
}

static void every_change_is_refused(void **state)
{
    (void)state;
    char changed[SESSION_TOKEN_MAX + 1];
    size_t size = strlen(token.text);
    for (size_t i = 0; i < size; i++) {
        memcpy(changed, token.text, size + 1);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_false(is_good(changed, now_s));
        memcpy(changed, token.text, size + 1);
        changed[i] = '\0';
        assert_false(is_good(changed, now_s));
    }
}

static void keys_rotate(void **state)
{
    (void)state;
    struct secrets *both = fixed_secrets(FIXED_KEY_2 FIXED_KEY_1 FIXED_IDENTITY);
    struct secrets *later = fixed_secrets(FIXED_KEY_2 FIXED_IDENTITY);
    struct session_token next;
    desk.secrets = both;
    assert_true(is_good(token.text, now_s));
    assert_true(sg_is_ok(session_token_renew(&desk, &token.session, now_s * MS, &next)));
    desk.secrets = later;
    assert_true(is_good(next.text, now_s));
    assert_false(is_good(token.text, now_s));
    desk.secrets = secrets;
    assert_false(is_good(next.text, now_s));
    secrets_close(&both);
    secrets_close(&later);
}

// Claims with one member in another way; "" leaves it out.
static void claims_with(const char *name, const char *value, char ret_claims[static CLAIMS_MAX])
{
    static const char *const usual[][2] = {
        {"iss", "\"soglia\""},     {"aud", "\"soglia\""}, {"sub", "\"u1\""},
        {"iat", "1763800000"},     {"exp", "1763800900"}, {"auth_time", "1763800000"},
        {"jti", "\"0123456789\""}, {"nbf", ""},
    };
    size_t size = (size_t)snprintf(ret_claims, CLAIMS_MAX, "{\"x\":1");
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        const char *text = strcmp(name, usual[i][0]) == 0 ? value : usual[i][1];
        if (text[0] != '\0') {
            size += (size_t)snprintf(ret_claims + size, CLAIMS_MAX - size, ",\"%s\":%s",
                                     usual[i][0], text);
        }
    }
    snprintf(ret_claims + size, CLAIMS_MAX - size, "}");
}

static bool has_claim(const char *name, const char *value)
{
    char claims[CLAIMS_MAX];
    char text[SIGNED_TOKEN_MAX];
    claims_with(name, value, claims);
    signed_token(secrets, "k1", header, claims, text);
    return is_good(text, now_s);
}

static void every_claim_is_there_with_its_type(void **state)
{
    (void)state;
    static const char *const texts[] = {"iss", "aud", "sub", "jti"};
    static const char *const no_texts[] = {"", "1", "null", "true", "[\"soglia\"]", "{}", "\"\""};
    static const char *const numbers[] = {"iat", "exp", "auth_time"};
    static const char *const no_numbers[] = {"",
                                             "\"1763800000\"",
                                             "1763800000.0",
                                             "1.7638e9",
                                             "true",
                                             "null",
                                             "0",
                                             "-1",
                                             "[1763800000]",
                                             "{}",
                                             "false",
                                             "9223372036854775807",
                                             "1e400"};
    assert_true(has_claim("", ""));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (size_t j = 0; j < sizeof no_texts / sizeof no_texts[0]; j++) {
            if (has_claim(texts[i], no_texts[j])) {
                fail_msg("%s: %s", texts[i], no_texts[j]);
            }
        }
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        for (size_t j = 0; j < sizeof no_numbers / sizeof no_numbers[0]; j++) {
            if (has_claim(numbers[i], no_numbers[j])) {
                fail_msg("%s: %s", numbers[i], no_numbers[j]);
            }
        }
    }
}

static void values_are_ours(void **state)
{
    (void)state;
    char longer[SESSION_USER_MAX + 4];
    assert_false(has_claim("iss", "\"Soglia\""));
    assert_false(has_claim("aud", "\"other\""));
    assert_false(has_claim("sub", "\"u1\\u0000x\""));
    assert_false(has_claim("iat", "1763800061"));
    assert_false(has_claim("auth_time", "1763800001"));
    assert_false(has_claim("exp", "1763799939"));
    assert_false(has_claim("exp", "1763799999")); // Before it was issued.
    assert_true(has_claim("nbf", "1763800060"));
    assert_false(has_claim("nbf", "1763800061"));
    assert_false(has_claim("nbf", "\"1763800000\""));
    assert_false(has_claim("nbf", "null"));
    memset(longer, 'u', sizeof longer);
    longer[0] = '"';
    longer[SESSION_USER_MAX + 2] = '"';
    longer[SESSION_USER_MAX + 3] = '\0';
    assert_false(has_claim("sub", longer));
    longer[SESSION_USER_MAX + 1] = '"';
    longer[SESSION_USER_MAX + 2] = '\0';
    assert_true(has_claim("sub", longer));
}

static void claims_are_one_object(void **state)
{
    (void)state;
    static const char *const claims[] = {"",  "null", "[]",    "\"sub\"",
                                         "{", "{}}",  "{} {}", "{\"a\":}"};
    char text[SIGNED_TOKEN_MAX];
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        signed_token(secrets, "k1", header, claims[i], text);
        assert_false(is_good(text, now_s));
    }
}

// Signed as the header says or not at all: the algorithm is ours to choose.
static void other_algorithms_are_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{\"alg\":\"none\",\"kid\":\"k1\"}",
        "{\"alg\":\"HS384\",\"kid\":\"k1\"}",
        "{\"alg\":\"HS512\",\"kid\":\"k1\"}",
        "{\"alg\":\"RS256\",\"kid\":\"k1\"}",
        "{\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"kid\":\"k2\"}",
        "{\"alg\":\"HS256\",\"kid\":\"identity\"}",
    };
    char claims[CLAIMS_MAX];
    char text[SIGNED_TOKEN_MAX];
    claims_with("", "", claims);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        signed_token(secrets, "k1", headers[i], claims, text);
        assert_false(is_good(text, now_s));
        strrchr(text, '.')[1] = '\0';
        assert_false(is_good(text, now_s));
        *strrchr(text, '.') = '\0';
        assert_false(is_good(text, now_s));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_token_says_who_and_when, make, drop),
        cmocka_unit_test_setup_teardown(user_ids_have_a_limit, make, drop),
        cmocka_unit_test_setup_teardown(tokens_expire_with_leeway, make, drop),
        cmocka_unit_test_setup_teardown(a_session_is_renewed_until_it_ends, make, drop),
        cmocka_unit_test_setup_teardown(every_change_is_refused, make, drop),
        cmocka_unit_test_setup_teardown(keys_rotate, make, drop),
        cmocka_unit_test_setup_teardown(every_claim_is_there_with_its_type, make, drop),
        cmocka_unit_test_setup_teardown(values_are_ours, make, drop),
        cmocka_unit_test_setup_teardown(claims_are_one_object, make, drop),
        cmocka_unit_test_setup_teardown(other_algorithms_are_refused, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
