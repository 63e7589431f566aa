// Moments as people of a time zone read them. By the ICU library and its table of zones. Any
// thread.
#pragma once
#include "core/bytes.h"

enum { ZONE_NAME_MAX = 64, ZONE_TIME_TEXT_MAX = 160 };

// True when `zone` is the IANA name of a time zone.
bool zone_time_is_known(struct bytes zone);

// The name of the zone that was most likely meant by an unknown one; false when none is near.
bool zone_time_nearest(struct bytes zone, char ret_name[static ZONE_NAME_MAX]);

// Writes a moment (ms since the epoch, UTC) as the zone's weekday, date, 24-hour time and name with
// the offset of that moment: "Friday 5 June 2026, 16:30:05 (Europe/Rome, UTC+02:00)". A zone that
// is not known gives the time in UTC, and says so.
void zone_time_print(int64_t at_ms, struct bytes zone, char ret_text[static ZONE_TIME_TEXT_MAX]);

// Writes the same moment in UTC, for machines and people alike: "2026-06-05 14:30:05 UTC".
void zone_time_print_utc(int64_t at_ms, char ret_text[static ZONE_TIME_TEXT_MAX]);
