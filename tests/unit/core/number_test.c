// Numbers: shortest text that reads back the same, and nothing but decimal numbers read.
#include "core/number.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void doubles_print_as_people_write_them(void **state)
{
    (void)state;
    const struct {
        double value;
        const char *text;
    } known[] = {
        {188.25, "188.25"}, {0.1, "0.1"},           {1.0 / 3, "0.3333333333333333"},
        {1e300, "1e+300"},  {-0.0, "-0"},           {100000, "100000"},
        {NAN, "NaN"},       {INFINITY, "Infinity"}, {-INFINITY, "-Infinity"},
        {5e-324, "5e-324"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char text[NUMBER_TEXT_MAX];
        number_print_double(known[i].value, text);
        assert_string_equal(text, known[i].text);
    }
}

static void doubles_read_back_bit_by_bit(void **state)
{
    (void)state;
    uint64_t bits = 88172645463325252U;
    for (int i = 0; i < 20000; i++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        double value;
        double back = 0;
        char text[NUMBER_TEXT_MAX];
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) {
            continue;
        }
        number_print_double(value, text);
        assert_true(number_read_double(bytes_of_text(text), &back));
        assert_memory_equal(&back, &value, sizeof value);
    }
}

// Short decimals take a way of their own, which must round as the C library does.
static void short_decimals_read_as_the_library_reads_them(void **state)
{
    (void)state;
    uint64_t bits = 88172645463325252U;
    for (int i = 0; i < 200000; i++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        char text[2 * NUMBER_TEXT_MAX];
        const int64_t limits[] = {10, 100000, INT64_C(1000000000000000)};
        int64_t digits = (int64_t)(bits >> 8) % limits[i % 3];
        int places = (int)(bits % 8);
        const char *sign = bits % 5 == 0 ? "-" : "";
        int64_t scale = 1;
        for (int j = 0; j < places; j++) {
            scale *= 10;
        }
        snprintf(text, sizeof text, "%s%" PRId64 "%s%0*" PRId64, sign, digits / scale,
                 places == 0 ? "" : ".", places, places == 0 ? 0 : digits % scale);
        double value = 7;
        double wanted = strtod(text, NULL);
        assert_true(number_read_double(bytes_of_text(text), &value));
        assert_memory_equal(&value, &wanted, sizeof value);
    }
    double zero = 1;
    assert_true(number_read_double(bytes_of_text("-0"), &zero));
    assert_true(signbit(zero));
}

static void only_finite_decimals_are_doubles(void **state)
{
    (void)state;
    const char *const refused[] = {"",   "NaN", "inf", "0x10",  "1,5",    "1.5 ", " 1.5",
                                   "1e", "--1", "e5",  "1e999", "1.5abc", "1..5", "+"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        double value = 7;
        assert_false(number_read_double(bytes_of_text(refused[i]), &value));
        assert_true(fabs(value - 7) < DBL_EPSILON);
    }
    double value = 0;
    assert_true(number_read_double(bytes_of("1.59", 3), &value));
    assert_true(fabs(value - 1.5) < DBL_EPSILON);
}

static void integers_fill_the_whole_slice_and_fit(void **state)
{
    (void)state;
    int64_t value = 7;
    const char *const refused[] = {
        "", "1.0", "1e3", "9223372036854775808", "-9223372036854775809", "12x", " 1", "-"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_false(number_read_int(bytes_of_text(refused[i]), &value));
    }
    assert_int_equal(value, 7);
    assert_true(number_read_int(bytes_of_text("-9223372036854775808"), &value));
    assert_true(value == INT64_MIN);
    assert_true(number_read_int(bytes_of_text("9223372036854775807"), &value));
    assert_true(value == INT64_MAX);
}

static void hexadecimal_digits_have_values(void **state)
{
    (void)state;
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 256; i++) {
        const char *found = i == 0 ? NULL : strchr(digits, i >= 'A' && i <= 'F' ? i + 32 : i);
        assert_int_equal(number_hex_digit((uint8_t)i), found == NULL ? -1 : found - digits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubles_print_as_people_write_them),
        cmocka_unit_test(doubles_read_back_bit_by_bit),
        cmocka_unit_test(short_decimals_read_as_the_library_reads_them),
        cmocka_unit_test(only_finite_decimals_are_doubles),
        cmocka_unit_test(integers_fill_the_whole_slice_and_fit),
        cmocka_unit_test(hexadecimal_digits_have_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
