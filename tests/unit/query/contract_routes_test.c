// The routes of serve, row by row, against the contract and the page that lists them.
#include "query/openapi_text.h"
#include "router_client.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>

#include <string.h>

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
    struct router_client *client = *state;
    struct bytes text = openapi_text();
    json_t *contract = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(contract);
    size_t expected = 0;
    for (size_t i = 0; i < client->application.route_count; i++) {
        const struct http_route *route = &client->application.routes[i];
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

static void every_route_is_whole_and_on_the_page(void **state)
{
    struct router_client *client = *state;
    assert_int_equal(router_client_get(client, "/api"), 200);
    for (size_t i = 0; i < client->application.route_count; i++) {
        const struct http_route *route = &client->application.routes[i];
        assert_non_null(route->handle);
        assert_true(route->content_type != NULL || route->method == HTTP_DELETE);
        assert_non_null(route->summary);
        assert_non_null(memmem(client->response.body.data, client->response.body.size, route->path,
                               strlen(route->path)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_contract_has_every_route_and_no_other),
        cmocka_unit_test(every_route_is_whole_and_on_the_page),
    };
    return cmocka_run_group_tests(tests, router_client_set_up, router_client_tear_down);
}
