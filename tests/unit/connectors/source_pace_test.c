// Pacing: event time by real time from the first quote on; what is late does not wait.
#include "connectors/source_pace.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static void quotes_are_due_by_their_event_time(void **state)
{
    (void)state;
    struct source_pace pace = {.speed = 100};
    assert_int_equal(source_pace_wait_us(&pace, 5000, 7000), 0);
    assert_int_equal(source_pace_wait_us(&pace, 6000, 7000), 10000);
    assert_int_equal(source_pace_wait_us(&pace, 6000, 16999), 1);
    assert_int_equal(source_pace_wait_us(&pace, 6000, 17000), 0);
    assert_int_equal(source_pace_wait_us(&pace, 6000, 99000), 0);
    // Back in time, then on: the beat is that of the first quote.
    assert_int_equal(source_pace_wait_us(&pace, 0, 17000), 0);
    assert_int_equal(source_pace_wait_us(&pace, 7000, 17000), 10000);
}

static void real_time_and_no_pace(void **state)
{
    (void)state;
    struct source_pace real = {.speed = 1};
    struct source_pace none = {.speed = 0};
    assert_int_equal(source_pace_wait_us(&real, 1000, 0), 0);
    assert_int_equal(source_pace_wait_us(&real, 4000, 1000000), 2000000);
    assert_int_equal(source_pace_wait_us(&none, INT64_MAX / 2, 0), 0);
    // A wait is bounded, however far the times are apart.
    assert_true(source_pace_wait_us(&real, INT64_C(253402300799999), 0) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_are_due_by_their_event_time),
        cmocka_unit_test(real_time_and_no_pace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
