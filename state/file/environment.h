// One LMDB file with its tables, transactions and cursors. The only place that calls LMDB.
// One writer at a time; a write transaction and its cursors belong to one thread. Read transactions
// may run in any thread beside the writer and see what was committed when they began.
#pragma once
#include "core/bytes.h"
#include "core/result.h"

// Longest key LMDB takes.
enum { ENVIRONMENT_KEY_MAX = 511 };

// Whether a commit reaches the disk before it returns. Without it a commit survives the death of
// the process but not that of the system.
enum environment_sync { ENVIRONMENT_SYNC_NONE, ENVIRONMENT_SYNC_COMMIT };

struct environment;

// A table in the file. Handles live as long as the environment.
struct table {
    unsigned handle;
};

struct transaction;

// Opens the file at `path` (a folder is made with its parents), making it if absent, and locks it
// against other processes. A file that was written without sync before the system died cannot be
// trusted and is emptied. `map_bytes` is the most it may grow to at first; a full map is grown by
// environment_grow(). Fails: SG_FATAL when it is locked (naming the other process), unreadable or
// of a newer format.
SG_RESULT environment_open(const char *path, int64_t map_bytes, enum environment_sync sync,
                           struct environment **ret_environment);

// Flushes and closes; no transaction may be open. Accepts NULL.
void environment_close(struct environment **environment);

// Opens a table, making it if absent. No transaction of this thread may be open.
SG_RESULT environment_table(struct environment *environment, const char *name,
                            struct table *ret_table);

// True when a write failed since the last growth because the map was full.
bool environment_was_full(const struct environment *environment);

// Doubles the map, which moves it: waits until nobody reads. make_room: only when less than a
// quarter is left, so that few transactions meet a full one, and not while anybody reads. For the
// thread that writes, between its transactions. Fails: SG_FATAL.
SG_RESULT environment_grow(struct environment *environment);
SG_RESULT environment_make_room(struct environment *environment);

// Writes everything to the disk now. Any thread.
SG_RESULT environment_flush(struct environment *environment);

// Bytes in use in the file; frees the slots of readers that died. Any thread.
int64_t environment_used_bytes(struct environment *environment);

// Begins a transaction. A read one should be short, as growth waits for it, and ends in its thread,
// which has no other. Fails: SG_FATAL; SG_RETRY when all reader slots are taken.
SG_RESULT transaction_begin(struct environment *environment, bool write,
                            struct transaction **ret_transaction);

// Ends a write transaction and sets `*transaction` to NULL, whatever the result. Fails: SG_ABORT
// when the map was full (nothing is kept: call environment_grow() and do all of it again), SG_FATAL
// for the disk.
SG_RESULT transaction_commit(struct transaction **transaction);

// Ends a transaction without a trace. Accepts NULL.
void transaction_abort(struct transaction **transaction);

// The value of a key, borrowed until the transaction ends or writes; `*ret_found` false: none.
SG_RESULT table_get(struct transaction *transaction, struct table table, struct bytes key,
                    struct bytes *ret_value, bool *ret_found);

// Writes a key. Fails: SG_ABORT when the map is full (see transaction_commit()), SG_FATAL.
SG_RESULT table_put(struct transaction *transaction, struct table table, struct bytes key,
                    struct bytes value);

// Removes a key; one that is not there is no failure.
SG_RESULT table_delete(struct transaction *transaction, struct table table, struct bytes key);

// Removes everything.
SG_RESULT table_clear(struct transaction *transaction, struct table table);

// A place in a table, in the order of keys as bytes. Closed before its transaction ends.
struct cursor;
SG_RESULT cursor_open(struct transaction *transaction, struct table table,
                      struct cursor **ret_cursor);
void cursor_close(struct cursor **cursor);

// Move and read. `*ret_found` false: there is no such place. Key and value are borrowed until the
// transaction ends or writes. at_least: the first key >= `key`. at_most: the last key <= `key`.
SG_RESULT cursor_at_least(struct cursor *cursor, struct bytes key, struct bytes *ret_key,
                          struct bytes *ret_value, bool *ret_found);
SG_RESULT cursor_at_most(struct cursor *cursor, struct bytes key, struct bytes *ret_key,
                         struct bytes *ret_value, bool *ret_found);
SG_RESULT cursor_next(struct cursor *cursor, struct bytes *ret_key, struct bytes *ret_value,
                      bool *ret_found);
SG_RESULT cursor_previous(struct cursor *cursor, struct bytes *ret_key, struct bytes *ret_value,
                          bool *ret_found);

// Writes a key and moves there. Faster than table_put() where the key is near the cursor. Fails as
// table_put().
SG_RESULT cursor_put(struct cursor *cursor, struct bytes key, struct bytes value);
