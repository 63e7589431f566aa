// One row an instrument: its last value and what is known about it.
#pragma once
#include "query/views/view_store.h"

enum {
    INSTRUMENT_NAME_MAX = 128,
    INSTRUMENT_SOURCE_MAX = 128, // Longer ones are cut.
    INSTRUMENT_UNIT_MAX = 64,    // Likewise.
};

// The numbers of a row.
struct instrument_numbers {
    int64_t event_time;   // Of the last value: the newest, among equals the one read last.
    int64_t timestamp_ms; // Of its record.
    int64_t offset;
    int64_t count;       // Quotes taken, late ones included.
    int64_t late;        // Quotes older than the last value when they came.
    int64_t kept;        // Values in the history.
    int64_t prune_at_ms; // Nothing is too old in the history before this.
    double value;
    int32_t partition;
    uint32_t number; // In the keys of the history.
    bool has_unit;
};

struct instrument_row {
    struct instrument_numbers numbers;
    uint8_t source_size;
    uint8_t unit_size;
    char source[INSTRUMENT_SOURCE_MAX];
    char unit[INSTRUMENT_UNIT_MAX];
};

// The texts of a row, borrowed from it. Any thread.
struct bytes instrument_row_source(const struct instrument_row *row);
struct bytes instrument_row_unit(const struct instrument_row *row);

// Sets a text, cut at a character where it is too long.
void instrument_row_set_source(struct instrument_row *row, struct bytes source);
void instrument_row_set_unit(struct instrument_row *row, bool has_unit, struct bytes unit);

// Reads a row. `*ret_found` false: nobody has sent this instrument. Fails: SG_FATAL. Any thread
// with a snapshot's transaction.
SG_RESULT instrument_view_find(struct view_store *store, struct transaction *transaction,
                               struct bytes instrument, struct instrument_row *ret_row,
                               bool *ret_found);

// Writes a row. Fails as table_put().
SG_RESULT instrument_view_put(struct view_store *store, struct transaction *transaction,
                              struct bytes instrument, const struct instrument_row *row);

// A part of the list, in the order of names as bytes.
struct instrument_page {
    struct bytes prefix; // Only names that begin so.
    struct bytes after;  // Only names behind this one; empty: from the first.
    size_t max;
};

// Called for each instrument of a page; `instrument` is borrowed for the call.
typedef sg_result (*instrument_fn)(void *context, struct bytes instrument,
                                   const struct instrument_row *row);

// Calls `each` for the rows of the page. Fails: SG_FATAL, and as `each`. Any thread.
SG_RESULT instrument_view_list(const struct view_snapshot *snapshot,
                               const struct instrument_page *page, instrument_fn each,
                               void *context);
