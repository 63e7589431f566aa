// User ids: one for each address, however it is typed, and telling nothing of it; fingerprints.
#include "core/identity/user_id.h"
#include "fixed_secrets.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static struct secrets *secrets;

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

static void one_address_is_one_user(void **state)
{
    (void)state;
    static const char *const same[] = {"ada@example.org", "Ada@Example.ORG", " ada@example.org\n"};
    char first[USER_ID_CHARS + 1];
    char id[USER_ID_CHARS + 1];
    assert_true(sg_is_ok(user_id_make(secrets, bytes_of_text(same[0]), first)));
    assert_int_equal(strlen(first), USER_ID_CHARS);
    assert_int_equal(first[0], 'u');
    assert_int_equal(strspn(first + 1, "0123456789abcdef"), USER_ID_CHARS - 1);
    for (size_t i = 1; i < sizeof same / sizeof same[0]; i++) {
        assert_true(sg_is_ok(user_id_make(secrets, bytes_of_text(same[i]), id)));
        assert_string_equal(first, id);
    }
    assert_true(sg_is_ok(user_id_make(secrets, bytes_of_text("bob@example.org"), id)));
    assert_string_not_equal(first, id);
}

static void another_identity_gives_other_users(void **state)
{
    (void)state;
    struct secrets *other = fixed_secrets(
        FIXED_KEY_1 "identity 4444444444444444444444444444444444444444444444444444444444444444\n");
    char here[USER_ID_CHARS + 1];
    char there[USER_ID_CHARS + 1];
    assert_true(sg_is_ok(user_id_make(secrets, bytes_of_text("ada@example.org"), here)));
    assert_true(sg_is_ok(user_id_make(other, bytes_of_text("ada@example.org"), there)));
    assert_string_not_equal(here, there);
    secrets_close(&other);
}

static void what_is_no_address_has_no_user(void **state)
{
    (void)state;
    char id[USER_ID_CHARS + 1];
    assert_int_equal(user_id_make(secrets, bytes_of_text("ada"), id).class, SG_DROP);
    assert_int_equal(user_id_make(secrets, bytes_of(NULL, 0), id).class, SG_DROP);
}

static void requests_differ(void **state)
{
    (void)state;
    struct bytes post = bytes_of_text("POST");
    struct bytes path = bytes_of_text("/v1/users");
    char first[USER_ID_FINGERPRINT_CHARS + 1];
    char again[USER_ID_FINGERPRINT_CHARS + 1];
    char other[USER_ID_FINGERPRINT_CHARS + 1];
    user_id_fingerprint(secrets, post, path, bytes_of_text("{}"), first);
    user_id_fingerprint(secrets, post, path, bytes_of_text("{}"), again);
    user_id_fingerprint(secrets, post, path, bytes_of_text("{ }"), other);
    assert_int_equal(strlen(first), USER_ID_FINGERPRINT_CHARS);
    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
    user_id_fingerprint(secrets, post, bytes_of_text("/v1/users{"), bytes_of_text("}"), other);
    assert_string_not_equal(first, other);
    user_id_fingerprint(secrets, post, path, bytes_of(NULL, 0), other);
    assert_string_not_equal(first, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_address_is_one_user, make, drop),
        cmocka_unit_test_setup_teardown(another_identity_gives_other_users, make, drop),
        cmocka_unit_test_setup_teardown(what_is_no_address_has_no_user, make, drop),
        cmocka_unit_test_setup_teardown(requests_differ, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
