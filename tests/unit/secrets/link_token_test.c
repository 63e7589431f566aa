// The tokens of links in mails: opaque, whole or refused, good while their key is there.
#include "core/secrets/link_token.h"
#include "fixed_secrets.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static struct secrets *secrets;
static char token[LINK_TOKEN_MAX + 1];

static int make(void **state)
{
    (void)state;
    secrets = fixed_secrets(FIXED_KEY_1 FIXED_IDENTITY);
    sg_result made =
        link_token_make(secrets, bytes_of_text("u1"), bytes_of_text("subscription-7"), token);
    return sg_is_ok(made) ? 0 : -1;
}

static int drop(void **state)
{
    (void)state;
    secrets_close(&secrets);
    return 0;
}

static bool is_read(const struct secrets *with, const char *text)
{
    struct link_target target = {.user_id = "as it was"};
    sg_result result = link_token_read(with, bytes_of_text(text), &target);
    if (!sg_is_ok(result)) {
        assert_int_equal(result.class, SG_DROP);
        assert_string_equal(sg_reason(), "this link is not valid, or no longer");
        assert_string_equal(target.user_id, "as it was");
        return false;
    }
    assert_string_equal(target.user_id, "u1");
    assert_string_equal(target.subscription_id, "subscription-7");
    return true;
}

static void tokens_are_read_again(void **state)
{
    (void)state;
    assert_true(is_read(secrets, token));
    assert_null(strstr(token, "u1"));
    assert_int_equal(
        strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
        strlen(token));
}

static void the_same_ids_give_the_same_token(void **state)
{
    (void)state;
    char again[LINK_TOKEN_MAX + 1];
    char other[LINK_TOKEN_MAX + 1];
    assert_true(sg_is_ok(
        link_token_make(secrets, bytes_of_text("u1"), bytes_of_text("subscription-7"), again)));
    assert_string_equal(token, again);
    assert_true(sg_is_ok(
        link_token_make(secrets, bytes_of_text("u1s"), bytes_of_text("ubscription-7"), other)));
    assert_string_not_equal(token, other);
    // Nothing of what is inside can be told from two tokens: the nonces differ too.
    assert_memory_not_equal(token + 2, other + 2, 30);
}

static void the_longest_ids_fit(void **state)
{
    (void)state;
    char user[LINK_TOKEN_ID_MAX + 1];
    char id[LINK_TOKEN_ID_MAX + 1];
    struct link_target target;
    memset(user, 'u', sizeof user);
    memset(id, 'i', sizeof id);
    struct bytes longest_user = bytes_of(user, LINK_TOKEN_ID_MAX);
    struct bytes longest_id = bytes_of(id, LINK_TOKEN_ID_MAX);
    assert_true(sg_is_ok(link_token_make(secrets, longest_user, longest_id, token)));
    assert_int_equal(strlen(token), LINK_TOKEN_MAX);
    assert_true(sg_is_ok(link_token_read(secrets, bytes_of_text(token), &target)));
    assert_true(bytes_equal(bytes_of_text(target.user_id), longest_user));
    assert_true(bytes_equal(bytes_of_text(target.subscription_id), longest_id));
    struct bytes too_long = bytes_of(user, sizeof user);
    assert_false(sg_is_ok(link_token_make(secrets, too_long, longest_id, token)));
    assert_false(sg_is_ok(link_token_make(secrets, longest_user, too_long, token)));
    assert_false(sg_is_ok(link_token_make(secrets, bytes_of_text(""), longest_id, token)));
    assert_false(sg_is_ok(link_token_make(secrets, longest_user, bytes_of_text(""), token)));
    assert_false(sg_is_ok(link_token_make(secrets, longest_user, bytes_of("a\0b", 3), token)));
}

static void every_change_is_refused(void **state)
{
    (void)state;
    char changed[LINK_TOKEN_MAX + 2];
    size_t size = strlen(token);
    for (size_t i = 0; i < size; i++) {
        memcpy(changed, token, size + 1);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_false(is_read(secrets, changed));
        memcpy(changed, token, size + 1);
        changed[i] = '\0';
        assert_false(is_read(secrets, changed));
    }
    static const char *const behind[] = {"A", "=", " ", "\n", "."};
    for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
        snprintf(changed, sizeof changed, "%s%s", token, behind[i]);
        assert_false(is_read(secrets, changed));
    }
    assert_false(is_read(secrets, ""));
}

static void keys_rotate(void **state)
{
    (void)state;
    struct secrets *later = fixed_secrets(FIXED_KEY_2 FIXED_KEY_1 FIXED_IDENTITY);
    struct secrets *much_later = fixed_secrets(FIXED_KEY_2 FIXED_IDENTITY);
    struct secrets *renamed = fixed_secrets(
        "k3 1111111111111111111111111111111111111111111111111111111111111111\n" FIXED_IDENTITY);
    assert_true(is_read(later, token));
    assert_false(is_read(much_later, token));
    assert_false(is_read(renamed, token)); // The key's name is part of what is signed.
    secrets_close(&later);
    secrets_close(&much_later);
    secrets_close(&renamed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tokens_are_read_again, make, drop),
        cmocka_unit_test_setup_teardown(the_same_ids_give_the_same_token, make, drop),
        cmocka_unit_test_setup_teardown(the_longest_ids_fit, make, drop),
        cmocka_unit_test_setup_teardown(every_change_is_refused, make, drop),
        cmocka_unit_test_setup_teardown(keys_rotate, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
