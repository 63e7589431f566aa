// Stretches of partitions, each read on its own from a first offset to an end: what an audit reads.
// Only what is committed is seen. It belongs to no group and never writes. One thread.
#pragma once
#include "app/settings_all.h"
#include "core/kafka/consumer.h"

struct log_reader;

// A stretch of one partition.
struct log_span {
    enum topic topic;
    int32_t partition;
    int64_t from; // First offset wanted; below what is kept it is the first that is kept.
    int64_t
        end; // Behind the last offset wanted, at most LOG_END_COMMITTED; or one of enum log_end.
};

// Ends that are found when the reader is opened.
enum log_end {
    LOG_END_COMMITTED = -1, // Where the oldest open transaction begins.
    LOG_END_WRITTEN = -2,   // Behind what open transactions wrote; reading waits until they have
                            // ended.
};

// Most spans of one reader, and most partitions of a topic.
enum { LOG_SPANS_MAX = 4096 };

// Number of partitions of a topic. Fails: SG_FATAL for one that is not there, SG_RETRY.
SG_RESULT log_reader_partitions(const struct settings_all *all, enum topic topic,
                                int32_t *ret_count);

// Opens the spans; `from` and `end` of each become what is read. `prefetch_bytes` bounds what is
// read ahead for all together. Fails: SG_FATAL, SG_RETRY when no broker answers.
SG_RESULT log_reader_open(const struct settings_all *all, struct log_span *spans, size_t count,
                          int64_t prefetch_bytes, struct log_reader **ret_reader);

// Accepts NULL.
void log_reader_close(struct log_reader **reader);

// The next record of the span with this number, NULL behind its end; borrowed until the next call
// for the same span. Fails: SG_FATAL where records are missed; SG_RETRY when a transaction stays
// open for longer than any may, and when asked to stop.
SG_RESULT log_reader_next(struct log_reader *reader, size_t at,
                          const struct kafka_record **ret_record);

// The same record again with the next log_reader_next() of this span.
void log_reader_unread(struct log_reader *reader, size_t at);

// Moves the end of a span to what is written now. Fails: SG_RETRY, SG_FATAL.
SG_RESULT log_reader_extend(struct log_reader *reader, size_t at);

// Where the span will be read next.
int64_t log_reader_position(const struct log_reader *reader, size_t at);

// The offset of the first record of a partition at or after a time. Fails as log_reader_open().
SG_RESULT log_reader_offset_at(const struct settings_all *all, enum topic topic, int32_t partition,
                               int64_t time_ms, int64_t *ret_offset);
