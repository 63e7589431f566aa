// Who a client is behind proxies.
#include "query/http/http_proxy.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static const char trusted[] = "10.0.0.0/8, 192.168.1.7, fd00::/8, ::1";

static void the_last_address_that_is_not_trusted_counts(void **state)
{
    (void)state;
    static const struct {
        const char *peer;
        const char *forwarded;
        const char *client;
    } cases[] = {
        {"203.0.113.9", "198.51.100.1", "203.0.113.9"},
        {"10.1.2.3", "198.51.100.1", "198.51.100.1"},
        {"10.1.2.3", "1.1.1.1, 198.51.100.1", "198.51.100.1"},
        {"10.1.2.3", "1.1.1.1, 198.51.100.1, 10.9.9.9", "198.51.100.1"},
        {"10.1.2.3", "10.4.4.4,10.9.9.9", "10.4.4.4"},
        {"10.1.2.3", "", "10.1.2.3"},
        {"10.1.2.3", "198.51.100.1, unknown", "10.1.2.3"},
        {"10.1.2.3", "198.51.100.1, unknown, 10.1.1.1", "10.1.1.1"},
        {"192.168.1.7", "2001:db8::5", "2001:db8::5"},
        {"192.168.1.6", "2001:db8::5", "192.168.1.6"},
        {"fdff::1", "2001:db8::5", "2001:db8::5"},
        {"fe00::1", "2001:db8::5", "fe00::1"},
        {"::ffff:10.0.0.1", "2001:db8::5", "2001:db8::5"},
        {"", "198.51.100.1", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes client = http_proxy_client(trusted, bytes_of_text(cases[i].peer),
                                                bytes_of_text(cases[i].forwarded));
        assert_true(bytes_is_text(client, cases[i].client));
    }
}

static void nobody_is_trusted_unless_said(void **state)
{
    (void)state;
    struct bytes client =
        http_proxy_client("", bytes_of_text("127.0.0.1"), bytes_of_text("198.51.100.1"));
    assert_true(bytes_is_text(client, "127.0.0.1"));
}

static void a_wrong_network_is_named(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "10.0.0.0/33", "10.0.0", "x", "::1/129", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8 10.0.0.1"};
    assert_true(sg_is_ok(http_proxy_check("")));
    assert_true(sg_is_ok(http_proxy_check(trusted)));
    assert_true(sg_is_ok(http_proxy_check("0.0.0.0/0,::/0")));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(http_proxy_check(wrong[i]).class, SG_FATAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_address_that_is_not_trusted_counts),
        cmocka_unit_test(nobody_is_trusted_unless_said),
        cmocka_unit_test(a_wrong_network_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
