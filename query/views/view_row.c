// A row: place and time, big-endian, then the record.
#include "query/views/view_row.h"

#include <endian.h>
#include <string.h>

enum { HEAD_BYTES = 20 };

static void write_head(const struct view_row *row, uint8_t *at)
{
    uint32_t partition = htobe32((uint32_t)row->place.partition);
    uint64_t offset = htobe64((uint64_t)row->place.offset);
    uint64_t time = htobe64((uint64_t)row->time_ms);
    memcpy(at, &partition, sizeof partition);
    memcpy(at + 4, &offset, sizeof offset);
    memcpy(at + 12, &time, sizeof time);
}

sg_result view_row_read(struct bytes bytes, struct view_row *ret_row)
{
    uint32_t partition = 0;
    uint64_t offset = 0;
    uint64_t time = 0;
    if (bytes.size < HEAD_BYTES) {
        return sg_fail(SG_FATAL, 0, "views: a row cannot be read");
    }
    memcpy(&partition, bytes.data, sizeof partition);
    memcpy(&offset, bytes.data + 4, sizeof offset);
    memcpy(&time, bytes.data + 12, sizeof time);
    *ret_row = (struct view_row){
        .place = {(int32_t)be32toh(partition), (int64_t)be64toh(offset)},
        .time_ms = (int64_t)be64toh(time),
        .avro = bytes_of(bytes.data + HEAD_BYTES, bytes.size - HEAD_BYTES),
    };
    return sg_ok();
}

sg_result view_row_get(const struct view_snapshot *from, enum view_table table,
                       const struct view_key *key, struct view_row *ret_row, bool *ret_found)
{
    struct bytes value;
    SG_TRY(table_get(from->transaction, view_store_table(from->store, table), view_key_bytes(key),
                     &value, ret_found));
    return *ret_found ? view_row_read(value, ret_row) : sg_ok();
}

sg_result view_row_decode(const struct view_row *row, const struct record_type *type,
                          struct arena *arena, void *ret_record)
{
    sg_result decoded = type->decode(row->avro, arena, ret_record);
    if (decoded.class == SG_DROP) {
        return sg_fail(SG_FATAL, 0, "views: a row of %s cannot be read: %s", type->name,
                       sg_reason());
    }
    return decoded;
}

sg_result view_row_put(const struct view_write *write, enum view_table table,
                       const struct view_key *key, const struct view_row *row)
{
    uint8_t *bytes = arena_take(write->arena, HEAD_BYTES + row->avro.size);
    if (bytes == NULL) {
        return sg_fail(SG_FATAL, 0, "views: out of memory");
    }
    write_head(row, bytes);
    memcpy(bytes + HEAD_BYTES, row->avro.data, row->avro.size);
    return table_put(write->transaction, view_store_table(write->store, table), view_key_bytes(key),
                     bytes_of(bytes, HEAD_BYTES + row->avro.size));
}

struct view_snapshot view_row_snapshot(const struct view_write *write)
{
    return (struct view_snapshot){write->store, write->transaction};
}
