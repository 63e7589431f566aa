// Plain sockets: what a test says is what the server reads.
#include "raw_client.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STATUS_AT = 9 };

int raw_client_connect(int port)
{
    int line = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_int_equal(connect(line, (const struct sockaddr *)&address, sizeof address), 0);
    return line;
}

void raw_client_send(int line, const char *text, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        ssize_t now = send(line, text + sent, size - sent, MSG_NOSIGNAL);
        if (now <= 0) {
            return; // The server has closed: what it said is still to be read.
        }
        sent += (size_t)now;
    }
}

void raw_client_read(int line, char *ret_text, size_t max)
{
    size_t used = 0;
    ssize_t got = 1;
    while (got > 0 && used + 1 < max) {
        got = read(line, ret_text + used, max - 1 - used);
        used += got > 0 ? (size_t)got : 0;
    }
    ret_text[used] = '\0';
    close(line);
}

void raw_client_ask(int port, const char *request, char *ret_text, size_t max)
{
    int line = raw_client_connect(port);
    raw_client_send(line, request, strlen(request));
    raw_client_read(line, ret_text, max);
}

void raw_client_assert_status(const char *answer, int status)
{
    char wanted[8];
    snprintf(wanted, sizeof wanted, "%d ", status);
    if (strlen(answer) < STATUS_AT || strncmp(answer + STATUS_AT, wanted, strlen(wanted)) != 0) {
        fail_msg("not %d: %.200s", status, answer);
    }
}
