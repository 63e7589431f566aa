// A calendar of ICU per call: its table of zones is loaded once a process, a calendar costs
// microseconds, and nothing is kept between calls.
#include "core/zone/zone_time.h"

#include "core/settings/nearest.h"

#include <unicode/ucal.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MINUTE_MS = 60000, HOUR_MINUTES = 60 };

// Names of the calendar. The language of the messages is English, whatever the system's is.
static const char locale[] = "en_US";
static const char *const weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};

struct moment {
    int32_t year;
    int32_t month; // From 0.
    int32_t day;
    int32_t weekday; // From 1, Sunday.
    int32_t hour;
    int32_t minute;
    int32_t second;
    int32_t offset_minutes; // East of UTC.
};

// Names of zones are ASCII; anything else is none.
static bool wide_name(struct bytes zone, UChar ret_name[static ZONE_NAME_MAX])
{
    if (zone.size == 0 || zone.size >= ZONE_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < zone.size; i++) {
        if (zone.data[i] <= ' ' || zone.data[i] >= 0x7F) {
            return false;
        }
        ret_name[i] = zone.data[i];
    }
    ret_name[zone.size] = 0;
    return true;
}

bool zone_time_is_known(struct bytes zone)
{
    UChar name[ZONE_NAME_MAX];
    UChar canonical[ZONE_NAME_MAX];
    UBool is_system = false;
    UErrorCode status = U_ZERO_ERROR;
    if (!wide_name(zone, name) || bytes_is_text(zone, UCAL_UNKNOWN_ZONE_ID)) {
        return false;
    }
    ucal_getCanonicalTimeZoneID(name, -1, canonical, ZONE_NAME_MAX, &is_system, &status);
    return U_SUCCESS(status) && is_system;
}

// True when `wanted` is the name or the city of the name, in small or capital letters.
static bool is_city(const char *wanted, const char *name)
{
    const char *slash = strrchr(name, '/');
    return strcasecmp(wanted, name) == 0 || (slash != NULL && strcasecmp(wanted, slash + 1) == 0);
}

bool zone_time_nearest(struct bytes zone, char ret_name[static ZONE_NAME_MAX])
{
    UErrorCode status = U_ZERO_ERROR;
    UEnumeration *names = ucal_openTimeZones(&status);
    char *wanted = bytes_to_text(zone);
    bool found = false;
    struct nearest nearest = {.wanted = wanted == NULL ? "" : wanted};
    const char *name = uenum_next(names, NULL, &status);
    while (U_SUCCESS(status) && name != NULL && !found) {
        nearest_offer(&nearest, name);
        found = is_city(nearest.wanted, name);
        // The enumeration keeps its words only for a step, so the best one so far is kept here.
        if (nearest.found == name || found) {
            snprintf(ret_name, ZONE_NAME_MAX, "%s", name);
            nearest.found = ret_name;
        }
        name = uenum_next(names, NULL, &status);
    }
    uenum_close(names);
    found = found || nearest_word(&nearest) != NULL;
    free(wanted);
    return found;
}

static bool read_moment(int64_t at_ms, const UChar *zone, struct moment *ret_moment)
{
    UErrorCode status = U_ZERO_ERROR;
    UCalendar *calendar = ucal_open(zone, -1, locale, UCAL_GREGORIAN, &status);
    ucal_setMillis(calendar, (UDate)at_ms, &status);
    ret_moment->year = ucal_get(calendar, UCAL_YEAR, &status);
    ret_moment->month = ucal_get(calendar, UCAL_MONTH, &status);
    ret_moment->day = ucal_get(calendar, UCAL_DATE, &status);
    ret_moment->weekday = ucal_get(calendar, UCAL_DAY_OF_WEEK, &status);
    ret_moment->hour = ucal_get(calendar, UCAL_HOUR_OF_DAY, &status);
    ret_moment->minute = ucal_get(calendar, UCAL_MINUTE, &status);
    ret_moment->second = ucal_get(calendar, UCAL_SECOND, &status);
    int32_t offset_ms = ucal_get(calendar, UCAL_ZONE_OFFSET, &status) +
                        ucal_get(calendar, UCAL_DST_OFFSET, &status);
    ret_moment->offset_minutes = offset_ms / MINUTE_MS;
    ucal_close(calendar);
    return U_SUCCESS(status);
}

static const UChar utc[] = {'U', 'T', 'C', 0};

// Without ICU's table nothing can be said but the number itself.
static void print_number(int64_t at_ms, char ret_text[static ZONE_TIME_TEXT_MAX])
{
    snprintf(ret_text, ZONE_TIME_TEXT_MAX, "%lld ms after 1970 UTC", (long long)at_ms);
}

void zone_time_print(int64_t at_ms, struct bytes zone, char ret_text[static ZONE_TIME_TEXT_MAX])
{
    struct moment moment;
    UChar name[ZONE_NAME_MAX];
    bool known = zone_time_is_known(zone) && wide_name(zone, name);
    if (!read_moment(at_ms, known ? name : utc, &moment)) {
        print_number(at_ms, ret_text);
        return;
    }
    int used = snprintf(ret_text, ZONE_TIME_TEXT_MAX, "%s %d %s %d, %02d:%02d:%02d",
                        weekdays[(unsigned)(moment.weekday - 1) % 7], moment.day,
                        months[(unsigned)moment.month % 12], moment.year, moment.hour,
                        moment.minute, moment.second);
    size_t left = ZONE_TIME_TEXT_MAX - (size_t)used;
    if (!known || bytes_is_text(zone, "UTC")) {
        snprintf(ret_text + used, left, " UTC");
        return;
    }
    int32_t offset = abs(moment.offset_minutes);
    snprintf(ret_text + used, left, " (%.*s, UTC%c%02d:%02d)", (int)zone.size,
             (const char *)zone.data, moment.offset_minutes < 0 ? '-' : '+', offset / HOUR_MINUTES,
             offset % HOUR_MINUTES);
}

void zone_time_print_utc(int64_t at_ms, char ret_text[static ZONE_TIME_TEXT_MAX])
{
    struct moment moment;
    if (!read_moment(at_ms, utc, &moment)) {
        print_number(at_ms, ret_text);
        return;
    }
    snprintf(ret_text, ZONE_TIME_TEXT_MAX, "%04d-%02d-%02d %02d:%02d:%02d UTC", moment.year,
             moment.month + 1, moment.day, moment.hour, moment.minute, moment.second);
}
