// A point of the past as people write it: a time, or offsets.
#pragma once
#include "app/audit/as_of.h"

enum { POINT_PARTITIONS_MAX = 1024 };

struct point_word {
    bool is_time;
    int64_t time_ms; // Everything up to and including this time.
    // By partition, -1 for one that is not named.
    int64_t ends[AS_OF_INPUTS][POINT_PARTITIONS_MAX];
};

// Reads "2026-11-21T08:00:00Z", a duration before `now_ms` ("10m"), or offsets behind the last
// record wanted: "quotes:0=120,quotes:1=77", also in the form of the header Soglia-Position,
// "quotes:0=120,1=77;subscriptions:0=4". Fails: SG_FATAL with COMMAND_BAD_WORDS.
SG_RESULT point_word_read(const char *text, int64_t now_ms, struct point_word *ret_point);

// The point in one partition; `*ret_wanted` false when the word names other partitions only. Fails
// as log_reader_offset_at().
SG_RESULT point_word_at(const struct point_word *word, const struct settings_all *all,
                        int32_t partition, struct as_of_point *ret_point, bool *ret_wanted);
