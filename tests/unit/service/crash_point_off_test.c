// Without crash points the environment cannot end the process.
#include "core/service/crash_point.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

static void a_wish_is_not_heard(void **state)
{
    (void)state;
    setenv("SOGLIA_CRASH_AT", "here", 1);
    crash_point("here");
    setenv("SOGLIA_TEST_NUMBERS", "here=2", 1);
    assert_int_equal(crash_point_number("here", 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_wish_is_not_heard)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
