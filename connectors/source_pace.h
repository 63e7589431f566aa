// When a quote is due, by its event time. Pure.
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct source_pace {
    double speed; // Event time by real time; 0: everything is due at once.
    bool is_set;  // The first quote sets both.
    int64_t event_start_ms;
    int64_t start_us;
};

// Microseconds until a quote of this event time is due, 0 for one that is due or late. `now_us` is
// of the monotonic clock. Any thread.
int64_t source_pace_wait_us(struct source_pace *pace, int64_t event_time_ms, int64_t now_us);
