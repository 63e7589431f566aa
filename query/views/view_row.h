// A record as a row: where it came from, its time, its Avro bytes.
#pragma once
#include "query/views/view_key.h"
#include "query/views/view_reader.h"
#include "schemas/record_type.h"

// The largest record that becomes a row, in Avro bytes.
enum { VIEW_ROW_BYTES_MAX = 262144 };

struct view_row {
    struct view_place place;
    int64_t time_ms; // What its view goes by: of the record, or what the record says.
    struct bytes avro;
};

// What the writing of rows needs; made for one write transaction.
struct view_write {
    struct view_store *store;
    const struct view_settings *settings;
    struct transaction *transaction;
    struct arena *arena; // Emptied between two records.
    int64_t now_ms;      // The newest time of a record that is known, for what is forgotten by age.
};

// The row under a key; borrowed until the transaction ends or writes. `*ret_found` false: there is
// none. Fails: SG_FATAL.
SG_RESULT view_row_get(const struct view_snapshot *from, enum view_table table,
                       const struct view_key *key, struct view_row *ret_row, bool *ret_found);

// Takes a row's bytes apart; borrowed from them. Fails: SG_FATAL when they are none.
SG_RESULT view_row_read(struct bytes bytes, struct view_row *ret_row);

// Decodes the row's record into a struct of its type. Lists go to the arena, texts are borrowed
// from the row. Fails: SG_FATAL.
SG_RESULT view_row_decode(const struct view_row *row, const struct record_type *type,
                          struct arena *arena, void *ret_record);

// Writes a row. Fails as table_put().
SG_RESULT view_row_put(const struct view_write *write, enum view_table table,
                       const struct view_key *key, const struct view_row *row);

// Where the writer reads: what it wrote itself is seen.
struct view_snapshot view_row_snapshot(const struct view_write *write);
