// Decimal numbers, independent of the locale: the program never calls setlocale().
#include "core/number.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_SHORT = 15, DIGITS_EXACT = 17 };

static uint64_t bits_of(double value)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

void number_print_double(double value, char ret_text[static NUMBER_TEXT_MAX])
{
    if (isnan(value)) {
        snprintf(ret_text, NUMBER_TEXT_MAX, "NaN");
        return;
    }
    if (isinf(value)) {
        snprintf(ret_text, NUMBER_TEXT_MAX, value > 0 ? "Infinity" : "-Infinity");
        return;
    }
    // Subnormal numbers have fewer digits than they can be printed with.
    bool subnormal = value != 0 && fabs(value) < DBL_MIN;
    for (int digits = subnormal ? 1 : DIGITS_SHORT; digits <= DIGITS_EXACT; digits++) {
        snprintf(ret_text, NUMBER_TEXT_MAX, "%.*g", digits, value);
        // By bits, since -0 equals 0.
        if (bits_of(strtod(ret_text, NULL)) == bits_of(value)) {
            return;
        }
    }
}

static bool is_number_character(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || byte == '+' || byte == '-' || byte == '.' ||
           byte == 'e' || byte == 'E';
}

// Copies a slice of number characters into `text`; false when it is empty, too long or has others.
static bool copy_number(struct bytes slice, char *text, size_t text_size)
{
    if (slice.size == 0 || slice.size >= text_size) {
        return false;
    }
    for (size_t i = 0; i < slice.size; i++) {
        if (!is_number_character(slice.data[i])) {
            return false;
        }
    }
    memcpy(text, slice.data, slice.size);
    text[slice.size] = '\0';
    return true;
}

// The whole number that digits stand for, with at most one point among them, which is passed over.
// `*ret_places` is how many digits are behind it. False for anything else.
static bool read_digits(struct bytes text, int64_t *ret_digits, size_t *ret_places)
{
    size_t point = text.size;
    int64_t digits = 0;
    for (size_t at = 0; at < text.size; at++) {
        uint8_t character = text.data[at];
        if (character >= '0' && character <= '9') {
            digits = digits * 10 + (character - '0');
        } else if (character == '.' && point == text.size) {
            point = at;
        } else {
            return false;
        }
    }
    *ret_digits = digits;
    *ret_places = point == text.size ? 0 : text.size - point - 1;
    return point > 0 && point != text.size - 1;
}

// Reads plain decimals of few digits ("191.5"): the digits and the power of ten are both exact as
// doubles, so that their quotient is rounded once, as strtod does. False for anything else.
static bool read_plain(struct bytes text, double *ret_value)
{
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    int64_t digits = 0;
    size_t places = 0;
    bool is_negative = text.size > 0 && text.data[0] == '-';
    if (is_negative) {
        text = bytes_of(text.data + 1, text.size - 1);
    }
    if (text.size == 0 || text.size > DIGITS_SHORT || !read_digits(text, &digits, &places)) {
        return false;
    }
    double value = (double)digits / powers[places];
    *ret_value = is_negative ? -value : value;
    return true;
}

bool number_read_double(struct bytes text, double *ret_value)
{
    if (read_plain(text, ret_value)) {
        return true;
    }
    char copy[64];
    if (!copy_number(text, copy, sizeof copy)) {
        return false;
    }
    char *end = NULL;
    double value = strtod(copy, &end);
    if (end == copy || *end != '\0' || !isfinite(value)) {
        return false;
    }
    *ret_value = value;
    return true;
}

bool number_read_int(struct bytes text, int64_t *ret_value)
{
    char copy[NUMBER_TEXT_MAX];
    if (!copy_number(text, copy, sizeof copy)) {
        return false;
    }
    char *end = NULL;
    errno = 0;
    intmax_t value = strtoimax(copy, &end, 10);
    if (end == copy || *end != '\0' || errno != 0 || value < INT64_MIN || value > INT64_MAX) {
        return false;
    }
    *ret_value = value;
    return true;
}

int number_hex_digit(uint8_t digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}
