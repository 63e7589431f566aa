// Avro 1.11, "Binary Encoding".
#include "schemas/binary/binary_writer.h"

#include "core/utf8.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

enum { VARINT_BITS = 7, VARINT_MORE = 0x80 };

sg_result binary_writer_measure_string(const char *field, struct bytes text, size_t *size)
{
    if (!utf8_is_valid(text)) {
        return sg_fail(SG_DROP, 0, "%s: text that is not UTF-8", field);
    }
    *size += BINARY_LONG_BYTES + text.size;
    return sg_ok();
}

uint8_t *binary_writer_boolean(uint8_t *at, bool value)
{
    *at = value ? 1 : 0;
    return at + 1;
}

uint8_t *binary_writer_long(uint8_t *at, int64_t value)
{
    uint64_t sign = value < 0 ? UINT64_MAX : 0;
    uint64_t left = ((uint64_t)value << 1U) ^ sign;
    while (left >= VARINT_MORE) {
        *at++ = (uint8_t)(left | VARINT_MORE);
        left >>= VARINT_BITS;
    }
    *at++ = (uint8_t)left;
    return at;
}

uint8_t *binary_writer_float(uint8_t *at, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = htole32(bits);
    memcpy(at, &bits, sizeof bits);
    return at + sizeof bits;
}

uint8_t *binary_writer_double(uint8_t *at, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = htole64(bits);
    memcpy(at, &bits, sizeof bits);
    return at + sizeof bits;
}

uint8_t *binary_writer_bytes(uint8_t *at, struct bytes bytes)
{
    at = binary_writer_long(at, (int64_t)bytes.size);
    if (bytes.size > 0) {
        memcpy(at, bytes.data, bytes.size);
    }
    return at + bytes.size;
}

uint8_t *binary_writer_index(uint8_t *at, unsigned index, unsigned count)
{
    assert(index < count);
    (void)count; // For the assertion alone.
    return binary_writer_long(at, (int64_t)index);
}
