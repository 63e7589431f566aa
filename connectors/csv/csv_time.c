// A strptime of our own: independent of locale and zone, strict about the calendar, and quick.
#include "connectors/csv/csv_time.h"

#include "core/number.h"
#include "core/timestamp.h"

#include <math.h>
#include <string.h>
#include <strings.h>

enum { MS_OF_SECOND = 1000, MS_OF_MINUTE = 60000, MS_OF_HOUR = 3600000, MS_OF_DAY = 86400000 };
enum { MONTHS = 12, PIVOT_YEAR = 69, YEAR_MAX = 9999, FRACTION_DIGITS = 9 };

static const char known_directives[] = "YymbBhdeHIpMSfzFTRD%";

// What the directives have read so far.
struct parts {
    int year, month, day;
    int hour, minute, second, ms;
    int zone_minutes;
    bool is_afternoon;
    bool has_half; // %p was there.
};

struct cursor {
    const uint8_t *at;
    const uint8_t *end;
};

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

// Reads `least` to `most` digits as a number from `low` to `high`.
static bool take_number(struct cursor *cursor, int least, int most, int *ret_value)
{
    int value = 0;
    int digits = 0;
    while (digits < most && cursor->at < cursor->end && is_digit(*cursor->at)) {
        value = value * 10 + (*cursor->at++ - '0');
        digits++;
    }
    *ret_value = value;
    return digits >= least;
}

static bool take_within(struct cursor *cursor, int low, int high, int *ret_value)
{
    return take_number(cursor, 1, 2, ret_value) && *ret_value >= low && *ret_value <= high;
}

static bool take_character(struct cursor *cursor, char character)
{
    if (cursor->at == cursor->end || *cursor->at != (uint8_t)character) {
        return false;
    }
    cursor->at++;
    return true;
}

// As many as there are, none too: the rule of strptime.
static bool take_spaces(struct cursor *cursor)
{
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t')) {
        cursor->at++;
    }
    return true;
}

static bool take_word(struct cursor *cursor, const char *word)
{
    size_t size = strlen(word);
    if ((size_t)(cursor->end - cursor->at) < size ||
        strncasecmp((const char *)cursor->at, word, size) != 0) {
        return false;
    }
    cursor->at += size;
    return true;
}

// English names, whole or their first three letters.
static bool take_month_name(struct cursor *cursor, int *ret_month)
{
    static const struct {
        const char *start;
        const char *rest;
    } names[MONTHS] = {{"jan", "uary"},   {"feb", "ruary"}, {"mar", "ch"},    {"apr", "il"},
                       {"may", ""},       {"jun", "e"},     {"jul", "y"},     {"aug", "ust"},
                       {"sep", "tember"}, {"oct", "ober"},  {"nov", "ember"}, {"dec", "ember"}};
    for (int i = 0; i < MONTHS; i++) {
        if (take_word(cursor, names[i].start)) {
            (void)take_word(cursor, names[i].rest);
            *ret_month = i + 1;
            return true;
        }
    }
    return false;
}

static bool take_half(struct cursor *cursor, struct parts *parts)
{
    parts->has_half = true;
    parts->is_afternoon = take_word(cursor, "pm");
    return parts->is_afternoon || take_word(cursor, "am");
}

// Digits behind a decimal point; those beyond ms are cut.
static bool take_fraction(struct cursor *cursor, int *ret_ms)
{
    int digits = 0;
    *ret_ms = 0;
    for (int weight = MS_OF_SECOND / 10; digits < FRACTION_DIGITS; digits++, weight /= 10) {
        if (cursor->at == cursor->end || !is_digit(*cursor->at)) {
            break;
        }
        *ret_ms += (*cursor->at++ - '0') * weight;
    }
    return digits > 0;
}

static bool take_zone(struct cursor *cursor, int *ret_minutes)
{
    int hours = 0;
    int minutes = 0;
    if (take_character(cursor, 'Z')) {
        *ret_minutes = 0;
        return true;
    }
    bool is_behind = take_character(cursor, '-');
    if (!is_behind && !take_character(cursor, '+')) {
        return false;
    }
    bool is_right = take_number(cursor, 2, 2, &hours);
    (void)take_character(cursor, ':');
    if (!is_right || !take_number(cursor, 2, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    *ret_minutes = (is_behind ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

static bool take_short_year(struct cursor *cursor, int *ret_year)
{
    int year = 0;
    if (!take_number(cursor, 2, 2, &year)) {
        return false;
    }
    // POSIX: 69 to 99 are of the last century.
    *ret_year = year + (year < PIVOT_YEAR ? 2000 : 1900);
    return true;
}

static bool take_date_directive(struct cursor *cursor, char directive, struct parts *parts)
{
    switch (directive) {
    case 'Y':
        return take_number(cursor, 4, 4, &parts->year);
    case 'y':
        return take_short_year(cursor, &parts->year);
    case 'm':
        return take_within(cursor, 1, MONTHS, &parts->month);
    case 'b':
    case 'B':
    case 'h':
        return take_month_name(cursor, &parts->month);
    case 'e':
        (void)take_spaces(cursor);
        return take_within(cursor, 1, 31, &parts->day);
    default:
        return take_within(cursor, 1, 31, &parts->day);
    }
}

static bool take_simple(struct cursor *cursor, char directive, struct parts *parts)
{
    switch (directive) {
    case 'H':
        return take_within(cursor, 0, 23, &parts->hour);
    case 'I':
        return take_within(cursor, 1, 12, &parts->hour);
    case 'p':
        return take_half(cursor, parts);
    case 'M':
        return take_within(cursor, 0, 59, &parts->minute);
    case 'S':
        return take_within(cursor, 0, 60, &parts->second);
    case 'f':
        return take_fraction(cursor, &parts->ms);
    case 'z':
        return take_zone(cursor, &parts->zone_minutes);
    case '%':
        return take_character(cursor, '%');
    default:
        return take_date_directive(cursor, directive, parts);
    }
}

// The short forms stand for these.
static const char *expansion_of(char directive)
{
    switch (directive) {
    case 'F':
        return "%Y-%m-%d";
    case 'T':
        return "%H:%M:%S";
    case 'R':
        return "%H:%M";
    case 'D':
        return "%m/%d/%y";
    default:
        return NULL;
    }
}

// A short form, or a directive of its own.
static bool take_directive(struct cursor *cursor, char directive, struct parts *parts)
{
    const char *at = expansion_of(directive);
    if (at == NULL) {
        return take_simple(cursor, directive, parts);
    }
    bool is_right = true;
    while (is_right && *at != '\0') {
        bool is_directive = *at == '%';
        is_right = is_directive ? take_simple(cursor, at[1], parts) : take_character(cursor, *at);
        at += is_directive ? 2 : 1;
    }
    return is_right;
}

// The format was checked: something known stands behind each percent sign.
static bool take_format(struct cursor *cursor, const char *format, struct parts *parts)
{
    const char *at = format;
    bool is_right = true;
    while (is_right && *at != '\0') {
        if (*at == '%') {
            is_right = take_directive(cursor, at[1], parts);
            at += 2;
        } else {
            is_right = *at == ' ' ? take_spaces(cursor) : take_character(cursor, *at);
            at++;
        }
    }
    return is_right;
}

static int hour_of(const struct parts *parts)
{
    if (!parts->has_half) {
        return parts->hour;
    }
    return parts->hour % 12 + (parts->is_afternoon ? 12 : 0);
}

static bool join(const struct parts *parts, int64_t *ret_ms)
{
    if (parts->day > timestamp_days_of_month(parts->year, parts->month)) {
        return false;
    }
    int64_t days = timestamp_days_of_date(parts->year, parts->month, parts->day);
    *ret_ms = days * MS_OF_DAY + (int64_t)hour_of(parts) * MS_OF_HOUR +
              ((int64_t)parts->minute - parts->zone_minutes) * MS_OF_MINUTE +
              (int64_t)parts->second * MS_OF_SECOND + parts->ms;
    return true;
}

static bool read_format(const char *format, struct bytes text, int64_t *ret_ms)
{
    struct parts parts = {.year = 1970, .month = 1, .day = 1};
    struct cursor cursor = {text.data, text.data + text.size};
    return take_format(&cursor, format, &parts) && cursor.at == cursor.end && join(&parts, ret_ms);
}

static bool read_number(struct bytes text, int64_t unit_ms, int64_t *ret_ms)
{
    double value = 0;
    double ms_max = (double)(timestamp_days_of_date(YEAR_MAX, 12, 31) + 1) * MS_OF_DAY;
    if (!number_read_double(text, &value) || value < 0 || value * (double)unit_ms >= ms_max) {
        return false;
    }
    *ret_ms = (int64_t)floor(value * (double)unit_ms + 0.5);
    return true;
}

static bool read_kind(const struct csv_time *time, struct bytes text, int64_t *ret_ms)
{
    switch (time->kind) {
    case CSV_TIME_ISO:
        return timestamp_read(text, ret_ms);
    case CSV_TIME_FORMAT:
        return read_format(time->format, text, ret_ms);
    case CSV_TIME_MS:
        return read_number(text, 1, ret_ms);
    case CSV_TIME_S:
        return read_number(text, MS_OF_SECOND, ret_ms);
    }
    return false;
}

// The last day of the month of `day`, both counted from 1970.
static int64_t month_end_of(int64_t day)
{
    // Too early by a day for each common year so far, which the loop makes good.
    int year = 1970 + (int)(day / 366);
    while (timestamp_days_of_date(year + 1, 1, 1) <= day) {
        year++;
    }
    int month = 1;
    int64_t end = timestamp_days_of_date(year, 1, 31);
    while (end < day) {
        end += timestamp_days_of_month(year, ++month);
    }
    return end;
}

bool csv_time_read(const struct csv_time *time, struct bytes text, int64_t *ret_ms)
{
    int64_t ms = 0;
    int64_t limit = (timestamp_days_of_date(YEAR_MAX, 12, 31) + 1) * MS_OF_DAY;
    if (!read_kind(time, text, &ms) || ms < 0 || ms >= limit) {
        return false;
    }
    if (time->of_day_ms >= 0) {
        ms = ms - ms % MS_OF_DAY + time->of_day_ms;
    }
    if (time->month_end) {
        ms = month_end_of(ms / MS_OF_DAY) * MS_OF_DAY + ms % MS_OF_DAY;
    }
    *ret_ms = ms;
    return true;
}

static sg_result check_directives(const char *format)
{
    for (const char *at = strchr(format, '%'); at != NULL; at = strchr(at + 2, '%')) {
        if (at[1] == '\0' || strchr(known_directives, at[1]) == NULL) {
            return sg_fail(SG_FATAL, 0, "--time-format=%s: no %.2s; known are %%%s and the like",
                           format, at, "Y %m %d %H %M %S %f %b %y %I %p %z %F %T");
        }
    }
    return strchr(format, '%') == NULL
               ? sg_fail(SG_FATAL, 0,
                         "--time-format=%s: wanted is iso, ms, s or a form such as \"%%Y-%%m-%%d\"",
                         format)
               : sg_ok();
}

sg_result csv_time_init(const char *format, const char *of_day, bool month_end,
                        struct csv_time *ret_time)
{
    struct csv_time time = {.format = format, .month_end = month_end, .of_day_ms = -1};
    if (strcmp(format, "iso") == 0) {
        time.kind = CSV_TIME_ISO;
    } else if (strcmp(format, "ms") == 0) {
        time.kind = CSV_TIME_MS;
    } else if (strcmp(format, "s") == 0) {
        time.kind = CSV_TIME_S;
    } else {
        time.kind = CSV_TIME_FORMAT;
        SG_TRY(check_directives(format));
    }
    if (of_day[0] != '\0' && !read_format("%H:%M:%S", bytes_of_text(of_day), &time.of_day_ms)) {
        return sg_fail(SG_FATAL, 0, "--time-of-day=%s: wanted is HH:MM:SS", of_day);
    }
    *ret_time = time;
    return sg_ok();
}
