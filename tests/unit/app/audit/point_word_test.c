// Points of the past as they are written.
#include "app/audit/point_word.h"

#include "app/command.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static struct point_word point;

static void times_and_durations(void **state)
{
    (void)state;
    assert_true(sg_is_ok(point_word_read("1970-01-01T00:00:05Z", 0, &point)));
    assert_true(point.is_time);
    assert_int_equal(point.time_ms, 5000);
    assert_true(sg_is_ok(point_word_read("10m", 700000, &point)));
    assert_int_equal(point.time_ms, 100000);
}

static void offsets_in_both_forms(void **state)
{
    (void)state;
    const char *const forms[] = {"quotes:0=120,quotes:2=77,subscriptions:0=4",
                                 "quotes:0=120,2=77;subscriptions:0=4"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        assert_true(sg_is_ok(point_word_read(forms[i], 0, &point)));
        assert_false(point.is_time);
        assert_int_equal(point.ends[AS_OF_QUOTES][0], 120);
        assert_int_equal(point.ends[AS_OF_QUOTES][1], -1);
        assert_int_equal(point.ends[AS_OF_QUOTES][2], 77);
        assert_int_equal(point.ends[AS_OF_SUBSCRIPTIONS][0], 4);
        assert_int_equal(point.ends[AS_OF_SUBSCRIPTIONS][2], -1);
    }
    struct as_of_point at = {.partition = 2};
    bool is_wanted = false;
    assert_true(sg_is_ok(point_word_at(&point, NULL, 2, &at, &is_wanted)));
    assert_true(is_wanted);
    assert_int_equal(at.ends[AS_OF_QUOTES], 77);
    assert_true(sg_is_ok(point_word_at(&point, NULL, 1, &at, &is_wanted)));
    assert_false(is_wanted);
    assert_true(sg_is_ok(point_word_at(&point, NULL, POINT_PARTITIONS_MAX, &at, &is_wanted)));
    assert_false(is_wanted);
}

static void everything_else_is_refused(void **state)
{
    (void)state;
    const char *const wrong[] = {"",
                                 "now",
                                 "7",
                                 "-5",
                                 "quotes:0",
                                 "quotes:0=",
                                 "quotes:=1",
                                 "quotes:-1=1",
                                 "quotes:0=x",
                                 "quotes:0=-1",
                                 "alerts:0=1",
                                 "0=1",
                                 "quotes:0=1,,quotes:1=1",
                                 "quotes:1024=1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(point_word_read(wrong[i], 0, &point).code, COMMAND_BAD_WORDS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_and_durations),
        cmocka_unit_test(offsets_in_both_forms),
        cmocka_unit_test(everything_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
