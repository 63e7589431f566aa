// What a user was told, one row a record, in the order of time: the newest first, the oldest
// forgotten. A log has its rows in one table under user and log key; other tables that lead to them
// are its view's work.
#pragma once
#include "query/views/view_row.h"

enum {
    VIEW_LOG_KEY_BYTES = 20,  // Inverted time, offset and partition, big-endian.
    VIEW_LOG_EARLIEST_MS = 0, // No record is older.
};

// One const struct a log.
struct view_log {
    enum view_table table;
    uint8_t id; // Of its counts in the file; never changed.

    // Removes what else leads to a row, before the row goes. `key` is the log key. Both are copies.
    // Fails as table_delete(), SG_FATAL.
    sg_result (*forget)(const struct view_write *write, struct bytes user_id, struct bytes key,
                        const struct view_row *row);
};

struct view_log_key {
    uint8_t data[VIEW_LOG_KEY_BYTES];
};

// The key of a row in its log, by the row's time and place. Any thread.
struct view_log_key view_log_key_of(const struct view_row *row);

// Adds a row, which is not there yet, and forgets the oldest while there are more than `max`, a few
// at a time. Fails as table_put() and forget().
SG_RESULT view_log_add(const struct view_write *write, const struct view_log *log,
                       struct bytes user_id, const struct view_row *row, int64_t max);

// Forgets rows older than a time, a few at a time. Fails likewise.
SG_RESULT view_log_forget_before(const struct view_write *write, const struct view_log *log,
                                 struct bytes user_id, int64_t time_ms);

// Empties a log and its counts. Fails as table_clear(), SG_FATAL.
SG_RESULT view_log_clear(const struct view_write *write, const struct view_log *log);

// The row with a log key. Fails: SG_FATAL, also when it is not there.
SG_RESULT view_log_get(const struct view_reader *reader, const struct view_log *log,
                       struct bytes key, struct view_row *ret_row);

// A part of a log.
struct view_log_page {
    int64_t from_ms;    // Included.
    int64_t to_ms;      // Excluded.
    struct bytes after; // Only rows behind the one with this key; empty: from the newest.
    size_t max;
};

// Where log keys stand: in a table, under a prefix.
struct view_log_place {
    enum view_table table;
    struct view_key prefix;
};

// Called for each log key of a page; borrowed for the call.
typedef sg_result (*view_log_fn)(void *context, struct bytes key);

// Calls `each` for the log keys of a place that belong to the page, newest first. Fails: SG_FATAL,
// and as `each`.
SG_RESULT view_log_walk(const struct view_snapshot *snapshot, const struct view_log_place *place,
                        const struct view_log_page *page, view_log_fn each, void *context);
