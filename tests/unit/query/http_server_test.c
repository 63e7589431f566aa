// The server over real sockets: waiting for news, giving up, and ending while clients wait.
#include "query/http/http_server.h"

#include "core/number.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CLIENTS = 8, ANSWER_MAX = 4096, STATUS_AT = 9, LONG_MS = 30000, SHORT_MS = 200 };

static atomic_bool is_ready;

// How often ready() was called.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t asked_again = PTHREAD_COND_INITIALIZER;
static int asked;

static sg_result answer(void *context, const struct http_request *request,
                        struct http_response *response)
{
    (void)context;
    (void)request;
    return buffer_append(&response->body, bytes_of_text("{}"));
}

static sg_result ready(void *context, const struct http_request *request, bool *ret_ready)
{
    (void)context;
    (void)request;
    *ret_ready = is_ready;
    pthread_mutex_lock(&lock);
    asked++;
    pthread_cond_signal(&asked_again);
    pthread_mutex_unlock(&lock);
    return sg_ok();
}

static const struct http_route routes[] = {
    {.path = "/now", .handle = answer, .content_type = "application/json"},
    {.path = "/later", .handle = answer, .content_type = "application/json", .waits = true},
};
static const struct http_application application = {
    .routes = routes, .route_count = 2, .ready = ready};

static struct http_settings settings;
static struct http_server *server;

static int set_up(void **state)
{
    (void)state;
    is_ready = false;
    asked = 0;
    settings = (struct http_settings){.listen = "127.0.0.1:0",
                                      .threads = 2,
                                      .connections = 64,
                                      .per_address = 64,
                                      .timeout_ms = LONG_MS,
                                      .header_bytes = 4096,
                                      .body_bytes = 1024,
                                      .wait_ms = LONG_MS,
                                      .cors_origins = "",
                                      .trusted_proxies = ""};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_server_close(&server);
    return 0;
}

static void open_server(void)
{
    assert_true(sg_is_ok(http_server_open(&settings, &application, &server)));
}

// A client in a thread of its own: asks, and reads until the server closes.
struct client {
    pthread_t thread;
    const char *path;
    int port;
    int status; // 0: no answer.
};

static int connect_to(int port)
{
    int line = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    if (connect(line, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(line);
        return -1;
    }
    return line;
}

static void *ask(void *context)
{
    struct client *client = context;
    char text[ANSWER_MAX] = "";
    int line = connect_to(client->port);
    int size = snprintf(text, sizeof text,
                        "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", client->path);
    bool sent = line >= 0 && write(line, text, (size_t)size) == size;
    size_t used = 0;
    ssize_t got = sent ? 1 : 0;
    while (got > 0 && used + 1 < sizeof text) {
        got = read(line, text + used, sizeof text - 1 - used);
        used += got > 0 ? (size_t)got : 0;
    }
    text[used] = '\0';
    int64_t status = 0;
    bool answered = used > STATUS_AT + 3 && number_read_int(bytes_of(text + STATUS_AT, 3), &status);
    client->status = answered ? (int)status : 0;
    if (line >= 0) {
        close(line);
    }
    return NULL;
}

static void start(struct client *clients, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++) {
        clients[i] = (struct client){.path = path, .port = http_server_port(server)};
        assert_int_equal(pthread_create(&clients[i].thread, NULL, ask, &clients[i]), 0);
    }
}

static void assert_all(struct client *clients, size_t count, int status)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(pthread_join(clients[i].thread, NULL), 0);
    }
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(clients[i].status, status);
    }
}

// Each waiting client has been asked for twice: by its handler and, once it is suspended, by the
// watcher.
static void wait_until_they_wait(int clients)
{
    pthread_mutex_lock(&lock);
    while (asked < 2 * clients) {
        pthread_cond_wait(&asked_again, &lock);
    }
    pthread_mutex_unlock(&lock);
}

static void clients_wait_until_there_is_news(void **state)
{
    (void)state;
    struct client clients[CLIENTS];
    struct client other[1];
    open_server();
    start(clients, CLIENTS, "/later");
    wait_until_they_wait(CLIENTS);
    start(other, 1, "/now");
    assert_all(other, 1, 200);
    is_ready = true;
    http_server_notify(server);
    assert_all(clients, CLIENTS, 200);
}

static void clients_give_up_in_time(void **state)
{
    (void)state;
    struct client clients[CLIENTS];
    settings.wait_ms = SHORT_MS;
    open_server();
    start(clients, CLIENTS, "/later");
    assert_all(clients, CLIENTS, 503);
}

static void the_server_ends_while_clients_wait(void **state)
{
    (void)state;
    struct client clients[CLIENTS];
    open_server();
    start(clients, CLIENTS, "/later");
    wait_until_they_wait(CLIENTS);
    http_server_close(&server);
    assert_null(server);
    for (size_t i = 0; i < CLIENTS; i++) {
        assert_int_equal(pthread_join(clients[i].thread, NULL), 0);
        assert_true(clients[i].status == 503 || clients[i].status == 0);
    }
}

static void the_server_outlives_clients_that_leave_while_they_wait(void **state)
{
    (void)state;
    struct client other[1];
    char request[] = "GET /later HTTP/1.1\r\nHost: x\r\n\r\n";
    settings.wait_ms = SHORT_MS;
    open_server();
    for (int i = 0; i < CLIENTS; i++) {
        int line = connect_to(http_server_port(server));
        assert_true(write(line, request, strlen(request)) > 0);
        wait_until_they_wait(i + 1);
        close(line);
    }
    start(other, 1, "/later");
    assert_all(other, 1, 503);
}

static void a_silent_client_is_cut(void **state)
{
    (void)state;
    char byte;
    settings.timeout_ms = SHORT_MS;
    open_server();
    int line = connect_to(http_server_port(server));
    assert_int_equal(read(line, &byte, 1), 0);
    close(line);
}

static void a_taken_or_broken_address_is_refused(void **state)
{
    (void)state;
    char taken[32];
    struct http_server *other = NULL;
    static const char *const broken[] = {"",       "localhost", "127.0.0.1:",  "127.0.0.1:x",
                                         "::1:80", "[::1:80",   "256.1.1.1:80"};
    open_server();
    snprintf(taken, sizeof taken, "127.0.0.1:%d", http_server_port(server));
    struct http_settings changed = settings;
    changed.listen = taken;
    assert_int_equal(http_server_open(&changed, &application, &other).class, SG_FATAL);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        changed.listen = broken[i];
        assert_int_equal(http_server_open(&changed, &application, &other).class, SG_FATAL);
    }
    assert_null(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(clients_wait_until_there_is_news, set_up, tear_down),
        cmocka_unit_test_setup_teardown(clients_give_up_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_server_ends_while_clients_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_server_outlives_clients_that_leave_while_they_wait,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_silent_client_is_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_taken_or_broken_address_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
