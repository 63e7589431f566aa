// Layout, numbers in little endian: u16 size of what follows the checksum, u64 checksum of it,
// i64 at, i32 attempt, i32 code, u8 outcome (0x80 added when ambiguous), u16 size of the id, id,
// reply.
#include "connectors/mail/outcome_record.h"
#include "core/hash.h"

#include <string.h>

enum { FRAME_SIZE = 2 + 8, FIXED_SIZE = 8 + 4 + 4 + 1 + 2 };
enum { AMBIGUOUS = 0x80 };
_Static_assert(FRAME_SIZE + FIXED_SIZE + OUTCOME_ID_MAX + OUTCOME_REPLY_MAX <= OUTCOME_RECORD_MAX,
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
    size_t size = FIXED_SIZE + id.size + reply.size;
    put(body, (uint64_t)record->at, 8);
    put(body + 8, (uint32_t)record->attempt, 4);
    put(body + 12, (uint32_t)record->code, 4);
    put(body + 16, (uint64_t)record->outcome | (record->ambiguous ? AMBIGUOUS : 0), 1);
    put(body + 17, id.size, 2);
    if (id.size > 0) {
        memcpy(body + FIXED_SIZE, id.data, id.size);
    }
    if (reply.size > 0) {
        memcpy(body + FIXED_SIZE + id.size, reply.data, reply.size);
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
    uint64_t outcome = get(body + 16, 1) & ~(uint64_t)AMBIGUOUS;
    if (id_size > size - FIXED_SIZE || outcome > OUTCOME_EXPIRED) {
        return false;
    }
    *ret_record = (struct outcome_record){
        .notification_id = bytes_of(body + FIXED_SIZE, id_size),
        .attempt = (int32_t)(uint32_t)get(body + 8, 4),
        .outcome = (enum outcome)outcome,
        .ambiguous = (get(body + 16, 1) & AMBIGUOUS) != 0,
        .code = (int32_t)(uint32_t)get(body + 12, 4),
        .reply = bytes_of(body + FIXED_SIZE + id_size, size - FIXED_SIZE - id_size),
        .at = (int64_t)get(body, 8),
    };
    *ret_size = FRAME_SIZE + size;
    return true;
}
