// The server over real sockets: bodies, requests that wait for work, answers that are streams.
#include "raw_client.h"
#include "query/http/http_server.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ANSWER_MAX = 16384,
    BODY_MAX = 1024,
    LONG_MS = 30000,
    SHORT_MS = 200,
    PARTS = 3,
    CLIENTS = 8
};

// What the handlers and their work share with the test.
static atomic_bool finished;
static atomic_int parts;    // Of a stream, that may be read.
static atomic_int calls;    // Of done().
static atomic_int released; // Works that ended.
static atomic_int handled;  // Calls of handlers.

struct job {
    struct http_work work;
};

static bool job_is_done(struct http_work *work)
{
    (void)work;
    calls++;
    return finished;
}

static void release_job(struct http_work *work)
{
    released++;
    free(work);
}

static sg_result echo(void *context, const struct http_request *request,
                      struct http_response *response)
{
    (void)context;
    return buffer_append(&response->body, request->body);
}

// Waits for a job, then for a second one.
static sg_result work(void *context, const struct http_request *request,
                      struct http_response *response)
{
    (void)context;
    int call = ++handled;
    if (request->late) {
        return http_response_problem(response, request, 504, "late");
    }
    if (call > 2) {
        return buffer_print(&response->body, "{}");
    }
    struct job *job = calloc(1, sizeof *job);
    assert_non_null(job);
    job->work = (struct http_work){job_is_done, release_job};
    response->wait_for = &job->work;
    return sg_ok();
}

// Waits, and never says that it is late.
static sg_result stubborn(void *context, const struct http_request *request,
                          struct http_response *response)
{
    (void)context;
    handled++;
    response->wait_for = request->work;
    if (request->work == NULL) {
        struct job *job = calloc(1, sizeof *job);
        assert_non_null(job);
        job->work = (struct http_work){job_is_done, release_job};
        response->wait_for = &job->work;
    }
    return sg_ok();
}

struct part_stream {
    struct http_stream stream;
    int sent;
};

static bool has_more(struct http_work *work)
{
    calls++;
    return parts > ((struct part_stream *)work)->sent;
}

static ptrdiff_t read_part(struct http_stream *stream, uint8_t *out, size_t max)
{
    struct part_stream *it = (struct part_stream *)stream;
    if (it->sent == PARTS) {
        return -1;
    }
    if (it->sent == parts) {
        return 0;
    }
    assert_true(max > 16);
    return snprintf((char *)out, max, "part %d\n", ++it->sent);
}

static sg_result stream(void *context, const struct http_request *request,
                        struct http_response *response)
{
    (void)context;
    (void)request;
    struct part_stream *it = calloc(1, sizeof *it);
    assert_non_null(it);
    handled++;
    it->stream = (struct http_stream){{has_more, release_job}, read_part};
    response->stream = &it->stream;
    return sg_ok();
}

// Has a stream already when it fails.
static sg_result stream_fails(void *context, const struct http_request *request,
                              struct http_response *response)
{
    SG_TRY(stream(context, request, response));
    return sg_fail(SG_DROP, 400, "no");
}

static const struct http_route routes[] = {
    {.method = HTTP_POST,
     .path = "/echo",
     .handle = echo,
     .content_type = "text/plain",
     .body_types = {"text/plain"}},
    {.path = "/work", .handle = work, .content_type = "application/json"},
    {.path = "/stubborn", .handle = stubborn, .content_type = "application/json"},
    {.path = "/stream", .handle = stream, .content_type = "text/plain"},
    {.path = "/stream-fails", .handle = stream_fails, .content_type = "text/plain"},
};
static const struct http_application application = {
    .routes = routes, .route_count = sizeof routes / sizeof routes[0]};
static struct http_settings settings;
static struct http_server *server;
static char answer[ANSWER_MAX];

static int set_up(void **state)
{
    (void)state;
    finished = false;
    parts = calls = released = handled = 0;
    settings = (struct http_settings){.listen = "127.0.0.1:0",
                                      .threads = 2,
                                      .connections = 64,
                                      .per_address = 64,
                                      .timeout_ms = LONG_MS,
                                      .header_bytes = 4096,
                                      .body_bytes = BODY_MAX,
                                      .wait_ms = LONG_MS,
                                      .cors_origins = "https://a.example, http://localhost:3000",
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

static void ask(const char *request)
{
    raw_client_ask(http_server_port(server), request, answer, sizeof answer);
}

// Looks until the number is as large. The test's own limit ends it.
static void await_number(atomic_int *number, int wanted)
{
    while (*number < wanted) {
        usleep(1000);
    }
}

// Sends a POST /echo: the head, `size` bytes, the tail.
static void post(const char *head, size_t size, const char *tail)
{
    int line = raw_client_connect(http_server_port(server));
    char *body = malloc(size + 1);
    assert_non_null(body);
    memset(body, 'x', size);
    raw_client_send(line, head, strlen(head));
    raw_client_send(line, body, size);
    raw_client_send(line, tail, strlen(tail));
    free(body);
    raw_client_read(line, answer, sizeof answer);
}

#define POST_ECHO "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
#define TEXT "Content-Type: text/plain; charset=utf-8\r\n"

static void a_body_comes_whole(void **state)
{
    (void)state;
    open_server();
    post(POST_ECHO TEXT "Content-Length: 1024\r\n\r\n", BODY_MAX, "");
    raw_client_assert_status(answer, 200);
    assert_int_equal(strspn(strstr(answer, "\r\n\r\n") + 4, "x"), BODY_MAX);
    post(POST_ECHO TEXT "Transfer-Encoding: chunked\r\n\r\n400\r\n", BODY_MAX,
         "\r\n3\r\nend\r\n0\r\n\r\n");
    raw_client_assert_status(answer, 413);
    post(POST_ECHO TEXT "Transfer-Encoding: chunked\r\n\r\n3fd\r\n", BODY_MAX - 3,
         "\r\n3\r\nend\r\n0\r\n\r\n");
    raw_client_assert_status(answer, 200);
    assert_non_null(strstr(answer, "xxxend"));
}

static void a_body_that_is_not_wanted_is_refused(void **state)
{
    (void)state;
    open_server();
    post(POST_ECHO TEXT "Content-Length: 1025\r\n\r\n", 0, "");
    raw_client_assert_status(answer, 413);
    post(POST_ECHO "Content-Type: text/html\r\nContent-Length: 3\r\n\r\n", 3, "");
    raw_client_assert_status(answer, 415);
    post(POST_ECHO "Content-Length: 3\r\n\r\n", 3, "");
    raw_client_assert_status(answer, 415);
    post("GET /work HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n", 1, "");
    raw_client_assert_status(answer, 413);
    post("POST /work HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\n", 1, "");
    raw_client_assert_status(answer, 405);
}

static void an_endless_body_is_cut(void **state)
{
    (void)state;
    open_server();
    post(POST_ECHO TEXT "Transfer-Encoding: chunked\r\n\r\nfffffff\r\n", (size_t)BODY_MAX * 64, "");
    assert_string_equal(answer, "");
}

static void a_slow_body_is_cut(void **state)
{
    (void)state;
    settings.timeout_ms = SHORT_MS;
    open_server();
    post(POST_ECHO TEXT "Content-Length: 10\r\n\r\n", 5, "");
    assert_string_equal(answer, "");
}

static void *finish_when_asked(void *context)
{
    (void)context;
    await_number(&calls, 1);
    finished = true;
    http_server_notify(server);
    return NULL;
}

static void a_request_waits_for_its_work(void **state)
{
    (void)state;
    pthread_t thread;
    open_server();
    assert_int_equal(pthread_create(&thread, NULL, finish_when_asked, NULL), 0);
    ask("GET /work HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_int_equal(pthread_join(thread, NULL), 0);
    raw_client_assert_status(answer, 200);
    await_number(&released, 2);
    assert_int_equal(handled, 3);
    http_server_close(&server);
    assert_int_equal(released, 2);
}

static void a_request_whose_work_is_late_is_told(void **state)
{
    (void)state;
    settings.wait_ms = SHORT_MS;
    open_server();
    ask("GET /work HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    raw_client_assert_status(answer, 504);
    ask("GET /stubborn HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    raw_client_assert_status(answer, 503);
    http_server_close(&server);
    assert_int_equal(released, 2);
}

static void work_is_released_when_clients_or_the_server_go(void **state)
{
    (void)state;
    int lines[CLIENTS];
    const char request[] = "GET /stubborn HTTP/1.1\r\nHost: x\r\n\r\n";
    open_server();
    for (int i = 0; i < CLIENTS; i++) {
        lines[i] = raw_client_connect(http_server_port(server));
        raw_client_send(lines[i], request, sizeof request - 1);
        await_number(&handled, i + 1);
    }
    for (int i = 0; i < CLIENTS / 2; i++) {
        close(lines[i]);
    }
    http_server_close(&server);
    for (int i = CLIENTS / 2; i < CLIENTS; i++) {
        close(lines[i]);
    }
    assert_int_equal(released, CLIENTS);
}

static void *give_parts(void *context)
{
    (void)context;
    for (int i = 0; i < PARTS; i++) {
        int before = calls;
        await_number(&calls, before + 1); // It waits for the next one.
        parts++;
        http_server_notify(server);
    }
    return NULL;
}

static void a_stream_goes_on_when_there_is_more(void **state)
{
    (void)state;
    pthread_t thread;
    settings.timeout_ms = SHORT_MS; // Of the client's turns, not of the silence between parts.
    open_server();
    assert_int_equal(pthread_create(&thread, NULL, give_parts, NULL), 0);
    ask("GET /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_int_equal(pthread_join(thread, NULL), 0);
    raw_client_assert_status(answer, 200);
    assert_non_null(strstr(answer, "part 1\n"));
    assert_non_null(strstr(answer, "part 3\n"));
    await_number(&released, 1);
}

static void streams_end_with_the_server(void **state)
{
    (void)state;
    int lines[CLIENTS];
    const char request[] = "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n";
    open_server();
    for (int i = 0; i < CLIENTS; i++) {
        lines[i] = raw_client_connect(http_server_port(server));
        raw_client_send(lines[i], request, sizeof request - 1);
        await_number(&handled, i + 1);
    }
    http_server_close(&server);
    assert_int_equal(released, CLIENTS);
    for (int i = 0; i < CLIENTS; i++) {
        raw_client_read(lines[i], answer, sizeof answer);
        raw_client_assert_status(answer, 200);
    }
}

static void a_stream_of_a_failed_request_is_released(void **state)
{
    (void)state;
    open_server();
    ask("GET /stream-fails HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    raw_client_assert_status(answer, 400);
    assert_int_equal(released, 1);
}

static void pages_of_other_origins_are_let_in_by_name(void **state)
{
    (void)state;
    open_server();
    ask("OPTIONS /echo HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\n"
        "Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n");
    raw_client_assert_status(answer, 204);
    assert_non_null(strstr(answer, "Access-Control-Allow-Origin: https://a.example\r\n"));
    assert_non_null(strstr(answer, "Access-Control-Allow-Methods: OPTIONS, POST\r\n"));
    assert_non_null(strstr(answer, "Vary: Origin\r\n"));
    static const char *const strangers[] = {"https://b.example", "https://a.example/",
                                            "https://a.example.org", "null", "*"};
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        char request[256];
        snprintf(request, sizeof request,
                 "GET /nothing HTTP/1.1\r\nHost: x\r\nOrigin: %s\r\nConnection: close\r\n\r\n",
                 strangers[i]);
        ask(request);
        raw_client_assert_status(answer, 404);
        assert_null(strstr(answer, "Access-Control"));
    }
    struct http_server *other = NULL;
    settings.cors_origins = "a.example";
    assert_int_equal(http_server_open(&settings, &application, &other).class, SG_FATAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_body_comes_whole),
        TEST(a_body_that_is_not_wanted_is_refused),
        TEST(an_endless_body_is_cut),
        TEST(a_slow_body_is_cut),
        TEST(a_request_waits_for_its_work),
        TEST(a_request_whose_work_is_late_is_told),
        TEST(work_is_released_when_clients_or_the_server_go),
        TEST(a_stream_goes_on_when_there_is_more),
        TEST(streams_end_with_the_server),
        TEST(a_stream_of_a_failed_request_is_released),
        TEST(pages_of_other_origins_are_let_in_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
