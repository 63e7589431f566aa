// The first quote of a run sets the beat; every other one is due that much later.
#include "connectors/source_pace.h"

enum { US_OF_MS = 1000 };

// Longest wait that is told; the caller asks again.
static const double wait_us_max = 1e12;

int64_t source_pace_wait_us(struct source_pace *pace, int64_t event_time_ms, int64_t now_us)
{
    if (pace->speed <= 0) {
        return 0;
    }
    if (!pace->is_set) {
        pace->is_set = true;
        pace->event_start_ms = event_time_ms;
        pace->start_us = now_us;
    }
    double passed_us = (double)(event_time_ms - pace->event_start_ms) * US_OF_MS / pace->speed;
    double wait_us = passed_us - (double)(now_us - pace->start_us);
    if (wait_us <= 0) {
        return 0;
    }
    return (int64_t)(wait_us < wait_us_max ? wait_us : wait_us_max);
}
