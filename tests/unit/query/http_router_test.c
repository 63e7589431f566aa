// The router by a small table of its own: methods, negotiation, conditions, errors.
#include "query/http/http_router.h"

#include "core/utf8.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static sg_result echo(void *context, const struct http_request *request,
                      struct http_response *response)
{
    (void)context;
    SG_TRY(buffer_append(&response->body, request->captures[0]));
    SG_TRY(buffer_append_byte(&response->body, '|'));
    return buffer_append(&response->body, request->captures[1]);
}

static sg_result fails(void *context, const struct http_request *request,
                       struct http_response *response)
{
    (void)context;
    SG_TRY(buffer_append(&response->body, bytes_of_text("half an answer")));
    const struct bytes *class = http_request_parameter(request, "class");
    return sg_fail((enum sg_class)(class->data[0] - '0'), 0, "the \"reason\"\n%s", "of it");
}

static sg_result ready(void *context, const struct http_request *request, bool *ret_ready)
{
    (void)request;
    *ret_ready = *(bool *)context;
    return sg_ok();
}

static sg_result tell_user(void *context, const struct http_request *request,
                           struct http_response *response)
{
    (void)context;
    return buffer_append(&response->body, request->user_id);
}

// The header is the name, unless it is bad.
static sg_result authorize(void *context, enum http_access access, struct http_request *asked)
{
    (void)context;
    struct bytes token = asked->headers[HTTP_HEADER_AUTHORIZATION];
    if (bytes_is_text(token, "bad")) {
        return sg_fail(SG_DROP, 401, "the token has expired");
    }
    assert_true(access == HTTP_ACCESS_USER || access == HTTP_ACCESS_OPTIONAL);
    assert_true(http_request_set_user(asked, token) == (token.size > 0));
    return sg_ok();
}

static const struct http_route routes[] = {
    {.path = "/", .handle = echo, .content_type = "text/html; charset=utf-8"},
    {.path = "/a/{one}",
     .handle = echo,
     .content_type = "application/json",
     .parameters = {"x", "y"},
     .tagged = true,
     .waits = true},
    {.path = "/a/{one}/b/{two}", .handle = echo, .content_type = "application/json"},
    {.path = "/fails",
     .handle = fails,
     .content_type = "application/json",
     .parameters = {"class"},
     .tagged = true},
    {.path = "/foreign",
     .handle = echo,
     .content_type = "application/vnd.x+json",
     .tolerant = true},
    {.path = "/fails", .method = HTTP_DELETE, .handle = echo, .content_type = "application/json"},
    {.path = "/mine", .handle = tell_user, .access = HTTP_ACCESS_USER},
    {.path = "/maybe", .handle = tell_user, .access = HTTP_ACCESS_OPTIONAL},
};

static bool is_ready = true;
static const struct http_application application = {
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
    .context = &is_ready,
    .ready = ready,
    .authorize = authorize,
};

static struct http_request request;
static struct http_response response;
static bool wait;

static int set_up(void **state)
{
    (void)state;
    is_ready = true;
    http_response_init(&response);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_response_done(&response);
    return 0;
}

// Answers a request with one header, "" for none; returns the status.
static int ask(enum http_method method, const char *target, enum http_header header,
               const char *value)
{
    http_response_done(&response);
    http_response_init(&response);
    sg_result parsed = http_request_parse(&request, bytes_of_text(target));
    if (!sg_is_ok(parsed)) {
        assert_true(sg_is_ok(http_router_refuse(&request, parsed, &response)));
        return response.status;
    }
    request.method = method;
    request.headers[header] = bytes_of_text(value);
    sg_result result = http_router_answer(&application, &request, false, &response, &wait);
    assert_true(sg_is_ok(result));
    return response.status;
}

static int get(const char *target)
{
    return ask(HTTP_GET, target, HTTP_HEADER_ACCEPT, "");
}

static void assert_body_has(const char *text)
{
    struct bytes body = buffer_bytes(&response.body);
    if (memmem(body.data, body.size, text, strlen(text)) == NULL) {
        fail_msg("no %s in %.*s", text, (int)body.size, (const char *)body.data);
    }
}

static void paths_capture_whole_segments(void **state)
{
    (void)state;
    assert_int_equal(get("/a/fx:EUR%2FUSD/b/2"), 200);
    assert_true(bytes_is_text(buffer_bytes(&response.body), "fx:EUR/USD|2"));
    assert_int_equal(get("/"), 200);
    static const char *const missing[] = {"/a", "/a/",   "/a//b/2", "/a/1/b",    "/a/1/c/2",
                                          "/b", "/fail", "/fails/", "/a/1/b/2/3"};
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        assert_int_equal(get(missing[i]), 404);
    }
}

static void methods_are_told_in_allow(void **state)
{
    (void)state;
    assert_int_equal(ask(HTTP_POST, "/a/1", HTTP_HEADER_ACCEPT, ""), 405);
    assert_string_equal(http_response_find(&response, "Allow"), "GET, HEAD, OPTIONS");
    assert_int_equal(ask(HTTP_OPTIONS, "/fails", HTTP_HEADER_ACCEPT, ""), 204);
    assert_string_equal(http_response_find(&response, "Allow"), "GET, HEAD, OPTIONS, DELETE");
    assert_int_equal(ask(HTTP_DELETE, "/fails", HTTP_HEADER_ACCEPT, ""), 200);
    assert_int_equal(ask(HTTP_METHOD_UNKNOWN, "/a/1", HTTP_HEADER_ACCEPT, ""), 501);
    assert_int_equal(ask(HTTP_HEAD, "/a/1", HTTP_HEADER_ACCEPT, ""), 200);
    assert_int_equal(ask(HTTP_OPTIONS, "*", HTTP_HEADER_ACCEPT, ""), 204);
    assert_int_equal(ask(HTTP_GET, "*", HTTP_HEADER_ACCEPT, ""), 400);
}

static void unknown_parameters_are_named(void **state)
{
    (void)state;
    assert_int_equal(get("/a/1?x=1&y=2"), 200);
    assert_int_equal(get("/a/1?min_position=quotes:0=1"), 200);
    assert_int_equal(get("/a/1?z=1"), 400);
    assert_body_has("\\\"z\\\"");
    // A name is shown up to 64 bytes, which may be in the middle of a character.
    assert_int_equal(
        get("/a/1?012345678901234567890123456789012345678901234567890123456789012%C3%A8=1"), 400);
    assert_true(utf8_is_valid(buffer_bytes(&response.body)));
    assert_int_equal(get("/a/1/b/2?min_position=quotes:0=1"), 400);
    assert_int_equal(get("/foreign?z=1"), 200);
}

static void who_asks_is_known_where_it_matters(void **state)
{
    (void)state;
    assert_int_equal(ask(HTTP_GET, "/mine", HTTP_HEADER_AUTHORIZATION, "ada"), 200);
    assert_true(bytes_is_text(buffer_bytes(&response.body), "ada"));
    assert_int_equal(get("/mine"), 401);
    assert_string_equal(http_response_find(&response, "WWW-Authenticate"), "Bearer");
    assert_int_equal(ask(HTTP_GET, "/mine", HTTP_HEADER_AUTHORIZATION, "bad"), 401);
    assert_int_equal(ask(HTTP_GET, "/maybe", HTTP_HEADER_AUTHORIZATION, "bad"), 401);
    assert_int_equal(ask(HTTP_GET, "/maybe", HTTP_HEADER_AUTHORIZATION, "ada"), 200);
    assert_true(bytes_is_text(buffer_bytes(&response.body), "ada"));
    assert_int_equal(get("/maybe"), 200);
    assert_int_equal(response.body.size, 0);
    assert_int_equal(ask(HTTP_GET, "/a/1", HTTP_HEADER_AUTHORIZATION, "bad"), 200);
}

static void accept_is_negotiated(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        int status;
    } cases[] = {{"application/json", 200},
                 {"text/html", 406},
                 {"*/*", 200},
                 {"text/*, application/*;q=0.5", 200},
                 {"*/*, application/json;q=0", 406},
                 {"application/json;q=0, */*", 406},
                 {"application/json, application/json;q=0", 200},
                 {"application/json;q=0.0", 406},
                 {"application/jsonx", 406},
                 {" , ;", 406},
                 {"application/json ; v=1 ; q=1", 200}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(ask(HTTP_GET, "/a/1", HTTP_HEADER_ACCEPT, cases[i].accept),
                         cases[i].status);
    }
    assert_int_equal(ask(HTTP_GET, "/foreign", HTTP_HEADER_ACCEPT, "application/json"), 200);
    assert_int_equal(ask(HTTP_GET, "/", HTTP_HEADER_ACCEPT, "text/html"), 200);
}

static void the_etag_is_of_the_content(void **state)
{
    (void)state;
    char tag[64];
    char list[200];
    assert_int_equal(get("/a/1"), 200);
    snprintf(tag, sizeof tag, "%s", http_response_find(&response, "ETag"));
    assert_int_equal(get("/a/2"), 200);
    assert_string_not_equal(tag, http_response_find(&response, "ETag"));

    assert_int_equal(ask(HTTP_GET, "/a/1", HTTP_HEADER_IF_NONE_MATCH, tag), 304);
    assert_int_equal(response.body.size, 0);
    assert_string_equal(tag, http_response_find(&response, "ETag"));
    snprintf(list, sizeof list, "\"other\", W/%s", tag);
    assert_int_equal(ask(HTTP_GET, "/a/1", HTTP_HEADER_IF_NONE_MATCH, list), 304);
    assert_int_equal(ask(HTTP_GET, "/a/1", HTTP_HEADER_IF_NONE_MATCH, "*"), 304);
    assert_int_equal(ask(HTTP_GET, "/a/2", HTTP_HEADER_IF_NONE_MATCH, list), 200);
    snprintf(list, sizeof list, "%.*s", (int)strlen(tag) - 1, tag);
    assert_int_equal(ask(HTTP_GET, "/a/1", HTTP_HEADER_IF_NONE_MATCH, list), 200);
    assert_int_equal(ask(HTTP_GET, "/a/1", HTTP_HEADER_IF_NONE_MATCH, "\"a*\""), 200);
}

static void failures_become_problems(void **state)
{
    (void)state;
    assert_int_equal(get("/fails?class=2"), 400);
    assert_string_equal(response.content_type, "application/problem+json");
    assert_body_has("{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,"
                    "\"detail\":\"the \\\"reason\\\"\\u000aof it\",\"instance\":\"/fails\"}");
    assert_null(http_response_find(&response, "ETag"));
    assert_int_equal(get("/fails?class=1"), 503);
    assert_string_equal(http_response_find(&response, "Retry-After"), "1");
    assert_int_equal(get("/fails?class=4"), 500);
    assert_null(memmem(response.body.data, response.body.size, "reason", strlen("reason")));
    assert_int_equal(get("/%"), 400);
}

static void a_request_waits_until_ready_or_late(void **state)
{
    (void)state;
    is_ready = false;
    get("/a/1");
    assert_true(wait);
    assert_int_equal(response.body.size, 0);
    is_ready = true;
    assert_int_equal(get("/a/1"), 200);
    assert_false(wait);
    is_ready = false;
    assert_true(sg_is_ok(http_router_answer(&application, &request, true, &response, &wait)));
    assert_false(wait);
    assert_int_equal(response.status, 503);
    assert_int_equal(get("/a/1/b/2"), 200);
}

static void headers_carry_no_control_characters(void **state)
{
    (void)state;
    assert_false(sg_is_ok(http_response_header(&response, "X", "a\r\nEvil: 1")));
    assert_false(sg_is_ok(http_response_header(&response, "X", "%s", "")));
    assert_true(sg_is_ok(http_response_header(&response, "X", "%d", 1)));
    assert_string_equal(http_response_find(&response, "X"), "1");
    assert_int_equal(response.header_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(paths_capture_whole_segments, set_up, tear_down),
        cmocka_unit_test_setup_teardown(methods_are_told_in_allow, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unknown_parameters_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_asks_is_known_where_it_matters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(accept_is_negotiated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_etag_is_of_the_content, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failures_become_problems, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_waits_until_ready_or_late, set_up, tear_down),
        cmocka_unit_test_setup_teardown(headers_carry_no_control_characters, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
