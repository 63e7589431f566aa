// Waits: their bounds for every attempt, and that the seed alone chooses within them.
#include "core/service/backoff.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static const struct backoff backoff = {.first_ms = 100, .max_ms = 60000};

static void waits_double_up_to_the_limit(void **state)
{
    (void)state;
    int64_t bound = 100;
    for (int64_t attempt = 1; attempt < 100; attempt++) {
        for (uint64_t seed = 0; seed < 50; seed++) {
            int64_t wait = backoff_ms(&backoff, attempt, seed);
            assert_true(wait >= bound / 2);
            assert_true(wait <= bound);
        }
        bound = bound * 2 < backoff.max_ms ? bound * 2 : backoff.max_ms;
    }
}

static void the_seed_decides_and_spreads(void **state)
{
    (void)state;
    assert_int_equal(backoff_ms(&backoff, 3, 9), backoff_ms(&backoff, 3, 9));
    int lower = 0;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        lower += backoff_ms(&backoff, 3, seed) < 300;
    }
    assert_in_range(lower, 400, 600);
}

static void extreme_settings_do_not_overflow(void **state)
{
    (void)state;
    const struct backoff wide = {.first_ms = INT64_MAX / 2 + 2, .max_ms = INT64_MAX};
    assert_true(backoff_ms(&wide, INT64_MAX, UINT64_MAX) >= INT64_MAX / 2);
    const struct backoff narrow = {.first_ms = 1, .max_ms = 1};
    assert_int_equal(backoff_ms(&narrow, 1000, 3), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_double_up_to_the_limit),
        cmocka_unit_test(the_seed_decides_and_spreads),
        cmocka_unit_test(extreme_settings_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
