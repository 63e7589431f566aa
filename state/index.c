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

// The key outlives the writes that follow.
static void keep_key(struct bytes key, struct index_key *ret_key)
{
    ret_key->size = key.size;
    memcpy(ret_key->data, key.data, key.size);
}

sg_result index_at_least(struct index *index, struct bytes key, struct index_key *ret_key,
                         bool *ret_found)
{
    SG_TRY(open_cursor(index));
    struct bytes place = {NULL, 0};
    struct bytes value;
    SG_TRY(cursor_at_least(index->cursor, key, &place, &value, ret_found));
    if (*ret_found) {
        keep_key(place, ret_key);
    }
    return sg_ok();
}

sg_result index_at_most(struct index *index, struct bytes key, struct index_key *ret_key,
                        bool *ret_found)
{
    SG_TRY(open_cursor(index));
    struct bytes place = {NULL, 0};
    struct bytes value;
    SG_TRY(cursor_at_most(index->cursor, key, &place, &value, ret_found));
    if (*ret_found) {
        keep_key(place, ret_key);
    }
    return sg_ok();
}

sg_result index_next(struct index *index, struct index_key *ret_key, bool *ret_found)
{
    struct bytes place = {NULL, 0};
    struct bytes value;
    SG_TRY(cursor_next(index->cursor, &place, &value, ret_found));
    if (*ret_found) {
        keep_key(place, ret_key);
    }
    return sg_ok();
}

sg_result index_previous(struct index *index, struct index_key *ret_key, bool *ret_found)
{
    struct bytes place = {NULL, 0};
    struct bytes value;
    SG_TRY(cursor_previous(index->cursor, &place, &value, ret_found));
    if (*ret_found) {
        keep_key(place, ret_key);
    }
    return sg_ok();
}

struct bytes index_key_bytes(const struct index_key *key)
{
    return bytes_of(key->data, key->size);
}
