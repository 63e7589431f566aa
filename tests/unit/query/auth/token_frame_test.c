// The outside of a token: three parts in their one form, and a header that is ours.
#include "query/auth/token_frame.h"

#include "fixed_secrets.h"
#include "signed_token.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static struct secrets *secrets;
static char token[SIGNED_TOKEN_MAX];

static int make(void **state)
{
    (void)state;
    secrets = fixed_secrets(FIXED_KEY_1 FIXED_IDENTITY);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    secrets_close(&secrets);
    return 0;
}

static bool is_taken(const char *text)
{
    char kid[SECRETS_KID_MAX + 1];
    return token_frame_check(bytes_of_text(text), kid);
}

static bool has_header(const char *header)
{
    signed_token(secrets, "k1", header, "{}", token);
    return is_taken(token);
}

static void our_headers_are_taken(void **state)
{
    (void)state;
    char kid[SECRETS_KID_MAX + 1];
    assert_true(has_header("{\"alg\":\"HS256\",\"kid\":\"k1\"}"));
    assert_true(has_header(
        "{\"typ\":\"JWT\",\"alg\":\"HS256\",\"kid\":\"a-key-of-32-characters-in-all-00\"}"));
    assert_true(token_frame_check(bytes_of_text(token), kid));
    assert_string_equal(kid, "a-key-of-32-characters-in-all-00");
}

static void other_headers_are_not(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{}",
        "",
        "null",
        "[]",
        "\"HS256\"",
        "{\"alg\":\"HS256\"}",
        "{\"kid\":\"k1\"}",
        "{\"alg\":\"none\",\"kid\":\"k1\"}",
        "{\"alg\":\"None\",\"kid\":\"k1\"}",
        "{\"alg\":\"hs256\",\"kid\":\"k1\"}",
        "{\"alg\":\"HS384\",\"kid\":\"k1\"}",
        "{\"alg\":\"HS512\",\"kid\":\"k1\"}",
        "{\"alg\":\"RS256\",\"kid\":\"k1\"}",
        "{\"alg\":\"ES256\",\"kid\":\"k1\"}",
        "{\"alg\":null,\"kid\":\"k1\"}",
        "{\"alg\":[\"HS256\"],\"kid\":\"k1\"}",
        "{\"alg\":\"HS256\",\"alg\":\"HS256\",\"kid\":\"k1\"}",
        "{\"alg\":\"HS256\",\"kid\":\"k1\",\"kid\":\"k1\"}",
        "{\"alg\":\"HS256\",\"kid\":\"\"}",
        "{\"alg\":\"HS256\",\"kid\":1}",
        "{\"alg\":\"HS256\",\"kid\":\"a-key-of-33-characters-in-all-000\"}",
        "{\"alg\":\"HS256\",\"kid\":\"k1\",\"typ\":\"JWE\"}",
        "{\"alg\":\"HS256\",\"kid\":\"k1\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"HS256\",\"kid\":\"k1\",\"jwk\":{}}",
        "{\"alg\":\"HS256\",\"kid\":\"k1\",\"jku\":\"https://example.org\"}",
        "{\"alg\":\"HS256\",\"kid\":\"k1\",\"zip\":\"DEF\"}",
        "{\"alg\":\"HS256\",\"kid\":\"k1\"} x",
        "{\"alg\":\"HS256\",\"kid\":\"k1\"",
        "{\"alg\":\"HS256\",\"kid\":\"k\\u0000\"}",
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        if (has_header(headers[i])) {
            fail_msg("taken: %s", headers[i]);
        }
    }
}

static void parts_have_one_form(void **state)
{
    (void)state;
    char changed[SIGNED_TOKEN_MAX + 8];
    assert_true(has_header("{\"alg\":\"HS256\",\"kid\":\"k1\"}"));
    static const char *const forms[] = {"%s.",  "%s.x", ".%s", "%s=", "%s ",  " %s",
                                        "%s\n", "%sA",  "%s&", "",    "%s.%s"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const char *at = strstr(forms[i], "%s");
        int before = at == NULL ? 0 : (int)(at - forms[i]);
        snprintf(changed, sizeof changed, "%.*s%s%s", before, forms[i], at == NULL ? "" : token,
                 at == NULL ? "" : at + 2);
        assert_false(is_taken(changed));
    }
    // The last character of 32 bytes in base64 has two bits left over; they are 0.
    size_t size = strlen(token);
    memcpy(changed, token, size + 1);
    const char *digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    changed[size - 1] = digits[(strchr(digits, token[size - 1]) - digits) | 1];
    assert_false(is_taken(changed));
    // A signature that is shorter or not there at all.
    changed[size - 2] = '\0';
    assert_false(is_taken(changed));
    strrchr(changed, '.')[1] = '\0';
    assert_false(is_taken(changed));
    *strrchr(changed, '.') = '\0';
    assert_false(is_taken(changed));
}

static void long_tokens_are_not_looked_at(void **state)
{
    (void)state;
    char changed[2048];
    memset(changed, 'A', sizeof changed);
    changed[sizeof changed - 1] = '\0';
    assert_true(has_header("{\"alg\":\"HS256\",\"kid\":\"k1\"}"));
    memcpy(changed, token, strcspn(token, ".") + 1);
    memcpy(changed + sizeof changed - 1 - 44, strrchr(token, '.'), 44);
    assert_false(is_taken(changed));
    changed[1024 - 44] = '\0';
    memcpy(changed + 1024 - 44, strrchr(token, '.'), 45);
    assert_true(is_taken(changed));
    assert_false(is_taken(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(our_headers_are_taken, make, drop),
        cmocka_unit_test_setup_teardown(other_headers_are_not, make, drop),
        cmocka_unit_test_setup_teardown(parts_have_one_form, make, drop),
        cmocka_unit_test_setup_teardown(long_tokens_are_not_looked_at, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
