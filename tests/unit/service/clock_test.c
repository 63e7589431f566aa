// Clocks: their order and how a time is written.
#include "core/service/clock.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static void times_print_as_rfc_3339(void **state)
{
    (void)state;
    const struct {
        int64_t ms;
        const char *text;
    } known[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {1709208000123, "2024-02-29T12:00:00.123Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
        {253402300800000, "invalid"},
        {-62167219200000, "0000-01-01T00:00:00.000Z"},
        {-62167219200001, "invalid"},
        {INT64_MIN, "invalid"},
        {INT64_MAX, "invalid"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char text[CLOCK_TEXT_MAX];
        clock_print(known[i].ms, text);
        assert_string_equal(text, known[i].text);
    }
}

static void a_sleep_takes_its_time(void **state)
{
    (void)state;
    int64_t before = clock_monotonic_us();
    clock_sleep_ms(20);
    assert_true(clock_monotonic_us() - before >= 20000);
    clock_sleep_ms(-5);
    assert_true(clock_wall_ms() > 1700000000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_print_as_rfc_3339),
        cmocka_unit_test(a_sleep_takes_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
