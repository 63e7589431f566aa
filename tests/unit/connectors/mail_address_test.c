// Addresses: which ones SMTP can carry, and the two ways to write a sender.
#include "connectors/mail/mail_address.h"

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

static void senders_are_read(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"a@b.org", "", "a@b.org"},
        {"<a@b.org>", "", "a@b.org"},
        {"soglia <a@b.org>", "soglia", "a@b.org"},
        {"  Sog Lia   <a@b.org> ", "Sog Lia", "a@b.org"},
        {"\"Sog, \\\"Lia\\\"\" <a@b.org>", "Sog, \"Lia\"", "a@b.org"},
        {"a < b <a@b.org>", "a < b", "a@b.org"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mail_mailbox mailbox;
        assert_true(sg_is_ok(mail_address_read_mailbox(rows[i][0], &mailbox)));
        assert_string_equal(mailbox.name, rows[i][1]);
        assert_string_equal(mailbox.address, rows[i][2]);
    }
}

static void bad_senders_are_not(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "soglia",
                                      "soglia <",
                                      "soglia <>",
                                      "soglia <a>",
                                      "a@b.org>",
                                      "so\nglia <a@b.org>",
                                      "<a@b.org",
                                      "\xff <a@b.org>"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mail_mailbox mailbox;
        if (sg_is_ok(mail_address_read_mailbox(bad[i], &mailbox))) {
            fail_msg("taken: %s", bad[i]);
        }
    }
    char name[400];
    memset(name, 'n', sizeof name);
    memcpy(name + 300, " <a@b.org>", 11);
    struct mail_mailbox mailbox;
    assert_false(sg_is_ok(mail_address_read_mailbox(name, &mailbox)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_addresses_pass),
        cmocka_unit_test(malformed_ones_do_not),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(beyond_ascii_says_what_to_do),
        cmocka_unit_test(domain_stands_behind_the_at),
        cmocka_unit_test(senders_are_read),
        cmocka_unit_test(bad_senders_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
