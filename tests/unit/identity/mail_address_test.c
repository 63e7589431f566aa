// Addresses: which ones SMTP can carry, and which are the same.
#include "core/identity/mail_address.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static bool is_good(const char *address)
{
    sg_result result = mail_address_check(bytes_of_text(address));
    assert_true(sg_is_ok(result) || result.class == SG_DROP);
    return sg_is_ok(result);
}

static void usual_addresses_pass(void **state)
{
    (void)state;
    static const char *const good[] = {
        "ada@example.org",    "a.b+c_d=e@sub.example.co.uk", "x@localhost",
        "o'neil@example.org", "ada@xn--exmple-cua.org",      "1@2.3"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (!is_good(good[i])) {
            fail_msg("%s: %s", good[i], sg_reason());
        }
    }
}

static void malformed_ones_do_not(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",          "@",           "ada",           "ada@",      "@example.org",
        ".a@b.org",  "a.@b.org",    "a..b@c.org",    "a b@c.org", "a@b..org",
        "a@-b.org",  "a@b-.org",    "a@b_c.org",     "a@b.org.",  "<a@b.org>",
        "a@b@c.org", "\"a\"@b.org", "a@[127.0.0.1]", "a,b@c.org", "a@b.org\r\nX: y",
        "a\n@b.org", "a\x7f@b.org", "a(b)@c.org"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (is_good(bad[i])) {
            fail_msg("taken: %s", bad[i]);
        }
    }
}

static void limits_hold(void **state)
{
    (void)state;
    char address[400];
    memset(address, 'a', sizeof address);
    memcpy(address + 64, "@b.org", 7);
    assert_true(is_good(address));
    address[64] = 'a';
    memcpy(address + 65, "@b.org", 7);
    assert_false(is_good(address));
    memset(address, 'a', sizeof address);
    address[399] = '\0';
    address[1] = '@';
    assert_false(is_good(address));
}

static void beyond_ascii_says_what_to_do(void **state)
{
    (void)state;
    assert_false(is_good("ada@ex\xc3\xa4mple.org"));
    assert_non_null(strstr(sg_reason(), "xn--"));
    assert_false(is_good("\xc3\xa4"
                         "da@example.org"));
    assert_non_null(strstr(sg_reason(), "SMTPUTF8"));
    assert_false(is_good("\xff@example.org"));
}

static void domain_stands_behind_the_at(void **state)
{
    (void)state;
    assert_true(bytes_is_text(mail_address_domain(bytes_of_text("a@b.org")), "b.org"));
    assert_int_equal(mail_address_domain(bytes_of_text("none")).size, 0);
    assert_int_equal(mail_address_domain(bytes_of(NULL, 0)).size, 0);
}

static void the_same_address_is_equal(void **state)
{
    (void)state;
    char address[MAIL_ADDRESS_MAX + 1];
    assert_true(sg_is_ok(
        mail_address_normalise(bytes_of_text(" \tAda.Lovelace@Example.ORG\r\n"), address)));
    assert_string_equal(address, "ada.lovelace@example.org");
    assert_false(sg_is_ok(mail_address_normalise(bytes_of_text("  "), address)));
    assert_false(sg_is_ok(mail_address_normalise(bytes_of_text("a b@example.org"), address)));
    assert_false(sg_is_ok(mail_address_normalise(bytes_of("ada@example.org\0", 16), address)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_addresses_pass),
        cmocka_unit_test(malformed_ones_do_not),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(beyond_ascii_says_what_to_do),
        cmocka_unit_test(domain_stands_behind_the_at),
        cmocka_unit_test(the_same_address_is_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
