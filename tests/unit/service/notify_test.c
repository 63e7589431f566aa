// Readiness, with the test as the manager that listens.
#include "core/service/notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int listener = -1;
static char received[2048];

// Listens at an abstract name of this process.
static int begin(void **state)
{
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "@soglia-notify-%d", (int)getpid());
    setenv("NOTIFY_SOCKET", path, 1);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path + 1, path + 1, strlen(path) - 1);
    listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    return bind(listener, (struct sockaddr *)&address, length);
}

static int end(void **state)
{
    (void)state;
    return close(listener);
}

// The next message, "" if there is none. A datagram is there as soon as its sender returned.
static const char *next(void)
{
    ssize_t size = recv(listener, received, sizeof received - 1, 0);
    received[size < 0 ? 0 : size] = '\0';
    return received;
}

static void states_arrive_as_the_protocol_wants(void **state)
{
    (void)state;
    notify_ready();
    assert_string_equal(next(), "READY=1");
    notify_stopping();
    assert_string_equal(next(), "STOPPING=1");
}

static void without_a_manager_nothing_is_sent(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    notify_ready();
    setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
    notify_ready();
    assert_string_equal(next(), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(states_arrive_as_the_protocol_wants, begin, end),
        cmocka_unit_test_setup_teardown(without_a_manager_nothing_is_sent, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
