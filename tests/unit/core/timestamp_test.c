// RFC 3339: known times, every day of four centuries, and what is refused.
#include "core/timestamp.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <time.h>

static void known_times_are_read(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t ms;
    } known[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2026-11-21T08:00:00.25Z", INT64_C(1795248000250)},
        {"2026-11-21 10:00:00.2509+02:00", INT64_C(1795248000250)},
        {"2026-11-21t03:30:00-04:30", INT64_C(1795248000000)},
        {"2024-02-29T00:00:00z", INT64_C(1709164800000)},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000)},
        {"0000-01-01T00:00:00Z", INT64_C(-62167219200000)},
        {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        int64_t ms = 7;
        assert_true(timestamp_read(bytes_of_text(known[i].text), &ms));
        assert_int_equal(ms, known[i].ms);
    }
}

static void every_day_is_the_systems_day(void **state)
{
    (void)state;
    const int64_t day_s = 86400;
    for (int64_t day = -30000; day < 120000; day++) {
        time_t seconds = (time_t)(day * day_s);
        struct tm parts;
        char text[64];
        int64_t ms = 0;
        assert_non_null(gmtime_r(&seconds, &parts));
        assert_true(strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) > 0);
        assert_true(timestamp_read(bytes_of_text(text), &ms));
        assert_int_equal(ms, day * day_s * 1000);
    }
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    const char *const texts[] = {
        "",
        "2026-11-21",
        "2026-11-21T08:00:00",
        "2026-11-21T08:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-11-31T00:00:00Z",
        "2026-11-00T00:00:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T08:60:00Z",
        "2026-11-21T08:00:61Z",
        "2026-11-21T08:00:00.Z",
        "2026-11-21T08:00:00+0200",
        "2026-11-21T08:00:00+24:00",
        "2026-11-21T08:00:00Z ",
        "2026_11_21T08:00:00Z",
        "-026-11-21T08:00:00Z",
        "yesterday",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t ms = 7;
        assert_false(timestamp_read(bytes_of_text(texts[i]), &ms));
        assert_int_equal(ms, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_times_are_read),
        cmocka_unit_test(every_day_is_the_systems_day),
        cmocka_unit_test(other_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
