// Cursors: places in a table.
#include "state/file/lmdb_handles.h"

#include <stdlib.h>

sg_result cursor_open(struct transaction *transaction, struct table table,
                      struct cursor **ret_cursor)
{
    SG_CLEANUP(cursor_close) struct cursor *cursor = calloc(1, sizeof *cursor);
    if (cursor == NULL) {
        return sg_fail(SG_FATAL, 0, "state %s: out of memory", transaction->environment->path);
    }
    cursor->transaction = transaction;
    SG_TRY(lmdb_result(mdb_cursor_open(transaction->txn, table.handle, &cursor->cursor),
                       transaction->environment->path, "open cursor"));
    *ret_cursor = SG_MOVE(cursor);
    return sg_ok();
}

void cursor_close(struct cursor **cursor)
{
    if (*cursor == NULL) {
        return;
    }
    if ((*cursor)->cursor != NULL) {
        mdb_cursor_close((*cursor)->cursor);
    }
    free(*cursor);
    *cursor = NULL;
}

// Where a cursor was moved to, and where the caller wants to have it.
struct place {
    MDB_val key;
    MDB_val value;
    struct bytes *ret_key;
    struct bytes *ret_value;
    bool *ret_found;
};

static sg_result read_place(struct cursor *cursor, int code, const struct place *place)
{
    if (code == MDB_NOTFOUND) {
        *place->ret_found = false;
        return sg_ok();
    }
    SG_TRY(lmdb_result(code, cursor->transaction->environment->path, "move cursor"));
    *place->ret_key = lmdb_bytes(place->key);
    *place->ret_value = lmdb_bytes(place->value);
    *place->ret_found = true;
    return sg_ok();
}

sg_result cursor_at_least(struct cursor *cursor, struct bytes key, struct bytes *ret_key,
                          struct bytes *ret_value, bool *ret_found)
{
    struct place place = {lmdb_value(key), {0, NULL}, ret_key, ret_value, ret_found};
    int code = mdb_cursor_get(cursor->cursor, &place.key, &place.value, MDB_SET_RANGE);
    return read_place(cursor, code, &place);
}

sg_result cursor_at_most(struct cursor *cursor, struct bytes key, struct bytes *ret_key,
                         struct bytes *ret_value, bool *ret_found)
{
    struct place place = {lmdb_value(key), {0, NULL}, ret_key, ret_value, ret_found};
    int code = mdb_cursor_get(cursor->cursor, &place.key, &place.value, MDB_SET_RANGE);
    if (code == MDB_NOTFOUND) {
        code = mdb_cursor_get(cursor->cursor, &place.key, &place.value, MDB_LAST);
    } else if (code == MDB_SUCCESS && bytes_compare(lmdb_bytes(place.key), key) > 0) {
        code = mdb_cursor_get(cursor->cursor, &place.key, &place.value, MDB_PREV);
    }
    return read_place(cursor, code, &place);
}

static sg_result step(struct cursor *cursor, MDB_cursor_op direction, struct place *place)
{
    int code = mdb_cursor_get(cursor->cursor, &place->key, &place->value, direction);
    return read_place(cursor, code, place);
}

sg_result cursor_next(struct cursor *cursor, struct bytes *ret_key, struct bytes *ret_value,
                      bool *ret_found)
{
    struct place place = {{0, NULL}, {0, NULL}, ret_key, ret_value, ret_found};
    return step(cursor, MDB_NEXT, &place);
}

sg_result cursor_previous(struct cursor *cursor, struct bytes *ret_key, struct bytes *ret_value,
                          bool *ret_found)
{
    struct place place = {{0, NULL}, {0, NULL}, ret_key, ret_value, ret_found};
    return step(cursor, MDB_PREV, &place);
}

sg_result cursor_put(struct cursor *cursor, struct bytes key, struct bytes value)
{
    struct environment *environment = cursor->transaction->environment;
    MDB_val place = lmdb_value(key);
    MDB_val stored = lmdb_value(value);
    int code = mdb_cursor_put(cursor->cursor, &place, &stored, 0);
    return lmdb_written(code, environment, "put");
}
