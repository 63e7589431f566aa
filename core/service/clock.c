// Clocks of the system.
#include "core/service/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

enum { MS_OF_SECOND = 1000 };

// 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z.
static const int64_t first_ms = INT64_C(-62167219200000);
static const int64_t last_ms = INT64_C(253402300799999);

int64_t clock_wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * MS_OF_SECOND + now.tv_nsec / 1000000;
}

int64_t clock_monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void clock_sleep_ms(int64_t ms)
{
    if (ms <= 0) {
        return;
    }
    struct timespec wait = {.tv_sec = ms / MS_OF_SECOND,
                            .tv_nsec = (long)(ms % MS_OF_SECOND) * 1000000};
    nanosleep(&wait, NULL);
}

void clock_print(int64_t ms, char ret_text[static CLOCK_TEXT_MAX])
{
    struct tm parts = {0};
    bool is_known = ms >= first_ms && ms <= last_ms;
    // Division rounds down, so that times before 1970 keep a positive fraction.
    int64_t fraction = is_known ? (ms % MS_OF_SECOND + MS_OF_SECOND) % MS_OF_SECOND : 0;
    time_t seconds = is_known ? (time_t)((ms - fraction) / MS_OF_SECOND) : 0;
    if (!is_known || gmtime_r(&seconds, &parts) == NULL) {
        snprintf(ret_text, CLOCK_TEXT_MAX, "invalid");
        return;
    }
    // The remainders change nothing; they show the compiler that each part has its digits.
    snprintf(ret_text, CLOCK_TEXT_MAX, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
             (unsigned)(parts.tm_year + 1900) % 10000, (unsigned)(parts.tm_mon + 1) % 100,
             (unsigned)parts.tm_mday % 100, (unsigned)parts.tm_hour % 100,
             (unsigned)parts.tm_min % 100, (unsigned)parts.tm_sec % 100, (unsigned)fraction);
}
