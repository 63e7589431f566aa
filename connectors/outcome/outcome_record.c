// Layout, numbers in little endian: u16 size of what follows the checksum, u64 checksum of it,
// i64 at, i32 attempt, i32 code, u8 outcome (0x80 added when ambiguous, 0x40 when not_before is
// there), u16 size of the id, id, i64 not_before if it is there, reply.
#include "connectors/outcome/outcome_record.h"
#include "core/hash.h"

#include <string.h>

enum { FRAME_SIZE = 2 + 8, FIXED_SIZE = 8 + 4 + 4 + 1 + 2 };
enum { AMBIGUOUS = 0x80, DEFERRED = 0x40, NOT_BEFORE_SIZE = 8 };
_Static_assert(FRAME_SIZE + FIXED_SIZE + OUTCOME_ID_MAX + NOT_BEFORE_SIZE + OUTCOME_REPLY_MAX <=
                   OUTCOME_RECORD_MAX,
               "a record fits");

static void put(uint8_t *target, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        target[i] = (uint8_t)(value >> (8 * i));
    }
}

static uint64_t get(const uint8_t *source, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value |= (uint64_t)source[i] << (8 * i);
    }
    return value;
}

sg_result outcome_record_write(const struct outcome_record *record, struct buffer *out)
{
    struct bytes id = record->notification_id;
    struct bytes reply = record->reply;
    if (id.size > OUTCOME_ID_MAX) {
        return sg_fail(SG_DROP, 0, "notification id: longer than %d bytes", OUTCOME_ID_MAX);
    }
    reply.size = reply.size < OUTCOME_REPLY_MAX ? reply.size : OUTCOME_REPLY_MAX;

    uint8_t whole[OUTCOME_RECORD_MAX];
    uint8_t *body = whole + FRAME_SIZE;
    size_t time_size = record->not_before != 0 ? NOT_BEFORE_SIZE : 0;
    size_t size = FIXED_SIZE + id.size + time_size + reply.size;
    uint64_t flags = (record->ambiguous ? AMBIGUOUS : 0U) | (time_size > 0 ? DEFERRED : 0U);
    put(body, (uint64_t)record->at, 8);
    put(body + 8, (uint32_t)record->attempt, 4);
    put(body + 12, (uint32_t)record->code, 4);
    put(body + 16, (uint64_t)record->outcome | flags, 1);
    put(body + 17, id.size, 2);
    if (id.size > 0) {
        memcpy(body + FIXED_SIZE, id.data, id.size);
    }
    put(body + FIXED_SIZE + id.size, (uint64_t)record->not_before, time_size);
    if (reply.size > 0) {
        memcpy(body + FIXED_SIZE + id.size + time_size, reply.data, reply.size);
    }
    put(whole, size, 2);
    put(whole + 2, hash_bytes(bytes_of(body, size)), 8);
    return buffer_append(out, bytes_of(whole, FRAME_SIZE + size));
}

bool outcome_record_read(struct bytes bytes, struct outcome_record *ret_record, size_t *ret_size)
{
    if (bytes.size < FRAME_SIZE + FIXED_SIZE) {
        return false;
    }
    size_t size = (size_t)get(bytes.data, 2);
    const uint8_t *body = bytes.data + FRAME_SIZE;
    if (size < FIXED_SIZE || size > bytes.size - FRAME_SIZE ||
        get(bytes.data + 2, 8) != hash_bytes(bytes_of(body, size))) {
        return false;
    }
    size_t id_size = (size_t)get(body + 17, 2);
    uint64_t flags = get(body + 16, 1) & (AMBIGUOUS | DEFERRED);
    uint64_t outcome = get(body + 16, 1) & ~flags;
    size_t time_size = (flags & DEFERRED) != 0 ? NOT_BEFORE_SIZE : 0;
    if (id_size + time_size > size - FIXED_SIZE || outcome > OUTCOME_EXPIRED) {
        return false;
    }
    const uint8_t *text = body + FIXED_SIZE + id_size;
    int64_t not_before = (int64_t)get(text, time_size);
    if (time_size > 0 && not_before == 0) {
        return false; // Nobody writes it so.
    }
    *ret_record = (struct outcome_record){
        .notification_id = bytes_of(body + FIXED_SIZE, id_size),
        .attempt = (int32_t)(uint32_t)get(body + 8, 4),
        .outcome = (enum outcome)outcome,
        .ambiguous = (flags & AMBIGUOUS) != 0,
        .code = (int32_t)(uint32_t)get(body + 12, 4),
        .reply = bytes_of(text + time_size, size - FIXED_SIZE - id_size - time_size),
        .at = (int64_t)get(body, 8),
        .not_before = not_before,
    };
    *ret_size = FRAME_SIZE + size;
    return true;
}
