// Lists of instruments, and which events they let through.
#include "query/stream/sse_filter.h"

#include "core/hash.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

enum { LIST_MAX = 16384 };

static struct sse_filter *filter;

static sg_result read(const char *list, const char *user)
{
    return sse_filter_new(bytes_of_text(list), bytes_of_text(user), &filter);
}

static int takes(enum sse_kind kind, const char *key)
{
    struct sse_event event = {
        .kind = kind, .key = bytes_of_text(key), .hash = hash_bytes(bytes_of_text(key))};
    return sse_filter_takes(filter, &event);
}

static void test_named_instruments_and_the_users_alerts(void **state)
{
    (void)state;
    assert_true(sg_is_ok(read("stock:AAPL,fx:EUR/USD,x", "ann")));
    assert_int_equal(sse_filter_count(filter), 3);
    assert_true(bytes_is_text(sse_filter_name(filter, 1), "fx:EUR/USD"));
    assert_true(bytes_is_text(sse_filter_user(filter), "ann"));
    assert_int_equal(takes(SSE_QUOTE, "stock:AAPL"), 0);
    assert_int_equal(takes(SSE_QUOTE, "x"), 2);
    assert_int_equal(takes(SSE_QUOTE, "stock:AAP"), -1);
    assert_int_equal(takes(SSE_QUOTE, "ann"), -1);
    assert_int_equal(takes(SSE_QUOTE, ""), -1);
    assert_int_equal(takes(SSE_ALERT, "ann"), SSE_INSTRUMENTS_MAX);
    assert_int_equal(takes(SSE_ALERT, "bob"), -1);
    assert_int_equal(takes(SSE_ALERT, "x"), -1);
    assert_int_equal(takes(SSE_GAP, ""), SSE_INSTRUMENTS_MAX);
    sse_filter_free(&filter);
    assert_true(sg_is_ok(read("x", "")));
    assert_int_equal(takes(SSE_ALERT, ""), -1);
    sse_filter_free(&filter);
    assert_true(sg_is_ok(read("", "ann")));
    assert_int_equal(takes(SSE_QUOTE, ""), -1);
    sse_filter_free(&filter);
}

static void test_commas_and_backslashes_in_names(void **state)
{
    (void)state;
    assert_true(sg_is_ok(read("a\\,b,c\\\\,\\d", "")));
    assert_int_equal(sse_filter_count(filter), 3);
    assert_int_equal(takes(SSE_QUOTE, "a,b"), 0);
    assert_int_equal(takes(SSE_QUOTE, "c\\"), 1);
    assert_int_equal(takes(SSE_QUOTE, "d"), 2);
    sse_filter_free(&filter);
}

static void test_broken_lists(void **state)
{
    (void)state;
    char longest[140];
    memset(longest, 'x', sizeof longest);
    longest[129] = '\0';
    const char *const broken[] = {",", "a,", ",a", "a,,b", "a,b,a", "a\\", "a\nb", "\xff", longest};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        sg_result result = read(broken[i], "ann");
        assert_true(result.class == SG_DROP && result.code == 400);
        assert_null(filter);
    }
    longest[128] = '\0';
    assert_true(sg_is_ok(read(longest, "")));
    sse_filter_free(&filter);
}

static void test_as_many_as_may_be(void **state)
{
    (void)state;
    static char list[LIST_MAX];
    size_t size = 0;
    for (int i = 0; i <= SSE_INSTRUMENTS_MAX; i++) {
        size += (size_t)snprintf(list + size, sizeof list - size, "%sinstrument:%d",
                                 i == 0 ? "" : ",", i);
    }
    assert_int_equal(read(list, "").code, 400);
    *strrchr(list, ',') = '\0';
    assert_true(sg_is_ok(read(list, "ann")));
    for (int i = 0; i < SSE_INSTRUMENTS_MAX; i++) {
        char name[32];
        snprintf(name, sizeof name, "instrument:%d", i);
        assert_int_equal(takes(SSE_QUOTE, name), i);
    }
    assert_int_equal(takes(SSE_QUOTE, "instrument:100"), -1);
    sse_filter_free(&filter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named_instruments_and_the_users_alerts),
        cmocka_unit_test(test_commas_and_backslashes_in_names),
        cmocka_unit_test(test_broken_lists),
        cmocka_unit_test(test_as_many_as_may_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
