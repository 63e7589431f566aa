// Senders: the ways to write one.
#include "connectors/mail/mail_mailbox.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

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
        assert_true(sg_is_ok(mail_mailbox_read(rows[i][0], &mailbox)));
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
        if (sg_is_ok(mail_mailbox_read(bad[i], &mailbox))) {
            fail_msg("taken: %s", bad[i]);
        }
    }
    char name[400];
    memset(name, 'n', sizeof name);
    memcpy(name + 300, " <a@b.org>", 11);
    struct mail_mailbox mailbox;
    assert_false(sg_is_ok(mail_mailbox_read(name, &mailbox)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(senders_are_read),
        cmocka_unit_test(bad_senders_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
