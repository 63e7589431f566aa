// Settings: the defaults work, and what they mean together.
#include "connectors/mail/mail_options.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static struct mail_settings settings;

static int load_defaults(void **state)
{
    (void)state;
    for (size_t i = 0; i < mail_options_count; i++) {
        if (!sg_is_ok(option_read(&mail_options[i], mail_options[i].fallback, &settings))) {
            return -1;
        }
    }
    return 0;
}

static void defaults_pass(void **state)
{
    (void)state;
    assert_true(sg_is_ok(mail_options_check(&settings)));
    assert_int_equal(settings.connections, 4);
    assert_int_equal(settings.timeout_ms, 5 * 60 * 1000);
    assert_int_equal(mail_options_tls(&settings), MAIL_TLS_TRY);
}

static void no_server_says_what_to_set(void **state)
{
    (void)state;
    settings.url = "";
    assert_int_equal(mail_options_check(&settings).class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), "smtp.url is empty: set it"));
}

static void a_password_in_the_url_is_refused_unseen(void **state)
{
    (void)state;
    settings.url = "smtp://ada:hunter2@localhost";
    assert_int_equal(mail_options_check(&settings).class, SG_FATAL);
    assert_null(strstr(sg_reason(), "hunter2"));
}

static void links_begin_with_an_address_that_needs_no_escapes(void **state)
{
    (void)state;
    static const char *const good[] = {"", "https://soglia.example/", "https://soglia.example/a",
                                       "http://localhost:8080"};
    static const char *const bad[] = {"soglia.example",   "https://",    "https://a.b/?c",
                                      "https://a.b/#c",   "https://a b", "https://a.b/\"",
                                      "https://u@a.b/",   "ftp://a.b/",  "https://a.b/<",
                                      "https://a.b/\r\nX"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        settings.link_base = good[i];
        assert_true(sg_is_ok(mail_options_check(&settings)));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        settings.link_base = bad[i];
        assert_int_equal(mail_options_check(&settings).class, SG_FATAL);
        assert_non_null(strstr(sg_reason(), "mail.link_base"));
    }
}

static void a_password_makes_encryption_required(void **state)
{
    (void)state;
    settings.user = "ada";
    settings.password = "hunter2";
    assert_true(sg_is_ok(mail_options_check(&settings)));
    assert_int_equal(mail_options_tls(&settings), MAIL_TLS_REQUIRED);
    settings.tls = "off";
    assert_int_equal(mail_options_tls(&settings), MAIL_TLS_OFF);
}

static void smtps_is_checked(void **state)
{
    (void)state;
    settings.url = "SMTPS://mail.example.org";
    assert_true(sg_is_ok(mail_options_check(&settings)));
    assert_true(mail_options_is_smtps(&settings));
    assert_int_equal(mail_options_tls(&settings), MAIL_TLS_REQUIRED);
}

static void servers_are_urls(void **state)
{
    (void)state;
    static const char *const bad[] = {"localhost",         "localhost:25",     "imap://localhost",
                                      "smtp://",           "smtp://a b",       "smtp://host:port",
                                      "smtp://host:99999", "smtp://host/name", "smtp://host?x=y",
                                      "smtp://host#x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        settings.url = bad[i];
        if (sg_is_ok(mail_options_check(&settings))) {
            fail_msg("taken: %s", bad[i]);
        }
    }
    static const char *const good[] = {"smtp://localhost", "smtp://[::1]:2525/",
                                       "smtps://mail.example.org:465"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        settings.url = good[i];
        if (!sg_is_ok(mail_options_check(&settings))) {
            fail_msg("%s", sg_reason());
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(defaults_pass, load_defaults),
        cmocka_unit_test_setup(no_server_says_what_to_set, load_defaults),
        cmocka_unit_test_setup(a_password_in_the_url_is_refused_unseen, load_defaults),
        cmocka_unit_test_setup(links_begin_with_an_address_that_needs_no_escapes, load_defaults),
        cmocka_unit_test_setup(a_password_makes_encryption_required, load_defaults),
        cmocka_unit_test_setup(smtps_is_checked, load_defaults),
        cmocka_unit_test_setup(servers_are_urls, load_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
