// The routes of serve over views that were fed by hand: bodies, pages, positions.
#include "query/accounts/account_services.h"
#include "router_client.h"
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
static struct router_client client;

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
    router_client_open(&client, &context);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    router_client_close(&client);
    view_fixture_close(&fixture);
    return 0;
}

static int get(const char *target)
{
    return router_client_get(&client, target);
}

static void the_last_value_is_json(void **state)
{
    (void)state;
    assert_true(view_fixture_quote(&fixture, "stock:\"A\\", 0.1, 1795248000250));
    view_fixture_commit(&fixture);
    assert_int_equal(get("/v1/instruments/stock:%22A%5C"), 200);
    router_client_assert_body(
        &client,
        "{\"instrument\":\"stock:\\\"A\\\\\",\"value\":0.1,\"unit\":null,\"source\":\"test\","
        "\"event_time\":\"2026-11-21T08:00:00.250Z\",\"event_time_ms\":1795248000250,"
        "\"count\":1,\"late\":0,\"position\":{\"topic\":\"quotes\",\"partition\":0,"
        "\"offset\":0}}");
    assert_string_equal(router_client_header(&client, "Soglia-Position"), "quotes:0=1");
    assert_int_equal(get("/v1/instruments/none"), 404);
}

static void empty_views_give_an_empty_page(void **state)
{
    (void)state;
    assert_int_equal(get("/v1/instruments"), 200);
    router_client_assert_body(&client, "{\"instruments\":[],\"next\":null}");
    assert_null(router_client_header(&client, "Link"));
    assert_null(router_client_header(&client, "Soglia-Position"));
}

static void pages_follow_each_other_to_the_end(void **state)
{
    (void)state;
    char target[ROUTER_CLIENT_TARGET_MAX] =
        "/v1/instruments/fx:EUR%2FUSD/quotes?limit=7&from=5&to=1970-01-01T00:00:00.045Z";
    for (int i = 0; i < 50; i++) {
        assert_true(view_fixture_quote(&fixture, "fx:EUR/USD", i, i));
    }
    view_fixture_commit(&fixture);
    int expected = 5;
    do {
        assert_int_equal(get(target), 200);
        json_t *body =
            json_loadb((const char *)client.response.body.data, client.response.body.size, 0, NULL);
        json_t *quotes = json_object_get(body, "quotes");
        for (size_t i = 0; i < json_array_size(quotes); i++) {
            json_t *time = json_object_get(json_array_get(quotes, i), "event_time_ms");
            assert_int_equal(json_integer_value(time), expected++);
        }
        json_decref(body);
    } while (router_client_next(&client, target));
    assert_int_equal(expected, 45);
}

// A struct has bytes between its members that nobody writes: what lay in memory there must not
// leave the process, nor change the answer's tag.
static void a_cursor_is_made_of_what_it_points_to(void **state)
{
    (void)state;
    enum { CHECK_AND_VALUE_BYTES = 8 + 28 };
    char target[ROUTER_CLIENT_TARGET_MAX];
    assert_true(view_fixture_quote(&fixture, "stock:A", 1, 1));
    assert_true(view_fixture_quote(&fixture, "stock:A", 2, 2));
    view_fixture_commit(&fixture);
    assert_int_equal(get("/v1/instruments/stock:A/quotes?limit=1"), 200);
    assert_true(router_client_next(&client, target));
    const char *cursor = strchr(target, '=') + 1;
    assert_int_equal(strcspn(cursor, "&"), CHECK_AND_VALUE_BYTES / 3 * 4);
}

static void a_cursor_fits_its_own_list_only(void **state)
{
    (void)state;
    char target[ROUTER_CLIENT_TARGET_MAX];
    char other[1100];
    assert_true(view_fixture_quote(&fixture, "stock:A", 1, 1));
    assert_true(view_fixture_quote(&fixture, "stock:B", 1, 1));
    view_fixture_commit(&fixture);
    assert_int_equal(get("/v1/instruments?limit=1"), 200);
    assert_true(router_client_next(&client, target));
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
            fail_msg("%s: %d", broken[i], client.response.status);
        }
    }
}

static void min_position_waits_for_the_views(void **state)
{
    (void)state;
    get("/v1/instruments?min_position=quotes:0=1");
    assert_true(client.waits);
    assert_true(view_fixture_quote(&fixture, "stock:A", 1, 1));
    get("/v1/instruments?min_position=quotes:0=1");
    assert_true(client.waits);
    view_fixture_commit(&fixture);
    assert_int_equal(get("/v1/instruments?min_position=quotes:0=1"), 200);
    assert_false(client.waits);
    get("/v1/instruments?min_position=quotes:0=1,3=1");
    assert_true(client.waits);
}

static void readiness_says_what_is_lacking(void **state)
{
    (void)state;
    assert_int_equal(get("/readyz"), 503);
    router_client_assert_body(
        &client, "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,"
                 "\"detail\":\"not ready: quotes is 7 records behind\",\"instance\":\"/readyz\"}");
    assert_int_equal(get("/healthz"), 200);
    assert_int_equal(get("/registry/subjects"), 503);
    assert_int_equal(get("/registry/schemas/types"), 200);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
