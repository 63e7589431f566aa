// How many connections an address may have.
#include "query/http/loop/http_peers.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

enum { MAX = 3, ADDRESSES = 5000 };

static struct http_peers *peers;

static int set_up(void **state)
{
    (void)state;
    peers = http_peers_new(MAX);
    return peers == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_peers_free(&peers);
    return peers == NULL ? 0 : -1;
}

static struct sockaddr_in v4(uint32_t number)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)number),
                                .sin_addr = {htonl(0x0a000000 + number)}};
}

static struct sockaddr_in6 v6(const char *text)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6};
    assert_int_equal(inet_pton(AF_INET6, text, &address.sin6_addr), 1);
    return address;
}

static void each_address_has_its_own(void **state)
{
    (void)state;
    for (int round = 0; round <= MAX; round++) {
        for (uint32_t i = 0; i < ADDRESSES; i++) {
            struct sockaddr_in address = v4(i);
            assert_int_equal(http_peers_enter(peers, (const struct sockaddr *)&address),
                             round < MAX);
        }
    }
}

static void who_leaves_makes_room(void **state)
{
    (void)state;
    struct sockaddr_in6 address = v6("2001:db8::1");
    const struct sockaddr *one = (const struct sockaddr *)&address;
    for (int i = 0; i < MAX; i++) {
        assert_true(http_peers_enter(peers, one));
    }
    for (int i = 0; i < MAX; i++) {
        assert_false(http_peers_enter(peers, one));
        http_peers_leave(peers, one);
        address.sin6_port = htons((uint16_t)i); // Another port is nobody else.
        assert_true(http_peers_enter(peers, one));
    }
    for (int i = 0; i < MAX; i++) {
        http_peers_leave(peers, one);
    }
    http_peers_leave(peers, one); // One too many changes nothing.
    assert_true(http_peers_enter(peers, one));
}

static void an_address_is_the_same_in_both_families(void **state)
{
    (void)state;
    struct sockaddr_in old = v4(1);
    struct sockaddr_in6 mapped = v6("::ffff:10.0.0.1");
    for (int i = 0; i < MAX; i++) {
        assert_true(http_peers_enter(peers, (const struct sockaddr *)&old));
    }
    assert_false(http_peers_enter(peers, (const struct sockaddr *)&mapped));
    http_peers_leave(peers, (const struct sockaddr *)&mapped);
    assert_true(http_peers_enter(peers, (const struct sockaddr *)&old));
}

static void what_is_no_ip_address_is_not_counted(void **state)
{
    (void)state;
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    for (int i = 0; i <= MAX; i++) {
        assert_true(http_peers_enter(peers, (const struct sockaddr *)&local));
    }
    http_peers_leave(peers, (const struct sockaddr *)&local);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_address_has_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_leaves_makes_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_address_is_the_same_in_both_families, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_ip_address_is_not_counted, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
