// Means that plain addition gets wrong.
#include "query/views/quotes/exact_sum.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void assert_mean(const double *values, size_t count, double expected)
{
    double mean = exact_sum_mean(values, count, sizeof values[0]);
    uint64_t mean_bits = 0;
    uint64_t expected_bits = 0;
    memcpy(&mean_bits, &mean, sizeof mean);
    memcpy(&expected_bits, &expected, sizeof expected);
    if (mean_bits != expected_bits) {
        fail_msg("%.17g is not %.17g", mean, expected);
    }
}

static void small_cases_are_exact(void **state)
{
    (void)state;
    assert_mean((double[]){185, 191.5}, 2, 188.25);
    assert_mean((double[]){0.1}, 1, 0.1);
    assert_mean((double[]){1e16, 1, -1e16, 1}, 4, 0.5);
    assert_mean((double[]){1, 1e100, 1, -1e100}, 4, 0.5);
    assert_mean((double[]){0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}, 10, 0.1);
    assert_mean((double[]){-0.5, 0.5}, 2, 0);
    // Halfway between two doubles, decided by a part far below.
    assert_mean((double[]){1e16, 1, 1e-16}, 3, 10000000000000002.0 / 3);
}

static void the_largest_values_have_a_finite_mean(void **state)
{
    (void)state;
    assert_mean((double[]){DBL_MAX, DBL_MAX, DBL_MAX}, 3, DBL_MAX);
    assert_mean((double[]){DBL_MAX, -DBL_MAX}, 2, 0);
}

static void the_order_does_not_matter(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    static double values[COUNT];
    unsigned seed = 3;
    for (size_t i = 0; i < COUNT; i++) {
        values[i] = ldexp((double)rand_r(&seed) - RAND_MAX / 2, rand_r(&seed) % 200 - 100);
    }
    double expected = exact_sum_mean(values, COUNT, sizeof values[0]);
    for (size_t round = 0; round < 20; round++) {
        for (size_t i = COUNT - 1; i > 0; i--) {
            size_t other = (size_t)rand_r(&seed) % (i + 1);
            double kept = values[i];
            values[i] = values[other];
            values[other] = kept;
        }
        assert_mean(values, COUNT, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_cases_are_exact),
        cmocka_unit_test(the_largest_values_have_a_finite_mean),
        cmocka_unit_test(the_order_does_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
