// The files of the web page: how long they are kept, and in which coding they come.
#include "router_client.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

// The address of a file of the page, as the page names it.
static void asset_of(struct router_client *client, const char *name, char *target, size_t size)
{
    assert_int_equal(router_client_get(client, "/"), 200);
    const char *page = (const char *)client->response.body.data;
    const char *found = memmem(page, client->response.body.size, name, strlen(name));
    assert_non_null(found);
    const char *begin = found;
    while (*begin != '"') {
        begin--;
    }
    snprintf(target, size, "%.*s", (int)(found + strlen(name) - begin - 1), begin + 1);
}

static void the_page_is_asked_after_and_its_files_are_kept(void **state)
{
    struct router_client *client = *state;
    char target[256];
    asset_of(client, "/core/app.js", target, sizeof target);
    assert_non_null(router_client_header(client, "ETag"));
    assert_null(router_client_header(client, "Cache-Control"));
    const char *policy = router_client_header(client, "Content-Security-Policy");
    assert_non_null(strstr(policy, "script-src 'self';"));
    assert_null(strstr(policy, "unsafe"));
    assert_int_equal(router_client_get(client, target), 200);
    assert_string_equal(client->response.content_type, "text/javascript; charset=utf-8");
    assert_non_null(strstr(router_client_header(client, "Cache-Control"), "immutable"));
    assert_null(router_client_header(client, "Content-Encoding"));
    assert_memory_equal(client->response.body.data, "// The beginning", 16);
    assert_int_equal(router_client_get(client, "/assets/0123456789abcdef/core/app.js"), 404);
    target[strlen(target) - 1] = 'x';
    assert_int_equal(router_client_get(client, target), 404);
}

static void files_are_gzipped_for_those_who_take_it(void **state)
{
    struct router_client *client = *state;
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
    asset_of(client, "/style/base.css", target, sizeof target);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        client->encodings = cases[i].encodings;
        assert_int_equal(router_client_get(client, target), 200);
        bool gzipped = router_client_header(client, "Content-Encoding") != NULL;
        assert_int_equal(gzipped, cases[i].gzipped);
        assert_int_equal(client->response.body.data[0] == 0x1f &&
                             client->response.body.data[1] == 0x8b,
                         gzipped);
        assert_string_equal(router_client_header(client, "Vary"), "Accept-Encoding");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_page_is_asked_after_and_its_files_are_kept,
                                        router_client_set_up, router_client_tear_down),
        cmocka_unit_test_setup_teardown(files_are_gzipped_for_those_who_take_it,
                                        router_client_set_up, router_client_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
