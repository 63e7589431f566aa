// Which addresses belong to the public Internet.
#include "connectors/webhook/webhook_address.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

static bool is_public(const char *text)
{
    struct sockaddr_in ip4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ip6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &ip4.sin_addr) == 1) {
        return webhook_address_is_public((const struct sockaddr *)&ip4);
    }
    if (inet_pton(AF_INET6, text, &ip6.sin6_addr) != 1) {
        fail_msg("%s is no address", text);
    }
    return webhook_address_is_public((const struct sockaddr *)&ip6);
}

static void what_belongs_to_somebody_is_public(void **state)
{
    (void)state;
    static const char *const good[] = {
        "1.1.1.1",         "8.8.8.8",       "9.255.255.255",   "11.0.0.0",
        "100.63.255.255",  "100.128.0.0",   "126.255.255.255", "128.0.0.0",
        "168.63.129.15",   "168.63.129.17", "169.253.255.255", "169.255.0.0",
        "172.15.255.255",  "172.32.0.0",    "192.0.1.0",       "192.0.3.0",
        "192.167.255.255", "192.169.0.0",   "198.17.255.255",  "198.20.0.0",
        "198.51.99.255",   "203.0.112.255", "203.0.114.0",     "223.255.255.255",
        "2606:4700::1111", "2a00:1450::1",  "2001:200::1",     "2001:db7::1",
        "2003::1",         "3ffe:ffff::1",  "2400:cb00::1"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (!is_public(good[i])) {
            fail_msg("%s is refused", good[i]);
        }
    }
}

static void everything_else_is_not(void **state)
{
    (void)state;
    static const char *const bad[] = {"0.0.0.0",
                                      "0.255.255.255",
                                      "10.0.0.0",
                                      "10.255.255.255",
                                      "100.64.0.0",
                                      "100.100.100.200",
                                      "100.127.255.255",
                                      "127.0.0.1",
                                      "127.255.255.255",
                                      "168.63.129.16",
                                      "169.254.169.254",
                                      "169.254.0.0",
                                      "172.16.0.0",
                                      "172.31.255.255",
                                      "192.0.0.192",
                                      "192.0.2.1",
                                      "192.88.99.1",
                                      "192.168.0.0",
                                      "192.168.255.255",
                                      "198.18.0.0",
                                      "198.19.255.255",
                                      "198.51.100.1",
                                      "203.0.113.1",
                                      "224.0.0.1",
                                      "239.255.255.255",
                                      "240.0.0.1",
                                      "255.255.255.255",
                                      "::",
                                      "::1",
                                      "::ffff:8.8.8.8",
                                      "::ffff:127.0.0.1",
                                      "::8.8.8.8",
                                      "64:ff9b::808:808",
                                      "64:ff9b:1::1",
                                      "100::1",
                                      "2001::1",
                                      "2001:0:1::1",
                                      "2001:2::1",
                                      "2001:10::1",
                                      "2001:1ff::1",
                                      "2001:db8::1",
                                      "2002:808:808::1",
                                      "3fff::1",
                                      "3fff:fff::1",
                                      "fc00::1",
                                      "fd00:ec2::254",
                                      "fe80::1",
                                      "fec0::1",
                                      "ff02::1",
                                      "4000::1",
                                      "5f00::1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (is_public(bad[i])) {
            fail_msg("%s is taken", bad[i]);
        }
    }
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    assert_false(webhook_address_is_public((const struct sockaddr *)&local));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_belongs_to_somebody_is_public),
        cmocka_unit_test(everything_else_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
