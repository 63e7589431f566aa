// The two clocks. Processors never call these: they take time from the event.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Characters of clock_print() with its end: "2026-11-21T08:00:00.000Z".
enum { CLOCK_TEXT_MAX = 32 };

// Wall clock in ms since 1970 UTC. Any thread.
int64_t clock_wall_ms(void);

// Monotonic clock in microseconds, for durations. Any thread.
int64_t clock_monotonic_us(void);

// Sleeps for `ms`, or less when a signal arrives. Any thread.
void clock_sleep_ms(int64_t ms);

// Writes `ms` since 1970 as RFC 3339 in UTC, "invalid" outside the years 0 to 9999. Any thread.
void clock_print(int64_t ms, char ret_text[static CLOCK_TEXT_MAX]);
