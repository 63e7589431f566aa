// Times: the forms that files have, against an independent calendar, and what is none.
#include "connectors/csv/csv_time.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

static bool read_as(const char *format, const char *text, int64_t *ret_ms)
{
    struct csv_time time;
    assert_true(sg_is_ok(csv_time_init(format, "", false, &time)));
    return csv_time_read(&time, bytes_of_text(text), ret_ms);
}

static void forms_are_read(void **state)
{
    (void)state;
    const struct {
        const char *format;
        const char *text;
        int64_t ms;
    } known[] = {
        {"iso", "2026-11-21T08:00:00.25Z", 1795248000250},
        {"ms", "1795248000250", 1795248000250},
        {"s", "1795248000", 1795248000000},
        {"s", "1795248000.25", 1795248000250},
        {"%Y-%m-%d %H:%M:%S", "2014-07-01 00:30:00", 1404174600000},
        {"%F %T", "2014-07-01 00:30:00", 1404174600000},
        {"%Y-%m-%d", "1970-01-01", 0},
        {"%Y-%m", "2005-07", 1120176000000},
        {"%D %R", "07/01/14 00:30", 1404174600000},
        {"%d.%m.%Y", "1.7.2014", 1404172800000},
        {"%e %b %Y", " 1 Jul 2014", 1404172800000},
        {"%B %d, %Y", "july 01, 2014", 1404172800000},
        {"%h-%y", "Sep-69", -1},
        {"%h-%y", "Sep-70", 20995200000},
        {"%h-%y", "Sep-05", 1125532800000},
        {"%Y%m%d%H%M%S", "20140701003000", 1404174600000},
        {"%F %I:%M %p", "2014-07-01 12:30 AM", 1404174600000},
        {"%F %I:%M %p", "2014-07-01 12:30 pm", 1404217800000},
        {"%F %T.%f", "2014-07-01 00:30:00.123456", 1404174600123},
        {"%F %T.%f", "2014-07-01 00:30:00.5", 1404174600500},
        {"%F %T%z", "2014-07-01 02:30:00+02:00", 1404174600000},
        {"%F %T %z", "2014-06-30 19:30:00 -0500", 1404174600000},
        {"%FT%TZ", "2014-07-01T00:30:00Z", 1404174600000},
        {"%F  at %R", "2014-07-01  at 00:30", 1404174600000},
        {"100%% %F", "100% 2014-07-01", 1404172800000},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        int64_t ms = -1;
        // A time before 1970 is none.
        assert_int_equal(read_as(known[i].format, known[i].text, &ms), known[i].ms >= 0);
        assert_int_equal(ms, known[i].ms);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    const struct {
        const char *format;
        const char *text;
    } known[] = {
        {"%F", ""},
        {"%F", "2014-07"},
        {"%F", "2014-07-01 "},
        {"%F", "2014-13-01"},
        {"%F", "2014-02-29"},
        {"%F", "2014-00-01"},
        {"%F", "14-07-01"},
        {"%F", "2014-07-1x"},
        {"%F", "1969-12-31"},
        {"%T", "24:00:00"},
        {"%T", "12:60:00"},
        {"%T", "12:00"},
        {"%b", "Jux"},
        {"%I %p", "13 pm"},
        {"%I %p", "1 xm"},
        {"%F%z", "2014-07-01+2"},
        {"s", "-1"},
        {"s", "yesterday"},
        {"ms", "1e300"},
        {"ms", ""},
        {"iso", "2014-07-01"},
        {"%F %T", "2014-07-01"},
        {"%F%z", "1970-01-01+01:00"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        int64_t ms = 7;
        assert_false(read_as(known[i].format, known[i].text, &ms));
        assert_int_equal(ms, 7);
    }
}

// Every month of four centuries, by the C library.
static void months_end_on_their_last_day(void **state)
{
    (void)state;
    struct csv_time time;
    assert_true(sg_is_ok(csv_time_init("%Y-%m", "15:00:01", true, &time)));
    for (int month = 0; month < 400 * 12; month++) {
        struct tm next = {
            .tm_year = 70 + (month + 1) / 12, .tm_mon = (month + 1) % 12, .tm_mday = 1};
        char text[32];
        int64_t ms = 0;
        snprintf(text, sizeof text, "%04d-%02d", 1970 + month / 12, month % 12 + 1);
        assert_true(csv_time_read(&time, bytes_of_text(text), &ms));
        assert_int_equal(ms, ((int64_t)timegm(&next) - 86400 + 15 * 3600 + 1) * 1000);
    }
}

static void a_time_of_the_day_replaces_what_was_read(void **state)
{
    (void)state;
    struct csv_time time;
    int64_t ms = 0;
    assert_true(sg_is_ok(csv_time_init("%F %T", "15:00:00", false, &time)));
    assert_true(csv_time_read(&time, bytes_of_text("1970-01-02 23:59:59"), &ms));
    assert_int_equal(ms, 86400000 + 15 * 3600000);
}

static void wrong_formats_are_named(void **state)
{
    (void)state;
    struct csv_time time;
    const char *const formats[] = {"", "date", "%Q", "%Y-%", "%F %v"};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        assert_false(sg_is_ok(csv_time_init(formats[i], "", false, &time)));
        assert_non_null(strstr(sg_reason(), "--time-format"));
    }
    assert_false(sg_is_ok(csv_time_init("%F", "15:00", false, &time)));
    assert_non_null(strstr(sg_reason(), "--time-of-day=15:00"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_read),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(months_end_on_their_last_day),
        cmocka_unit_test(a_time_of_the_day_replaces_what_was_read),
        cmocka_unit_test(wrong_formats_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
