// The HTTP client against a server that answers with whatever bytes a test wants.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/net/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LIMIT_BYTES = 4096, REQUEST_MAX = 8192, URL_BYTES = 128, TIMEOUT_MS = 2000 };

// One connection is taken, one request read to the end of its headers and its body, one answer
// written. NULL: nothing is answered until the client hangs up.
struct server {
    int listener;
    int port;
    const char *answer;
    char request[REQUEST_MAX];
    pthread_t thread;
};

struct fixture {
    struct server server;
    struct http_client *client;
    bool serving;
};

static bool is_whole(const char *request)
{
    const char *end = strstr(request, "\r\n\r\n");
    const char *length = strstr(request, "Content-Length: ");
    size_t wanted = length == NULL ? 0 : strtoul(length + strlen("Content-Length: "), NULL, 10);
    return end != NULL && strlen(end + 4) >= wanted;
}

static void *serve(void *opaque)
{
    struct server *server = opaque;
    int connection = accept(server->listener, NULL, NULL);
    size_t used = 0;
    ssize_t got = 1;
    while (got > 0 && (server->answer == NULL || !is_whole(server->request))) {
        got = recv(connection, server->request + used, sizeof server->request - 1 - used, 0);
        used += got > 0 ? (size_t)got : 0;
    }
    if (server->answer != NULL) {
        send(connection, server->answer, strlen(server->answer), MSG_NOSIGNAL);
    }
    close(connection);
    return NULL;
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.serving = false};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    fixture.server.listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(fixture.server.listener, (struct sockaddr *)&address, size) != 0 ||
        listen(fixture.server.listener, 4) != 0 ||
        getsockname(fixture.server.listener, (struct sockaddr *)&address, &size) != 0) {
        return -1;
    }
    fixture.server.port = ntohs(address.sin_port);
    const struct http_client_limits limits = {
        .connect_timeout_ms = TIMEOUT_MS, .timeout_ms = TIMEOUT_MS, .response_bytes = LIMIT_BYTES};
    *state = &fixture;
    return sg_is_ok(http_client_open(&limits, &fixture.client)) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    http_client_close(&fixture->client);
    if (fixture->serving) {
        pthread_join(fixture->server.thread, NULL);
    }
    close(fixture->server.listener);
    return 0;
}

static sg_result ask(struct fixture *fixture, const char *path, struct http_client_response *ret)
{
    char url[URL_BYTES];
    snprintf(url, sizeof url, "http://user:s3cret@127.0.0.1:%d%s", fixture->server.port, path);
    const struct http_client_request request = {.method = "GET", .url = url};
    return http_client_send(fixture->client, &request, ret);
}

static void answer_with(struct fixture *fixture, const char *answer)
{
    fixture->server.answer = answer;
    fixture->serving = true;
    assert_int_equal(pthread_create(&fixture->server.thread, NULL, serve, &fixture->server), 0);
}

static void gives_status_type_and_body(void **state)
{
    struct fixture *fixture = *state;
    answer_with(fixture, "HTTP/1.1 503 Busy\r\nContent-Type: application/json\r\nRetry-After: 7\r\n"
                         "Content-Length: 2\r\n\r\n{}");
    struct http_client_response response;
    assert_true(sg_is_ok(ask(fixture, "/a?token=1", &response)));
    assert_int_equal(response.status, 503);
    assert_string_equal(response.content_type, "application/json");
    assert_int_equal(response.retry_after_ms, 7000);
    assert_true(bytes_is_text(response.body, "{}"));
}

static void sends_method_headers_and_body(void **state)
{
    struct fixture *fixture = *state;
    answer_with(fixture, "HTTP/1.1 204 No Content\r\n\r\n");
    char url[URL_BYTES];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/subjects", fixture->server.port);
    const char *const headers[] = {"Content-Type: text/plain", NULL};
    const struct http_client_request request = {
        .method = "PUT", .url = url, .headers = headers, .body = bytes_of_text("hello")};
    struct http_client_response response;
    assert_true(sg_is_ok(http_client_send(fixture->client, &request, &response)));
    assert_int_equal(response.status, 204);
    pthread_join(fixture->server.thread, NULL);
    fixture->serving = false;
    assert_non_null(strstr(fixture->server.request, "PUT /subjects HTTP/1.1\r\n"));
    assert_non_null(strstr(fixture->server.request, "Content-Type: text/plain\r\n"));
    assert_null(strstr(fixture->server.request, "Expect:"));
    assert_non_null(strstr(fixture->server.request, "\r\n\r\nhello"));
}

static void follows_no_redirect(void **state)
{
    struct fixture *fixture = *state;
    answer_with(fixture, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
                         "Content-Length: 0\r\n\r\n");
    struct http_client_response response;
    assert_true(sg_is_ok(ask(fixture, "/", &response)));
    assert_int_equal(response.status, 302);
}

static void a_declared_size_over_the_limit_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    answer_with(fixture, "HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\nx");
    struct http_client_response response;
    assert_int_equal(ask(fixture, "/", &response).class, SG_DROP);
}

static void an_undeclared_size_over_the_limit_is_dropped(void **state)
{
    struct fixture *fixture = *state;
    static char answer[LIMIT_BYTES * 2];
    int used = snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    memset(answer + used, 'x', LIMIT_BYTES + 1);
    answer_with(fixture, answer);
    struct http_client_response response;
    assert_int_equal(ask(fixture, "/", &response).class, SG_DROP);
}

static void silence_is_retried_later_and_no_secret_told(void **state)
{
    struct fixture *fixture = *state;
    answer_with(fixture, NULL);
    struct http_client_response response;
    assert_int_equal(ask(fixture, "/quotes?token=abcdef", &response).class, SG_RETRY);
    assert_non_null(strstr(sg_reason(), "GET http://127.0.0.1:"));
    assert_non_null(strstr(sg_reason(), "/quotes"));
    assert_null(strstr(sg_reason(), "s3cret"));
    assert_null(strstr(sg_reason(), "abcdef"));
}

static void nobody_there_is_retried_later(void **state)
{
    struct fixture *fixture = *state;
    close(fixture->server.listener);
    struct http_client_response response;
    assert_int_equal(ask(fixture, "/", &response).class, SG_RETRY);
}

static void other_protocols_are_refused(void **state)
{
    struct fixture *fixture = *state;
    static const char *const urls[] = {"file:///etc/passwd", "ftp://127.0.0.1/", "http://"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        const struct http_client_request request = {.method = "GET", .url = urls[i]};
        struct http_client_response response;
        assert_int_equal(http_client_send(fixture->client, &request, &response).class, SG_FATAL);
    }
}

static void a_public_url_has_no_secret(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"https://u:p@h:1/a/b?x=1#y", "https://h:1/a/b"},
        {"http://h", "http://h"},
        {"http://h?q@z", "http://h"},
        {"http://a@b@h/c@d", "http://h/c@d"},
        {"no url", "no url"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[URL_BYTES];
        http_client_public_url(cases[i][0], text, sizeof text);
        assert_string_equal(text, cases[i][1]);
    }
}

static void some_statuses_pass(void **state)
{
    (void)state;
    static const int passing[] = {408, 425, 429, 500, 502, 503, 504};
    static const int lasting[] = {200, 301, 400, 401, 404, 409, 422, 501, 505, 600};
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
        assert_true(http_client_is_passing(passing[i]));
    }
    for (size_t i = 0; i < sizeof lasting / sizeof lasting[0]; i++) {
        assert_false(http_client_is_passing(lasting[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_status_type_and_body, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sends_method_headers_and_body, set_up, tear_down),
        cmocka_unit_test_setup_teardown(follows_no_redirect, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_declared_size_over_the_limit_is_dropped, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_undeclared_size_over_the_limit_is_dropped, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(silence_is_retried_later_and_no_secret_told, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nobody_there_is_retried_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_protocols_are_refused, set_up, tear_down),
        cmocka_unit_test(a_public_url_has_no_secret),
        cmocka_unit_test(some_statuses_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
