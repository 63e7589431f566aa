// RFC 3339, section 5.6, in the proleptic Gregorian calendar.
#include "core/timestamp.h"

enum {
    MS_OF_SECOND = 1000,
    MS_OF_MINUTE = 60 * MS_OF_SECOND,
    MS_OF_HOUR = 60 * MS_OF_MINUTE,
    MONTHS = 12,
    DAYS_TO_1970 = 719468, // From 1 March of the year 0.
    DAYS_OF_ERA = 146097,  // 400 years.
    YEARS_OF_ERA = 400,
};
static const int64_t ms_of_day = 24 * (int64_t)MS_OF_HOUR;

// Reads exactly `digits` digits; `*is_right` turns false where there are none.
static int take_number(struct bytes *text, size_t digits, bool *is_right)
{
    int value = 0;
    if (text->size < digits) {
        *is_right = false;
        return 0;
    }
    for (size_t i = 0; i < digits; i++) {
        *is_right = *is_right && text->data[i] >= '0' && text->data[i] <= '9';
        value = value * 10 + (text->data[i] - '0');
    }
    *text = bytes_of(text->data + digits, text->size - digits);
    return value;
}

static bool take_one_of(struct bytes *text, const char *characters)
{
    if (text->size == 0) {
        return false;
    }
    for (const char *at = characters; *at != '\0'; at++) {
        if (text->data[0] == (uint8_t)*at) {
            *text = bytes_of(text->data + 1, text->size - 1);
            return true;
        }
    }
    return false;
}

int timestamp_days_of_month(int year, int month)
{
    static const int days[MONTHS] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % YEARS_OF_ERA == 0;
    return days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

int64_t timestamp_days_of_date(int year, int month, int day)
{
    // Years begin in March here, so that the leap day is the last one.
    int64_t years = (int64_t)year - (month <= 2 ? 1 : 0) + YEARS_OF_ERA;
    int64_t era = years / YEARS_OF_ERA;
    int64_t year_of_era = years % YEARS_OF_ERA;
    int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (era - 1) * DAYS_OF_ERA + day_of_era - DAYS_TO_1970;
}

static bool take_date(struct bytes *text, int64_t *ret_ms)
{
    bool is_right = true;
    int year = take_number(text, 4, &is_right);
    is_right = take_one_of(text, "-") && is_right;
    int month = take_number(text, 2, &is_right);
    is_right = take_one_of(text, "-") && is_right;
    int day = take_number(text, 2, &is_right);
    if (!is_right || month < 1 || month > MONTHS || day < 1 ||
        day > timestamp_days_of_month(year, month)) {
        return false;
    }
    *ret_ms = timestamp_days_of_date(year, month, day) * ms_of_day;
    return true;
}

// The digits behind the point, as ms.
static bool take_fraction(struct bytes *text, int *ret_ms)
{
    int ms = 0;
    int weight = MS_OF_SECOND;
    size_t digits = 0;
    while (digits < text->size && text->data[digits] >= '0' && text->data[digits] <= '9') {
        weight /= 10;
        ms += (text->data[digits] - '0') * weight;
        digits++;
    }
    *text = bytes_of(text->data + digits, text->size - digits);
    *ret_ms = ms;
    return digits > 0;
}

static bool take_time(struct bytes *text, int64_t *ret_ms)
{
    bool is_right = true;
    int fraction = 0;
    int hour = take_number(text, 2, &is_right);
    is_right = take_one_of(text, ":") && is_right;
    int minute = take_number(text, 2, &is_right);
    is_right = take_one_of(text, ":") && is_right;
    int second = take_number(text, 2, &is_right);
    if (take_one_of(text, ".")) {
        is_right = take_fraction(text, &fraction) && is_right;
    }
    if (!is_right || hour > 23 || minute > 59 || second > 60) {
        return false;
    }
    *ret_ms = (int64_t)hour * MS_OF_HOUR + (int64_t)minute * MS_OF_MINUTE +
              (int64_t)second * MS_OF_SECOND + fraction;
    return true;
}

static bool take_zone(struct bytes *text, int64_t *ret_ms)
{
    if (take_one_of(text, "Zz")) {
        *ret_ms = 0;
        return true;
    }
    bool is_right = true;
    bool is_behind = take_one_of(text, "-");
    if (!is_behind && !take_one_of(text, "+")) {
        return false;
    }
    int hour = take_number(text, 2, &is_right);
    is_right = take_one_of(text, ":") && is_right;
    int minute = take_number(text, 2, &is_right);
    if (!is_right || hour > 23 || minute > 59) {
        return false;
    }
    int64_t ms = (int64_t)hour * MS_OF_HOUR + (int64_t)minute * MS_OF_MINUTE;
    *ret_ms = is_behind ? -ms : ms;
    return true;
}

int64_t timestamp_last(void)
{
    return INT64_C(253402300799999);
}

bool timestamp_read(struct bytes text, int64_t *ret_ms)
{
    int64_t date = 0;
    int64_t time = 0;
    int64_t zone = 0;
    if (!take_date(&text, &date) || !take_one_of(&text, "Tt ") || !take_time(&text, &time) ||
        !take_zone(&text, &zone) || text.size != 0) {
        return false;
    }
    *ret_ms = date + time - zone;
    return true;
}
