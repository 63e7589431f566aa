// Times of a zone against the C library's own table of zones, and the names that are none.
#include "core/zone/zone_time.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HOUR_MS = 3600000 };
static const int64_t year_ms = INT64_C(365) * 24 * HOUR_MS;

static void unknown_names_are_unknown(void **state)
{
    (void)state;
    static const char *const known[] = {"UTC", "Europe/Rome", "America/Argentina/Buenos_Aires",
                                        "Etc/GMT-14"};
    static const char *const unknown[] = {"",     "Europe/Roma", "europe/rome",  "GMT+5",
                                          "Rome", "Etc/Unknown", "Europe/Rome ", "città"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_true(zone_time_is_known(bytes_of_text(known[i])));
    }
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        assert_false(zone_time_is_known(bytes_of_text(unknown[i])));
    }
    assert_false(zone_time_is_known(bytes_of(NULL, 0)));
    assert_false(zone_time_is_known(bytes_of("UTC\0", 4)));
    char endless[1000];
    memset(endless, 'x', sizeof endless);
    assert_false(zone_time_is_known(bytes_of(endless, sizeof endless)));
}

static void the_nearest_name_is_found(void **state)
{
    (void)state;
    char name[ZONE_NAME_MAX];
    assert_true(zone_time_nearest(bytes_of_text("Europe/Roma"), name));
    assert_string_equal(name, "Europe/Rome");
    assert_true(zone_time_nearest(bytes_of_text("tokyo"), name));
    assert_string_equal(name, "Asia/Tokyo");
    assert_true(zone_time_nearest(bytes_of_text("EUROPE/ROME"), name));
    assert_string_equal(name, "Europe/Rome");
    assert_false(zone_time_nearest(bytes_of_text("Mars/Olympus_Mons"), name));
    assert_false(zone_time_nearest(bytes_of_text(""), name));
}

static void an_unknown_zone_gives_utc_and_says_so(void **state)
{
    (void)state;
    char text[ZONE_TIME_TEXT_MAX];
    zone_time_print(1780669805123, bytes_of_text("Nowhere/Land"), text);
    assert_string_equal(text, "Friday 5 June 2026, 14:30:05 UTC");
    zone_time_print(1780669805123, bytes_of_text("UTC"), text);
    assert_string_equal(text, "Friday 5 June 2026, 14:30:05 UTC");
    zone_time_print_utc(1780669805123, text);
    assert_string_equal(text, "2026-06-05 14:30:05 UTC");
}

// The same moment by the C library, in this test's TZ.
static void print_by_libc(time_t at, const char *zone, char ret_text[static ZONE_TIME_TEXT_MAX])
{
    struct tm local;
    localtime_r(&at, &local);
    char day[64];
    char clock[64];
    strftime(day, sizeof day, "%A", &local);
    strftime(clock, sizeof clock, "%B %Y, %H:%M:%S", &local);
    long minutes = labs(local.tm_gmtoff) / 60;
    snprintf(ret_text, ZONE_TIME_TEXT_MAX, "%s %d %s (%s, UTC%c%02ld:%02ld)", day, local.tm_mday,
             clock, zone, local.tm_gmtoff < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

static void every_seventh_hour_of_fifty_years_is_that_of_the_c_library(void **state)
{
    (void)state;
    static const char *const zones[] = {"Europe/Rome", "America/New_York", "Asia/Kathmandu",
                                        "Australia/Lord_Howe", "America/St_Johns"};
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        assert_int_equal(setenv("TZ", zones[i], 1), 0);
        tzset();
        // Until this year: the two tables may be of different ages.
        for (int64_t at_ms = 6 * year_ms; at_ms < 54 * year_ms; at_ms += 7 * HOUR_MS + 1001) {
            char expected[ZONE_TIME_TEXT_MAX];
            char text[ZONE_TIME_TEXT_MAX];
            print_by_libc((time_t)(at_ms / 1000), zones[i], expected);
            zone_time_print(at_ms, bytes_of_text(zones[i]), text);
            assert_string_equal(text, expected);
        }
    }
}

static void the_ends_of_time_do_no_harm(void **state)
{
    (void)state;
    char text[ZONE_TIME_TEXT_MAX];
    zone_time_print(INT64_MAX, bytes_of_text("Europe/Rome"), text);
    zone_time_print(INT64_MIN, bytes_of_text("Europe/Rome"), text);
    zone_time_print_utc(INT64_MAX, text);
    zone_time_print_utc(INT64_MIN, text);
    zone_time_print_utc(-1, text);
    assert_string_equal(text, "1969-12-31 23:59:59 UTC");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_names_are_unknown),
        cmocka_unit_test(the_nearest_name_is_found),
        cmocka_unit_test(an_unknown_zone_gives_utc_and_says_so),
        cmocka_unit_test(every_seventh_hour_of_fifty_years_is_that_of_the_c_library),
        cmocka_unit_test(the_ends_of_time_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
