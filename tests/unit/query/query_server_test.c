// The routes of serve over views that were fed by hand: bodies, pages, positions, the contract.
#include "query/accounts/account_services.h"
#include "query/openapi_text.h"
#include "query/query_server.h"
#include "view_fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>

#include <stdio.h>
#include <string.h>

enum { MAP_BYTES = 16 * 1024 * 1024 };

static struct view_fixture fixture;
static struct account_services services;
static struct query_context context;
static struct http_application application;
static struct http_request request;
static struct http_response response;
static bool wait;

static bool never_ready(void *ready_context, struct buffer *ret_lacking)
{
    (void)ready_context;
    return !sg_is_ok(buffer_append(ret_lacking, bytes_of_text("quotes is 7 records behind")));
}

static int set_up(void **state)
{
    (void)state;
    view_fixture_open(&fixture, MAP_BYTES);
    services = (struct account_services){.store = fixture.store};
    context =
        (struct query_context){.ready = never_ready, .store = fixture.store, .accounts = &services};
    query_server_application(&context, &application);
    http_response_init(&response);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_response_done(&response);
    view_fixture_close(&fixture);
    return 0;
}

static int get(const char *target)
{
    http_response_done(&response);
    http_response_init(&response);
    assert_true(sg_is_ok(http_request_parse(&request, bytes_of_text(target))));
    assert_true(sg_is_ok(http_router_answer(&application, &request, false, &response, &wait)));
    return response.status;
}

static void assert_body(const char *expected)
{
    char text[4096];
    snprintf(text, sizeof text, "%.*s", (int)response.body.size, (const char *)response.body.data);
    assert_string_equal(text, expected);
}

static void the_last_value_is_json(void **state)
{
    (void)state;
    assert_true(view_fixture_quote(&fixture, "stock:\"A\\", 0.1, 1795248000250));
    view_fixture_commit(&fixture);
    assert_int_equal(get("/v1/instruments/stock:%22A%5C"), 200);
    assert_body(
        "{\"instrument\":\"stock:\\\"A\\\\\",\"value\":0.1,\"unit\":null,\"source\":\"test\","
        "\"event_time\":\"2026-11-21T08:00:00.250Z\",\"event_time_ms\":1795248000250,"
        "\"count\":1,\"late\":0,\"position\":{\"topic\":\"quotes\",\"partition\":0,"
        "\"offset\":0}}");
    assert_string_equal(http_response_find(&response, "Soglia-Position"), "quotes:0=1");
    assert_int_equal(get("/v1/instruments/none"), 404);
}

static void empty_views_give_an_empty_page(void **state)
{
    (void)state;
    assert_int_equal(get("/v1/instruments"), 200);
    assert_body("{\"instruments\":[],\"next\":null}");
    assert_null(http_response_find(&response, "Link"));
    assert_null(http_response_find(&response, "Soglia-Position"));
}

// The target in the Link header, NULL when there is none.
static const char *next_target(char *target, size_t size)
{
    const char *link = http_response_find(&response, "Link");
    if (link == NULL) {
        return NULL;
    }
    snprintf(target, size, "%.*s", (int)(strchr(link, '>') - link - 1), link + 1);
    return target;
}

static void pages_follow_each_other_to_the_end(void **state)
{
    (void)state;
    char target[1024] =
        "/v1/instruments/fx:EUR%2FUSD/quotes?limit=7&from=5&to=1970-01-01T00:00:00.045Z";
    for (int i = 0; i < 50; i++) {
        assert_true(view_fixture_quote(&fixture, "fx:EUR/USD", i, i));
    }
    view_fixture_commit(&fixture);
    int expected = 5;
    for (const char *at = target; at != NULL; at = next_target(target, sizeof target)) {
        assert_int_equal(get(at), 200);
        json_t *body = json_loadb((const char *)response.body.data, response.body.size, 0, NULL);
        json_t *quotes = json_object_get(body, "quotes");
        for (size_t i = 0; i < json_array_size(quotes); i++) {
            json_t *time = json_object_get(json_array_get(quotes, i), "event_time_ms");
            assert_int_equal(json_integer_value(time), expected++);
        }
        json_decref(body);
    }
    assert_int_equal(expected, 45);
}

// A struct has bytes between its members that nobody writes: what lay in memory there must not
// leave the process, nor change the answer's tag.
static void a_cursor_is_made_of_what_it_points_to(void **state)
{
    (void)state;
    enum { CHECK_AND_VALUE_BYTES = 8 + 28 };
    char target[1024];
    assert_true(view_fixture_quote(&fixture, "stock:A", 1, 1));
    assert_true(view_fixture_quote(&fixture, "stock:A", 2, 2));
    view_fixture_commit(&fixture);
    assert_int_equal(get("/v1/instruments/stock:A/quotes?limit=1"), 200);
    assert_non_null(next_target(target, sizeof target));
    const char *cursor = strchr(target, '=') + 1;
    assert_int_equal(strcspn(cursor, "&"), CHECK_AND_VALUE_BYTES / 3 * 4);
}

static void a_cursor_fits_its_own_list_only(void **state)
{
    (void)state;
    char target[1024];
    char other[1100];
    assert_true(view_fixture_quote(&fixture, "stock:A", 1, 1));
    assert_true(view_fixture_quote(&fixture, "stock:B", 1, 1));
    view_fixture_commit(&fixture);
    assert_int_equal(get("/v1/instruments?limit=1"), 200);
    assert_non_null(next_target(target, sizeof target));
    assert_int_equal(get(target), 200);
    snprintf(other, sizeof other, "%s&kind=stock", target);
    assert_int_equal(get(other), 400);
    snprintf(other, sizeof other, "/v1/instruments/stock:A/quotes%s", strchr(target, '?'));
    assert_int_equal(get(other), 400);
}

static void parameters_are_checked(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "/v1/instruments?limit=0",
        "/v1/instruments?limit=1001",
        "/v1/instruments?limit=x",
        "/v1/instruments?kind=",
        "/v1/instruments/a/mean",
        "/v1/instruments/a/mean?last=0",
        "/v1/instruments/a/mean?last=10001",
        "/v1/instruments/a/quotes?from=yesterday",
        "/v1/instruments/a/quotes?from=2&to=1",
        "/v1/instruments?min_position=quotes:0",
        "/v1/instruments?min_position=other:0=1",
        "/v1/instruments?min_position=quotes:0=1,",
        "/v1/instruments?min_position=quotes:0=1;",
        "/v1/instruments?min_position=quotes:",
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        if (get(broken[i]) != 400) {
            fail_msg("%s: %d", broken[i], response.status);
        }
    }
}

static void min_position_waits_for_the_views(void **state)
{
    (void)state;
    get("/v1/instruments?min_position=quotes:0=1");
    assert_true(wait);
    assert_true(view_fixture_quote(&fixture, "stock:A", 1, 1));
    get("/v1/instruments?min_position=quotes:0=1");
    assert_true(wait);
    view_fixture_commit(&fixture);
    assert_int_equal(get("/v1/instruments?min_position=quotes:0=1"), 200);
    assert_false(wait);
    get("/v1/instruments?min_position=quotes:0=1,3=1");
    assert_true(wait);
}

static void readiness_says_what_is_lacking(void **state)
{
    (void)state;
    assert_int_equal(get("/readyz"), 503);
    assert_body("{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,"
                "\"detail\":\"not ready: quotes is 7 records behind\",\"instance\":\"/readyz\"}");
    assert_int_equal(get("/healthz"), 200);
    assert_int_equal(get("/registry/subjects"), 503);
    assert_int_equal(get("/registry/schemas/types"), 200);
}

static json_t *parameter_at(json_t *contract, json_t *each)
{
    json_t *known = json_object_get(json_object_get(contract, "components"), "parameters");
    const char *reference = json_string_value(json_object_get(each, "$ref"));
    return json_object_get(known, strrchr(reference, '/') + 1);
}

static bool route_takes(const struct http_route *route, const char *name)
{
    for (size_t i = 0; i < HTTP_ROUTE_PARAMETERS_MAX && route->parameters[i] != NULL; i++) {
        if (strcmp(route->parameters[i], name) == 0) {
            return true;
        }
    }
    return route->waits && strcmp(name, "min_position") == 0;
}

// The parameters of the query are the route's own, and no others; those of headers and path are
// not in the route's row.
static void check_parameters(json_t *contract, json_t *operation, const struct http_route *route)
{
    size_t count = 0;
    size_t wanted = route->waits ? 1 : 0;
    size_t index = 0;
    json_t *each = NULL;
    while (wanted < HTTP_ROUTE_PARAMETERS_MAX + 1 &&
           route->parameters[wanted - (route->waits ? 1 : 0)] != NULL) {
        wanted++;
    }
    json_array_foreach(json_object_get(operation, "parameters"), index, each)
    {
        json_t *parameter = parameter_at(contract, each);
        if (strcmp(json_string_value(json_object_get(parameter, "in")), "query") == 0) {
            assert_true(route_takes(route, json_string_value(json_object_get(parameter, "name"))));
            count++;
        }
    }
    if (count != wanted) {
        fail_msg("%s: %zu parameters in the contract, %zu in the route", route->path, count,
                 wanted);
    }
}

static void check_types(json_t *operation, const struct http_route *route)
{
    bool found = route->content_type == NULL;
    const char *status = NULL;
    json_t *answer = NULL;
    json_object_foreach(json_object_get(operation, "responses"), status, answer)
    {
        json_t *content = json_object_get(answer, "content");
        bool good = status[0] == '2' && route->content_type != NULL;
        found = found || (good && json_object_get(content, route->content_type) != NULL);
    }
    if (!found) {
        fail_msg("%s: the contract does not have %s", route->path, route->content_type);
    }
    json_t *body = json_object_get(json_object_get(operation, "requestBody"), "content");
    for (size_t i = 0; i < HTTP_BODY_TYPES_MAX && route->body_types[i] != NULL; i++) {
        assert_non_null(json_object_get(body, route->body_types[i]));
    }
    bool has_body = route->body_types[0] != NULL;
    assert_int_equal(has_body, body != NULL);
}

static void check_route(json_t *contract, const struct http_route *route)
{
    char method[16];
    size_t size = 0;
    for (const char *at = http_method_name(route->method); *at != '\0'; at++) {
        method[size++] = (char)(*at - 'A' + 'a');
    }
    method[size] = '\0';
    json_t *path = json_object_get(json_object_get(contract, "paths"), route->path);
    json_t *operation = json_object_get(path, method);
    if (operation == NULL) {
        fail_msg("%s %s is not in the contract", method, route->path);
    }
    check_types(operation, route);
    check_parameters(contract, operation, route);
    bool secured = json_object_get(operation, "security") != NULL;
    assert_int_equal(secured, route->access != HTTP_ACCESS_PUBLIC);
}

static size_t count_operations(json_t *contract)
{
    size_t count = 0;
    const char *name = NULL;
    json_t *path = NULL;
    json_object_foreach(json_object_get(contract, "paths"), name, path)
    {
        count += json_object_size(path);
    }
    return count;
}

static void the_contract_has_every_route_and_no_other(void **state)
{
    (void)state;
    struct bytes text = openapi_text();
    json_t *contract = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(contract);
    size_t expected = 0;
    for (size_t i = 0; i < application.route_count; i++) {
        const struct http_route *route = &application.routes[i];
        bool elsewhere = strcmp(route->path, "/") == 0 || strcmp(route->path, "/api") == 0 ||
                         strncmp(route->path, "/assets/", 8) == 0 ||
                         strncmp(route->path, "/registry/", 10) == 0;
        if (!elsewhere) {
            check_route(contract, route);
            expected++;
        }
    }
    assert_int_equal(count_operations(contract), expected);
    json_decref(contract);
}

static int get_coded(const char *target, const char *encodings)
{
    http_response_done(&response);
    http_response_init(&response);
    assert_true(sg_is_ok(http_request_parse(&request, bytes_of_text(target))));
    request.headers[HTTP_HEADER_ACCEPT_ENCODING] = bytes_of_text(encodings);
    assert_true(sg_is_ok(http_router_answer(&application, &request, false, &response, &wait)));
    return response.status;
}

// The address of a file of the page, as the page names it.
static void asset_of(const char *name, char *target, size_t size)
{
    assert_int_equal(get("/"), 200);
    const char *page = (const char *)response.body.data;
    const char *found = memmem(page, response.body.size, name, strlen(name));
    assert_non_null(found);
    const char *begin = found;
    while (*begin != '"') {
        begin--;
    }
    snprintf(target, size, "%.*s", (int)(found + strlen(name) - begin - 1), begin + 1);
}

static void the_page_is_asked_after_and_its_files_are_kept(void **state)
{
    (void)state;
    char target[256];
    asset_of("/core/app.js", target, sizeof target);
    assert_non_null(http_response_find(&response, "ETag"));
    assert_null(http_response_find(&response, "Cache-Control"));
    const char *policy = http_response_find(&response, "Content-Security-Policy");
    assert_non_null(strstr(policy, "script-src 'self';"));
    assert_null(strstr(policy, "unsafe"));
    assert_int_equal(get(target), 200);
    assert_string_equal(response.content_type, "text/javascript; charset=utf-8");
    assert_non_null(strstr(http_response_find(&response, "Cache-Control"), "immutable"));
    assert_null(http_response_find(&response, "Content-Encoding"));
    assert_memory_equal(response.body.data, "// The beginning", 16);
    assert_int_equal(get("/assets/0123456789abcdef/core/app.js"), 404);
    target[strlen(target) - 1] = 'x';
    assert_int_equal(get(target), 404);
}

static void files_are_gzipped_for_those_who_take_it(void **state)
{
    (void)state;
    static const struct {
        const char *encodings;
        bool gzipped;
    } cases[] = {
        {"gzip", true},           {"br;q=1.0, gzip;q=0.8, *;q=0.1", true},
        {"deflate,gzip", true},   {"gzip;q=0", false},
        {"gzip; q=0.000", false}, {"gzip;q=x", false},
        {"xgzip, gzipx", false},  {"identity", false},
        {",, ,", false},          {"", false},
    };
    char target[256];
    asset_of("/style/base.css", target, sizeof target);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(get_coded(target, cases[i].encodings), 200);
        bool gzipped = http_response_find(&response, "Content-Encoding") != NULL;
        assert_int_equal(gzipped, cases[i].gzipped);
        assert_int_equal(response.body.data[0] == 0x1f && response.body.data[1] == 0x8b, gzipped);
        assert_string_equal(http_response_find(&response, "Vary"), "Accept-Encoding");
    }
}

static void every_route_is_whole_and_on_the_page(void **state)
{
    (void)state;
    assert_int_equal(get("/api"), 200);
    for (size_t i = 0; i < application.route_count; i++) {
        const struct http_route *route = &application.routes[i];
        assert_non_null(route->handle);
        assert_true(route->content_type != NULL || route->method == HTTP_DELETE);
        assert_non_null(route->summary);
        assert_non_null(
            memmem(response.body.data, response.body.size, route->path, strlen(route->path)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_last_value_is_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(empty_views_give_an_empty_page, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pages_follow_each_other_to_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cursor_is_made_of_what_it_points_to, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cursor_fits_its_own_list_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parameters_are_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(min_position_waits_for_the_views, set_up, tear_down),
        cmocka_unit_test_setup_teardown(readiness_says_what_is_lacking, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_contract_has_every_route_and_no_other, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_page_is_asked_after_and_its_files_are_kept, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(files_are_gzipped_for_those_who_take_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_route_is_whole_and_on_the_page, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
