// RFC 3339 date-times, on the proleptic Gregorian calendar.
#include "query/http/instant.h"

#include "core/number.h"

enum {
    MS_PER_MINUTE = 60000,
    MINUTES_PER_DAY = 1440,
    DATE_TIME_SIZE = 19, // "2026-11-21T08:00:00"
    OFFSET_SIZE = 6,     // "+01:00"
    DAYS_TO_1970 = 719468,
    DAYS_PER_ERA = 146097,
    YEARS_PER_ERA = 400,
};

// Days since 1970 of a date, counting years from March so that the leap day is the last.
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / YEARS_PER_ERA;
    int64_t year_of_era = year - era * YEARS_PER_ERA;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % YEARS_PER_ERA == 0);
    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

// Reads `count` digits at `at`; -1 when there are others.
static int64_t digits(struct bytes text, size_t at, size_t count)
{
    int64_t value = 0;
    for (size_t i = at; i < at + count; i++) {
        if (i >= text.size || text.data[i] < '0' || text.data[i] > '9') {
            return -1;
        }
        value = value * 10 + (text.data[i] - '0');
    }
    return value;
}

// Reads the fraction at `*at`, if there is one, and steps over it; -1 when it has no digits.
static int64_t fraction_ms(struct bytes text, size_t *at)
{
    if (*at >= text.size || text.data[*at] != '.') {
        return 0;
    }
    int64_t ms = 0;
    int64_t unit = 100;
    size_t start = ++*at;
    for (; digits(text, *at, 1) >= 0; ++*at) {
        ms += digits(text, *at, 1) * unit;
        unit /= 10;
    }
    return *at == start ? -1 : ms;
}

// Reads "Z" or "+hh:mm", which must be the end of the text.
static bool read_offset(struct bytes text, size_t at, int64_t *ret_minutes)
{
    if (text.size == at + 1 && (text.data[at] == 'Z' || text.data[at] == 'z')) {
        *ret_minutes = 0;
        return true;
    }
    if (text.size != at + OFFSET_SIZE || (text.data[at] != '+' && text.data[at] != '-')) {
        return false;
    }
    int64_t hours = digits(text, at + 1, 2);
    int64_t minutes = digits(text, at + 4, 2);
    if (text.data[at + 3] != ':' || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
        return false;
    }
    *ret_minutes = (hours * 60 + minutes) * (text.data[at] == '-' ? -1 : 1);
    return true;
}

static bool separators_fit(struct bytes text)
{
    return text.data[4] == '-' && text.data[7] == '-' &&
           (text.data[10] == 'T' || text.data[10] == 't') && text.data[13] == ':' &&
           text.data[16] == ':';
}

static bool read_date_time(struct bytes text, int64_t *ret_ms)
{
    if (text.size <= DATE_TIME_SIZE || !separators_fit(text)) {
        return false;
    }
    int64_t year = digits(text, 0, 4);
    int64_t month = digits(text, 5, 2);
    int64_t day = digits(text, 8, 2);
    int64_t hour = digits(text, 11, 2);
    int64_t minute = digits(text, 14, 2);
    int64_t second = digits(text, 17, 2);
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) {
        return false;
    }
    // A leap second is the first moment of the next minute.
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) {
        return false;
    }
    size_t at = DATE_TIME_SIZE;
    int64_t ms = fraction_ms(text, &at);
    int64_t offset = 0;
    if (ms < 0 || !read_offset(text, at, &offset)) {
        return false;
    }
    int64_t minutes = days_of(year, month, day) * MINUTES_PER_DAY + hour * 60 + minute - offset;
    *ret_ms = minutes * MS_PER_MINUTE + second * 1000 + ms;
    return true;
}

bool instant_read(struct bytes text, int64_t *ret_ms)
{
    return number_read_int(text, ret_ms) || read_date_time(text, ret_ms);
}
