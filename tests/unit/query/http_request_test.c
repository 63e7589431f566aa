// Request targets: what is understood, and what is refused with which status.
#include "query/http/http_request.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static struct http_request request;

static sg_result parse(const char *target)
{
    return http_request_parse(&request, bytes_of_text(target));
}

static void assert_refused(const char *target, int status)
{
    sg_result result = parse(target);
    if (result.class != SG_DROP || result.code != status) {
        fail_msg("%s: class %d, code %d", target, (int)result.class, result.code);
    }
}

static void a_path_is_decoded_segment_by_segment(void **state)
{
    (void)state;
    assert_true(sg_is_ok(parse("/v1/instruments/fx:EUR%2FUSD/quotes")));
    assert_int_equal(request.segment_count, 4);
    assert_true(bytes_is_text(request.segments[2], "fx:EUR/USD"));
    assert_true(bytes_is_text(request.path, "/v1/instruments/fx:EUR%2FUSD/quotes"));
    assert_true(sg_is_ok(parse("/caf%c3%A9")));
    assert_true(bytes_is_text(request.segments[0], "caf\xc3\xa9"));
    assert_true(sg_is_ok(parse("/")));
    assert_int_equal(request.segment_count, 0);
    assert_true(sg_is_ok(parse("/a/")));
    assert_int_equal(request.segment_count, 2);
}

static void parameters_are_decoded_and_a_plus_is_a_plus(void **state)
{
    (void)state;
    assert_true(sg_is_ok(parse("/x?from=2026-11-21T10:00:00+02:00&b=%26%3D&flag&&empty=")));
    assert_int_equal(request.parameter_count, 4);
    assert_true(
        bytes_is_text(*http_request_parameter(&request, "from"), "2026-11-21T10:00:00+02:00"));
    assert_true(bytes_is_text(*http_request_parameter(&request, "b"), "&="));
    assert_int_equal(http_request_parameter(&request, "flag")->size, 0);
    assert_int_equal(http_request_parameter(&request, "empty")->size, 0);
    assert_null(http_request_parameter(&request, "fro"));
}

static void absolute_form_and_star_are_understood(void **state)
{
    (void)state;
    assert_true(sg_is_ok(parse("http://host:1/a?b=c")));
    assert_true(bytes_is_text(request.path, "/a"));
    assert_true(bytes_is_text(*http_request_parameter(&request, "b"), "c"));
    assert_true(sg_is_ok(parse("https://host")));
    assert_true(bytes_is_text(request.path, "/"));
    assert_int_equal(request.segment_count, 0);
    assert_true(sg_is_ok(parse("*")));
    assert_true(request.whole_server);
}

static void broken_targets_are_refused(void **state)
{
    (void)state;
    static const char *const broken[] = {"",           "a",       "/%",          "/%4",  "/%4g",
                                         "/%00",       "/%0a",    "/%7f",        "/%ff", "/%c0%af",
                                         "/%ed%a0%80", "/a b",    "/\x80",       "/a#b", "/?%",
                                         "/?a=1&a=2",  "/?a=%01", "/?%61=1&a=2", "?a=1"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        assert_refused(broken[i], 400);
    }
}

static void every_limit_is_a_limit(void **state)
{
    (void)state;
    char *target = malloc(HTTP_TARGET_MAX + 2);
    memset(target, 'a', HTTP_TARGET_MAX + 1);
    target[0] = '/';
    target[HTTP_TARGET_MAX + 1] = '\0';
    sg_result longer = parse(target);
    target[HTTP_TARGET_MAX] = '\0';
    sg_result longest = parse(target);
    free(target);
    assert_int_equal(longer.code, 414);
    assert_true(sg_is_ok(longest));
    assert_true(sg_is_ok(parse("/1/2/3/4/5/6/7/8/9/10/11/12")));
    assert_refused("/1/2/3/4/5/6/7/8/9/10/11/12/13", 400);
    assert_refused("/?a=&b=&c=&d=&e=&f=&g=&h=&i=&j=&k=&l=&m=&n=&o=&p=&q=", 400);
}

static void methods_are_known_by_their_exact_name(void **state)
{
    (void)state;
    assert_int_equal(http_method_of("GET"), HTTP_GET);
    assert_int_equal(http_method_of("CONNECT"), HTTP_CONNECT);
    assert_int_equal(http_method_of("get"), HTTP_METHOD_UNKNOWN);
    assert_int_equal(http_method_of(""), HTTP_METHOD_UNKNOWN);
    assert_string_equal(http_method_name(HTTP_DELETE), "DELETE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_decoded_segment_by_segment),
        cmocka_unit_test(parameters_are_decoded_and_a_plus_is_a_plus),
        cmocka_unit_test(absolute_form_and_star_are_understood),
        cmocka_unit_test(broken_targets_are_refused),
        cmocka_unit_test(every_limit_is_a_limit),
        cmocka_unit_test(methods_are_known_by_their_exact_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
