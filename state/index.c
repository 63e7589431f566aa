// Ordered key sets: a table without values and one cursor that lives as long as the transaction.
#include "state/index_table.h"

#include "state/piece.h"

#include <string.h>

// LMDB wants a value; one byte says that there is none.
static const uint8_t no_value[1] = {0};

static sg_result open_cursor(struct index *index)
{
    if (index->cursor != NULL) {
        return sg_ok();
    }
    struct transaction *transaction = NULL;
    SG_TRY(batch_transaction(index->batch, &transaction));
    return cursor_open(transaction, index->table, &index->cursor);
}

void index_release(struct index *index)
{
    cursor_close(&index->cursor);
}

sg_result index_add(struct index *index, struct bytes key)
{
    if (index->gathered != NULL) {
        return piece_add(index->gathered, key, bytes_of(no_value, sizeof no_value), true);
    }
    struct transaction *transaction = NULL;
    SG_TRY(batch_transaction(index->batch, &transaction));
    return table_put(transaction, index->table, key, bytes_of(no_value, sizeof no_value));
}

sg_result index_remove(struct index *index, struct bytes key)
{
    struct transaction *transaction = NULL;
    SG_TRY(batch_transaction(index->batch, &transaction));
    return table_delete(transaction, index->table, key);
}

static void keep_key(struct bytes key, struct index_key *ret_key)
{
    ret_key->size = key.size;
    memcpy(ret_key->data, key.data, key.size);
}

// One of the four cursor moves, its key copied.
static sg_result keep(sg_result moved, struct bytes key, bool found, struct index_key *ret_key)
{
    if (sg_is_ok(moved) && found) {
        keep_key(key, ret_key);
    }
    return moved;
}

sg_result index_at_least(struct index *index, struct bytes key, struct index_key *ret_key,
                         bool *ret_found)
{
    SG_TRY(open_cursor(index));
    struct bytes place;
    struct bytes value;
    sg_result moved = cursor_at_least(index->cursor, key, &place, &value, ret_found);
    return keep(moved, place, *ret_found, ret_key);
}

sg_result index_at_most(struct index *index, struct bytes key, struct index_key *ret_key,
                        bool *ret_found)
{
    SG_TRY(open_cursor(index));
    struct bytes place;
    struct bytes value;
    sg_result moved = cursor_at_most(index->cursor, key, &place, &value, ret_found);
    return keep(moved, place, *ret_found, ret_key);
}

sg_result index_next(struct index *index, struct index_key *ret_key, bool *ret_found)
{
    struct bytes place;
    struct bytes value;
    sg_result moved = cursor_next(index->cursor, &place, &value, ret_found);
    return keep(moved, place, *ret_found, ret_key);
}

sg_result index_previous(struct index *index, struct index_key *ret_key, bool *ret_found)
{
    struct bytes place;
    struct bytes value;
    sg_result moved = cursor_previous(index->cursor, &place, &value, ret_found);
    return keep(moved, place, *ret_found, ret_key);
}

struct bytes index_key_bytes(const struct index_key *key)
{
    return bytes_of(key->data, key->size);
}
