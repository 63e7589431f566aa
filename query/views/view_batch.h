// The memory of a view whose rows are whole records: what was taken waits in its order until the
// flush, which does with each what its topic's `write` says.
#pragma once
#include "query/views/view.h"
#include "query/views/view_row.h"

// Writes the rows that a record makes; `record->value` is the struct of its type, `row` the record
// as a row with the record's timestamp. Fails as table_put(), SG_FATAL.
typedef sg_result (*view_batch_write_fn)(const struct view_write *write,
                                         const struct view_record *record, struct view_row *row);

// How the records of a topic become rows.
struct view_batch_kind {
    const struct record_type *type;
    view_batch_write_fn write;
};

struct view_batch;

// The functions of this name in struct view; the state is a struct view_batch.
sg_result view_batch_open(struct view_store *store, const struct view_settings *settings,
                          void **ret_state);
void view_batch_close(void *state);
void view_batch_settled(void *state);
bool view_batch_full(const void *state);

// Takes a record that was found acceptable. `kind` lives as long as the program. Fails: SG_DROP
// when it is too large for a row, SG_FATAL.
SG_RESULT view_batch_add(struct view_batch *batch, const struct view_batch_kind *kind,
                         const struct view_record *record);

// Writes what waits; may be called again with another transaction. Fails as its writes.
SG_RESULT view_batch_flush(struct view_batch *batch, struct transaction *transaction,
                           int64_t now_ms);

// Begins writing by other means than the above, with the batch's store, settings and arena.
struct view_write view_batch_begin(struct view_batch *batch, struct transaction *transaction,
                                   int64_t now_ms);

// How much waits, and the newest timestamp in it, 0 when nothing does.
size_t view_batch_count(const struct view_batch *batch);
int64_t view_batch_newest_ms(const struct view_batch *batch);

// A number that tells these types, the shape of rows and `version` from others.
uint64_t view_batch_format(const struct view_batch_kind *kinds, size_t count, uint64_t version);
