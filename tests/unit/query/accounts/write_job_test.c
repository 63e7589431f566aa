// If-Match: the version that a change is meant for.
#include "query/accounts/write_job.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static sg_result expected(const char *tag, bool *ret_has, int64_t *ret_version)
{
    static struct http_request request;
    request.headers[HTTP_HEADER_IF_MATCH] = bytes_of_text(tag);
    return write_job_expected(&request, ret_has, ret_version);
}

static void a_tag_is_a_version(void **state)
{
    (void)state;
    bool has = false;
    int64_t version = 0;
    assert_true(sg_is_ok(expected("\"3\"", &has, &version)));
    assert_true(has && version == 3);
    assert_true(sg_is_ok(expected("\"9223372036854775807\"", &has, &version)));
    assert_true(has && version == INT64_MAX);
}

static void none_and_any_ask_for_no_version(void **state)
{
    (void)state;
    static const char *const tags[] = {"", "*"};
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        bool has = true;
        int64_t version = 0;
        assert_true(sg_is_ok(expected(tags[i], &has, &version)));
        assert_false(has);
    }
}

// RFC 9110 section 13.1.1: If-Match compares strongly, so a weak tag never matches. A list is no
// tag of ours either: nothing is changed that the client did not mean.
static void no_other_tag_matches(void **state)
{
    (void)state;
    static const char *const tags[] = {
        "W/\"3\"",
        "\"3\", \"4\"",
        "\"3\",*",
        "3",
        "\"",
        "\"\"",
        "\"3",
        "3\"",
        "\"x\"",
        "\"3.0\"",
        "**",
        "'3'",
        "\"99999999999999999999\"",
        "\"3 \"",
    };
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        bool has = false;
        int64_t version = 0;
        sg_result result = expected(tags[i], &has, &version);
        assert_true(result.class == SG_DROP && result.code == 412);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tag_is_a_version),
        cmocka_unit_test(none_and_any_ask_for_no_version),
        cmocka_unit_test(no_other_tag_matches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
