// Times in a CSV as its writer put them. They name no zone unless the format has %z: UTC.
#pragma once
#include "core/bytes.h"
#include "core/result.h"

enum csv_time_kind { CSV_TIME_ISO, CSV_TIME_FORMAT, CSV_TIME_MS, CSV_TIME_S };

struct csv_time {
    enum csv_time_kind kind;
    const char *format; // Borrowed.
    bool month_end;     // The last day of the month instead of the day that was read.
    int64_t of_day_ms;  // Time of the day instead of the one that was read, -1: as it was read.
};

// `format` is "iso" (RFC 3339), "ms" or "s" (numbers since 1970), or directives of strptime: %Y %y
// %m %b %B %d %e %H %I %p %M %S %f %z %F %T %R %D %%. `of_day` is "HH:MM:SS", "" for none. Fails:
// SG_FATAL naming the directive or the time that cannot be understood. Any thread.
SG_RESULT csv_time_init(const char *format, const char *of_day, bool month_end,
                        struct csv_time *ret_time);

// Reads a text that fills the whole slice, as ms since 1970. False if it is not of the format, is
// no date of the calendar, or lies before 1970 or after 9999. Any thread.
bool csv_time_read(const struct csv_time *time, struct bytes text, int64_t *ret_ms);
