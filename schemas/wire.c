// The head is written and read byte by byte, so that it is the same on every machine.
#include "schemas/wire.h"

#include <limits.h>

enum { ID_BYTES = WIRE_HEAD_BYTES - 1 };

static sg_result append_head(int32_t id, struct buffer *out)
{
    SG_TRY(buffer_reserve(out, WIRE_HEAD_BYTES));
    out->data[out->size++] = 0;
    for (int i = ID_BYTES - 1; i >= 0; i--) {
        out->data[out->size++] = (uint8_t)((uint32_t)id >> (unsigned)(i * CHAR_BIT));
    }
    return sg_ok();
}

sg_result wire_encode(int32_t id, const struct record_type *type, const void *record,
                      struct buffer *out)
{
    size_t size = out->size;
    SG_TRY(append_head(id, out));
    sg_result result = type->encode(record, out);
    if (!sg_is_ok(result)) {
        out->size = size;
    }
    return result;
}

sg_result wire_split(struct bytes message, int32_t *ret_id, struct bytes *ret_avro)
{
    static const char wanted[] = "wants byte 0, a schema id of 4 bytes and Avro binary";
    if (message.size == 0) {
        return sg_fail(SG_DROP, 0, "the value is empty: %s", wanted);
    }
    if (message.data[0] == '{') {
        return sg_fail(SG_DROP, 0, "the value looks like JSON: send that to the .json topic");
    }
    if (message.data[0] != 0) {
        return sg_fail(SG_DROP, 0, "the value begins with byte 0x%02X: %s", message.data[0],
                       wanted);
    }
    if (message.size < WIRE_HEAD_BYTES) {
        return sg_fail(SG_DROP, 0, "the value ends after %zu bytes: %s", message.size, wanted);
    }
    uint32_t id = 0;
    for (size_t i = 1; i < WIRE_HEAD_BYTES; i++) {
        id = id << (unsigned)CHAR_BIT | message.data[i];
    }
    if (id == 0 || id > INT32_MAX) {
        return sg_fail(SG_DROP, 0, "schema id %u cannot be: ids are from 1 on", (unsigned)id);
    }
    *ret_id = (int32_t)id;
    *ret_avro = bytes_of(message.data + WIRE_HEAD_BYTES, message.size - WIRE_HEAD_BYTES);
    return sg_ok();
}
