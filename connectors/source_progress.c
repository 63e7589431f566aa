// Both forms tell the same: rows, quotes and their rate, event time, part and rest time.
#include "connectors/source_progress.h"

#include "core/service/clock.h"
#include "core/service/log.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { US_OF_SECOND = 1000000, TERMINAL_US = 200000, LOG_US = 5000000, PART_TEXT_MAX = 48 };

void source_progress_init(struct source_progress *progress, const char *name)
{
    int64_t now_us = clock_monotonic_us();
    *progress = (struct source_progress){
        .name = name,
        .is_terminal = isatty(STDERR_FILENO) == 1,
        .start_us = now_us,
        .shown_us = now_us,
        .start_part = -1,
        .event_min_ms = INT64_MAX,
        .event_max_ms = INT64_MIN,
    };
}

void source_progress_take(struct source_progress *progress, int64_t event_time_ms)
{
    progress->quotes++;
    progress->event_ms = event_time_ms;
    if (event_time_ms < progress->event_min_ms) {
        progress->event_min_ms = event_time_ms;
    }
    if (event_time_ms > progress->event_max_ms) {
        progress->event_max_ms = event_time_ms;
    }
}

static double seconds_since(int64_t start_us, int64_t now_us)
{
    return (double)(now_us - start_us) / US_OF_SECOND;
}

static double rate_of(int64_t count, double seconds)
{
    return seconds > 0 ? (double)count / seconds : 0;
}

// Seconds left at the pace of this run, -1 unknown.
static double rest_of(const struct source_progress *progress, double part, int64_t now_us)
{
    double done = part - progress->start_part;
    if (part < 0 || done <= 0) {
        return -1;
    }
    return seconds_since(progress->start_us, now_us) * (1 - part) / done;
}

static void print_rest(double part, double rest, char ret_text[static PART_TEXT_MAX])
{
    ret_text[0] = '\0';
    if (part >= 0 && rest >= 0) {
        int64_t seconds = (int64_t)ceil(rest);
        snprintf(ret_text, PART_TEXT_MAX, "  %.0f %%, %" PRId64 ":%02d:%02d left",
                 floor(part * 100), seconds / 3600, (int)(seconds / 60 % 60), (int)(seconds % 60));
    }
}

static void show_on_terminal(struct source_progress *progress, const struct source_counts *counts,
                             double rate, double rest)
{
    char event_time[CLOCK_TEXT_MAX];
    char rest_text[PART_TEXT_MAX];
    clock_print(progress->event_ms, event_time);
    print_rest(counts->part, rest, rest_text);
    fprintf(stderr, "\r%s: %" PRId64 " rows, %.0f quotes/s, at %s%s\033[K", progress->name,
            counts->rows, rate, event_time, rest_text);
    fflush(stderr);
    progress->is_shown = true;
}

static void show_in_log(const struct source_progress *progress, const struct source_counts *counts,
                        double rate, double rest)
{
    char event_time[CLOCK_TEXT_MAX];
    clock_print(progress->event_ms, event_time);
    const struct log_field fields[] = {
        log_text("source", progress->name),
        log_int("rows", counts->rows),
        log_int("quotes", progress->quotes),
        log_int("quotes_per_second", (int64_t)rate),
        log_text("event_time", event_time),
        log_double("percent", counts->part < 0 ? -1 : floor(counts->part * 100)),
        log_double("seconds_left", rest < 0 ? -1 : ceil(rest)),
        {.name = NULL},
    };
    log_info("fetching", fields);
}

void source_progress_show(struct source_progress *progress, const struct source_counts *counts,
                          int64_t now_us)
{
    // Until the first quote a source may only pass over what was sent before.
    if (progress->start_part < 0 || progress->quotes == 0) {
        progress->start_part = counts->part;
    }
    if (now_us - progress->shown_us < (progress->is_terminal ? TERMINAL_US : LOG_US) ||
        progress->quotes == 0) {
        return;
    }
    int64_t fresh = progress->quotes - progress->last_quotes;
    double rate = rate_of(fresh, seconds_since(progress->shown_us, now_us));
    double rest = rest_of(progress, counts->part, now_us);
    progress->shown_us = now_us;
    progress->last_quotes = progress->quotes;
    if (progress->is_terminal) {
        show_on_terminal(progress, counts, rate, rest);
    } else {
        show_in_log(progress, counts, rate, rest);
    }
}

void source_progress_clear(struct source_progress *progress)
{
    if (progress->is_shown) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        progress->is_shown = false;
    }
}

void source_progress_sum(struct source_progress *progress, const char *message,
                         const struct source_counts *counts)
{
    char from[CLOCK_TEXT_MAX] = "";
    char to[CLOCK_TEXT_MAX] = "";
    double seconds = seconds_since(progress->start_us, clock_monotonic_us());
    if (progress->quotes > 0) {
        clock_print(progress->event_min_ms, from);
        clock_print(progress->event_max_ms, to);
    }
    source_progress_clear(progress);
    const struct log_field fields[] = {
        log_text("source", progress->name),
        log_int("rows", counts->rows),
        log_int("quotes", progress->quotes),
        log_int("skipped", counts->skipped),
        log_int("bad", counts->bad),
        log_double("seconds", round(seconds * 1000) / 1000),
        log_int("quotes_per_second", (int64_t)rate_of(progress->quotes, seconds)),
        log_text("from", from),
        log_text("to", to),
        {.name = NULL},
    };
    log_info(message, fields);
}
