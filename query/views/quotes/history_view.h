// The history of each instrument: its values in the order of (event time, partition, offset), in
// blocks of up to HISTORY_BLOCK_VALUES that never overlap, as the leaves of a tree. A late value
// goes into the block that spans its time.
#pragma once
#include "query/views/view_store.h"

enum { HISTORY_BLOCK_VALUES = 64 };

struct history_value {
    int64_t event_time;
    int64_t offset;
    double value;
    int32_t partition;
};

// What a merge or a prune needs; made for one write transaction.
struct history_writer {
    struct transaction *transaction;
    struct table table;
    struct cursor *cursor;
    struct history_value *scratch;
    size_t scratch_values;
    uint8_t *block;
};

// Begins writing in a transaction; ended by history_writer_done() before the transaction ends.
// Fails: SG_FATAL.
SG_RESULT history_writer_init(struct history_writer *writer, struct view_store *store,
                              struct transaction *transaction);

// Frees what the writer holds. Accepts one that was zeroed.
void history_writer_done(struct history_writer *writer);

// Order of values. Any thread.
int history_value_compare(const struct history_value *left, const struct history_value *right);

// Adds values, which are in order, to instrument `number`. Fails as table_put().
SG_RESULT history_view_merge(struct history_writer *writer, uint32_t number,
                             const struct history_value *values, size_t count);

// What to keep of an instrument.
struct history_limits {
    int64_t oldest_ms; // Blocks that end before go.
    int64_t values;    // Blocks beyond this many values go, the oldest first. 0: no limit.
};

// Removes a few blocks that are past the limits. `*kept` is the number of values the instrument
// has,
// `*ret_again_ms` the time that oldest_ms must pass before more can go. Fails as table_put().
SG_RESULT history_view_prune(struct history_writer *writer, uint32_t number,
                             const struct history_limits *limits, int64_t *kept,
                             int64_t *ret_again_ms);

// A range of an instrument's values: from `from` (included) to `to_ms` (excluded).
struct history_range {
    uint32_t number;
    struct history_value from; // Its value is not looked at.
    int64_t to_ms;
};

// Reads up to `max` values of the range, oldest first. Fails: SG_FATAL. Any thread.
SG_RESULT history_view_range(const struct view_snapshot *snapshot,
                             const struct history_range *range, size_t max,
                             struct history_value *ret_values, size_t *ret_count);

// Reads the last `max` values, newest first. Fails: SG_FATAL. Any thread.
SG_RESULT history_view_last(const struct view_snapshot *snapshot, uint32_t number, size_t max,
                            struct history_value *ret_values, size_t *ret_count);
