// Records of several topics, merged by their timestamps: what `soglia tail` shows.
#pragma once
#include "app/settings_all.h"
#include "core/kafka/consumer.h"

struct tail_source;

// Where to begin, in every partition.
enum tail_start {
    TAIL_START_BEGINNING,
    TAIL_START_END,
    TAIL_START_OFFSET, // At this offset, or the nearest that is kept.
    TAIL_START_LAST,   // At the last so many offsets.
    TAIL_START_TIME,   // At the first record of this time or later.
};

struct tail_position {
    enum tail_start start;
    int64_t value; // An offset, a number of records, or ms since 1970.
};

// Reads where to begin: "beginning", "end", an offset, "-10" for the last ten of each partition, a
// time in RFC 3339 or a duration before `now_ms` ("10m"). Fails: SG_FATAL with COMMAND_BAD_WORDS.
SG_RESULT tail_position_read(const char *text, int64_t now_ms, struct tail_position *ret_position);

// Opens the topics without a group, read_committed. Fails: SG_FATAL for a topic that is not there,
// SG_RETRY when no broker answers.
SG_RESULT tail_source_open(const struct settings_all *all, const enum topic *topics, size_t count,
                           const struct tail_position *from, struct tail_source **ret_source);

// Accepts NULL.
void tail_source_close(struct tail_source **source);

// The next record in the order of timestamps, ties in the order of topics and partitions; borrowed
// until the next call. A partition that is at its end holds nobody up. `*ret_more` false: all are
// at their end; with `follow` it waits for more instead, and flushes standard output before. Fails:
// SG_FATAL.
SG_RESULT tail_source_next(struct tail_source *source, bool follow,
                           const struct kafka_record **ret_record, enum topic *ret_topic,
                           bool *ret_more);
