// The file of the read views: tables, the positions up to which they were filled, and snapshots for
// readers. One thread writes, any thread reads.
#pragma once
#include "query/views/view_table.h"
#include "schemas/topic_table.h"
#include "state/file/environment.h"
#include "state/state_settings.h"

struct view_store;

// How far a partition was taken in.
struct view_position {
    int64_t next;         // The offset to read next: everything below it is in the views.
    int64_t last;         // The offset of the last record taken, -1 if there was none.
    uint64_t fingerprint; // Of that record: tells whether the topic is still the same one.
};

// Called for each stored position of a topic, in the order of partitions.
typedef sg_result (*view_position_fn)(void *context, int32_t partition,
                                      const struct view_position *position);

// Opens the file in `<settings->dir>/serve`, making it if absent. One of another format, or one
// that the last restart of the system may have harmed, begins empty. Fails: SG_FATAL.
SG_RESULT view_store_open(const struct state_settings *settings, struct view_store **ret_store);

// Closes; no snapshot may be open. Accepts NULL.
void view_store_close(struct view_store **store);

// A table of the file. Any thread.
struct table view_store_table(const struct view_store *store, enum view_table table);

// Begins the write transaction; ended by view_store_commit() or transaction_abort(). Fails:
// SG_FATAL.
SG_RESULT view_store_begin(struct view_store *store, struct transaction **ret_transaction);

// Commits and sets `*transaction` to NULL. Fails: SG_ABORT when the file was full: nothing is kept,
// it has been grown, do all of it again. SG_FATAL for the disk.
SG_RESULT view_store_commit(struct view_store *store, struct transaction **transaction);

// Grows the file after a write failed with SG_ABORT and its transaction was aborted. Fails:
// SG_FATAL.
SG_RESULT view_store_grow(struct view_store *store);

// A snapshot for a reader. Short: the file grows while it lasts.
struct view_snapshot {
    struct view_store *store;
    struct transaction *transaction;
};

// Begins a snapshot. Fails: SG_RETRY when too many are open, SG_FATAL. Any thread.
SG_RESULT view_store_read(struct view_store *store, struct view_snapshot *ret_snapshot);

// Ends a snapshot. Accepts one that was never begun.
void view_snapshot_done(struct view_snapshot *snapshot);

// Reads the position of a partition. `*ret_found` false: it was never read. Fails: SG_FATAL.
SG_RESULT view_store_position(struct view_store *store, struct transaction *transaction,
                              const struct kafka_position *at, struct view_position *ret_position,
                              bool *ret_found);

// Writes the position of a partition; `at` gives topic and partition. Fails as table_put().
SG_RESULT view_store_set_position(struct view_store *store, struct transaction *transaction,
                                  const struct kafka_position *at,
                                  const struct view_position *position);

// The format that a view's rows were written in, 0 for none. Fails: SG_FATAL.
SG_RESULT view_store_format(struct view_store *store, struct transaction *transaction,
                            const char *view, uint64_t *ret_format);

// Sets it. Fails as table_put().
SG_RESULT view_store_set_format(struct view_store *store, struct transaction *transaction,
                                const char *view, uint64_t format);

// Forgets the positions of a topic. Fails as table_delete().
SG_RESULT view_store_forget(struct view_store *store, struct transaction *transaction,
                            const char *topic);

// Calls `each` for every position of a topic, by partition. Fails: SG_FATAL, and as `each`.
SG_RESULT view_store_positions(const struct view_snapshot *snapshot, const char *topic,
                               view_position_fn each, void *context);
