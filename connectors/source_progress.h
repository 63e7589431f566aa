// How far a source is: one line that is rewritten on a terminal, a log line now and then elsewhere.
#pragma once
#include "connectors/source.h"

struct source_progress {
    const char *name; // Of the source.
    bool is_terminal;
    bool is_shown; // A line stands on the terminal.
    int64_t start_us;
    int64_t shown_us;
    double start_part; // -1 until it is known.
    int64_t quotes;    // Sent in this run.
    int64_t last_quotes;
    int64_t event_ms; // Of the last quote.
    int64_t event_min_ms;
    int64_t event_max_ms;
};

void source_progress_init(struct source_progress *progress, const char *name);

// Counts a quote that was sent.
void source_progress_take(struct source_progress *progress, int64_t event_time_ms);

// Shows it when it is time to: five times a second on a terminal, else every 5 s.
void source_progress_show(struct source_progress *progress, const struct source_counts *counts,
                          int64_t now_us);

// Takes the line off the terminal, before anything else is written.
void source_progress_clear(struct source_progress *progress);

// The summary of a run, as a log line with `message`.
void source_progress_sum(struct source_progress *progress, const char *message,
                         const struct source_counts *counts);
