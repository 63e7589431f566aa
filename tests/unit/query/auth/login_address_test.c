// Addresses as the limit of log-ins sees them.
#include "query/auth/login_address.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

static bool same(const char *left, const char *right)
{
    struct login_address one;
    struct login_address other;
    assert_true(login_address_read(bytes_of_text(left), &one));
    assert_true(login_address_read(bytes_of_text(right), &other));
    return memcmp(one.bytes, other.bytes, sizeof one.bytes) == 0;
}

static void four_bytes_are_an_address(void **state)
{
    (void)state;
    assert_true(same("192.0.2.1", "192.0.2.1"));
    assert_false(same("192.0.2.1", "192.0.2.2"));
    assert_true(same("192.0.2.1", "::ffff:192.0.2.1"));
}

static void sixty_four_bits_are_a_network(void **state)
{
    (void)state;
    assert_true(same("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"));
    assert_false(same("2001:db8:1:2::1", "2001:db8:1:3::1"));
    assert_false(same("::1", "0.0.0.1"));
    assert_false(same("::", "0.0.0.0"));
}

static void other_words_are_none(void **state)
{
    (void)state;
    static const char *const none[] = {
        "",      "localhost", "1.2.3",    "1.2.3.4:80",
        "[::1]", "::1%lo",    " 1.2.3.4", "1111:2222:3333:4444:5555:6666:7777:8888:9999:0"};
    struct login_address address;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_false(login_address_read(bytes_of_text(none[i]), &address));
    }
    assert_false(login_address_read(bytes_of("1.2.3.4\0", 8), &address));
}

static void sockets_are_the_same_addresses(void **state)
{
    (void)state;
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(80)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(80)};
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct login_address word;
    assert_int_equal(inet_pton(AF_INET, "192.0.2.1", &four.sin_addr), 1);
    assert_true(login_address_read(bytes_of_text("192.0.2.1"), &word));
    struct login_address of_four = login_address_of((const struct sockaddr *)&four);
    assert_memory_equal(of_four.bytes, word.bytes, sizeof word.bytes);
    assert_int_equal(inet_pton(AF_INET6, "2001:db8::7", &six.sin6_addr), 1);
    assert_true(login_address_read(bytes_of_text("2001:db8::9"), &word));
    struct login_address of_six = login_address_of((const struct sockaddr *)&six);
    assert_memory_equal(of_six.bytes, word.bytes, sizeof word.bytes);
    struct login_address of_local = login_address_of((const struct sockaddr *)&local);
    struct login_address of_none = login_address_of(NULL);
    assert_memory_equal(of_local.bytes, of_none.bytes, sizeof of_none.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_bytes_are_an_address),
        cmocka_unit_test(sixty_four_bits_are_a_network),
        cmocka_unit_test(other_words_are_none),
        cmocka_unit_test(sockets_are_the_same_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
