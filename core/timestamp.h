// Times as people write them.
#pragma once
#include "core/bytes.h"

// Reads RFC 3339 ("2026-11-21T08:00:00.25Z", "2026-11-21 10:00:00+02:00"), which fills the whole
// slice, as ms since 1970, UTC; digits beyond ms are cut, a leap second is the next second. False
// if it is none. Any thread.
bool timestamp_read(struct bytes text, int64_t *ret_ms);

// The last moment that RFC 3339 can write: the end of the year 9999, in ms. Any thread.
int64_t timestamp_last(void);

// Days in a month (1 to 12) of the proleptic Gregorian calendar. Any thread.
int timestamp_days_of_month(int year, int month);

// Days from 1970-01-01 to a date of the years 0 to 9999; the date must exist. Any thread.
int64_t timestamp_days_of_date(int year, int month, int day);
