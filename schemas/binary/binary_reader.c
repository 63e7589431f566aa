// Avro 1.11, "Binary Encoding", with every length and index checked before it is used.
#include "schemas/binary/binary_reader.h"

#include "core/utf8.h"

#include <endian.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

enum {
    VARINT_BYTES_MAX = 10,
    VARINT_BITS = 7,
    VARINT_MORE = 0x80,
    VARINT_LAST_MAX = 1, // The tenth byte holds the 64th bit alone.
    FIRST_CAPACITY = 4,
};

struct binary_reader binary_reader_of(struct bytes bytes)
{
    static const uint8_t nothing[1] = {0};
    const uint8_t *start = bytes.size == 0 ? nothing : bytes.data;
    return (struct binary_reader){start, start + bytes.size};
}

size_t binary_reader_left(const struct binary_reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

static sg_result fail_short(const char *field)
{
    return sg_fail(SG_DROP, 0, "%s: the data ends in the middle of it", field);
}

static sg_result read_any_varint(struct binary_reader *reader, const char *field,
                                 uint64_t *ret_value)
{
    uint64_t value = 0;
    size_t left = binary_reader_left(reader);
    for (unsigned i = 0; i < VARINT_BYTES_MAX; i++) {
        if (i == left) {
            return fail_short(field);
        }
        uint8_t byte = reader->at[i];
        if (i == VARINT_BYTES_MAX - 1 && byte > VARINT_LAST_MAX) {
            break;
        }
        value |= (uint64_t)(byte & (VARINT_MORE - 1)) << (i * VARINT_BITS);
        if (byte < VARINT_MORE) {
            reader->at += i + 1;
            *ret_value = value;
            return sg_ok();
        }
    }
    return sg_fail(SG_DROP, 0, "%s: a number of more than 64 bits", field);
}

// Packs the seven low bits of each byte, pairs first, then fours, then eights.
static uint64_t pack_sevens(uint64_t word)
{
    word = (word & 0x007F007F007F007FU) | (word & 0x7F007F007F007F00U) >> 1U;
    word = (word & 0x00003FFF00003FFFU) | (word & 0x3FFF00003FFF0000U) >> 2U;
    return (word & 0x000000000FFFFFFFU) | (word & 0x0FFFFFFF00000000U) >> 4U;
}

// Reads a number of up to eight bytes, where as many are left, without a branch for each: 56 bits
// hold every time for millions of years. False when it is longer.
static bool read_eight(struct binary_reader *reader, uint64_t *ret_value)
{
    uint64_t word;
    if (binary_reader_left(reader) < sizeof word) {
        return false;
    }
    memcpy(&word, reader->at, sizeof word);
    word = le64toh(word);
    uint64_t last = ~word & 0x8080808080808080U; // The high bits of bytes that end a number.
    if (last == 0) {
        return false;
    }
    uint64_t up_to_end = last ^ (last - 1);
    reader->at += ((unsigned)__builtin_ctzll(last) + 1) / CHAR_BIT;
    *ret_value = pack_sevens(word & up_to_end);
    return true;
}

// Inline, as most numbers are lengths and branches of one byte.
static inline sg_result read_long(struct binary_reader *reader, const char *field,
                                  int64_t *ret_value)
{
    uint64_t value = 0;
    if (reader->at < reader->end && *reader->at < VARINT_MORE) {
        value = *reader->at++;
    } else if (!read_eight(reader, &value)) {
        SG_TRY(read_any_varint(reader, field, &value));
    }
    uint64_t sign = 0U - (value & 1U);
    *ret_value = (int64_t)((value >> 1U) ^ sign);
    return sg_ok();
}

sg_result binary_reader_long(struct binary_reader *reader, const char *field, int64_t *ret_value)
{
    return read_long(reader, field, ret_value);
}

sg_result binary_reader_int(struct binary_reader *reader, const char *field, int32_t *ret_value)
{
    int64_t value = 0;
    SG_TRY(binary_reader_long(reader, field, &value));
    if (value < INT32_MIN || value > INT32_MAX) {
        return sg_fail(SG_DROP, 0, "%s: %" PRId64 " does not fit an int", field, value);
    }
    *ret_value = (int32_t)value;
    return sg_ok();
}

sg_result binary_reader_boolean(struct binary_reader *reader, const char *field, bool *ret_value)
{
    if (reader->at == reader->end) {
        return fail_short(field);
    }
    if (*reader->at > 1) {
        return sg_fail(SG_DROP, 0, "%s: byte %u is neither false nor true", field,
                       (unsigned)*reader->at);
    }
    *ret_value = *reader->at++ == 1;
    return sg_ok();
}

sg_result binary_reader_float(struct binary_reader *reader, const char *field, float *ret_value)
{
    uint32_t bits = 0;
    if (binary_reader_left(reader) < sizeof bits) {
        return fail_short(field);
    }
    memcpy(&bits, reader->at, sizeof bits);
    bits = le32toh(bits);
    memcpy(ret_value, &bits, sizeof bits);
    reader->at += sizeof bits;
    return sg_ok();
}

sg_result binary_reader_double(struct binary_reader *reader, const char *field, double *ret_value)
{
    uint64_t bits = 0;
    if (binary_reader_left(reader) < sizeof bits) {
        return fail_short(field);
    }
    memcpy(&bits, reader->at, sizeof bits);
    bits = le64toh(bits);
    memcpy(ret_value, &bits, sizeof bits);
    reader->at += sizeof bits;
    return sg_ok();
}

sg_result binary_reader_fixed(struct binary_reader *reader, const char *field, size_t size,
                              struct bytes *ret_value)
{
    if (size > binary_reader_left(reader)) {
        return fail_short(field);
    }
    *ret_value = bytes_of(reader->at, size);
    reader->at += size;
    return sg_ok();
}

sg_result binary_reader_bytes(struct binary_reader *reader, const char *field,
                              struct bytes *ret_value)
{
    int64_t size = 0;
    SG_TRY(read_long(reader, field, &size));
    if (size < 0 || (uint64_t)size > binary_reader_left(reader)) {
        return sg_fail(SG_DROP, 0, "%s: a length of %" PRId64 " with %zu bytes left", field, size,
                       binary_reader_left(reader));
    }
    *ret_value = bytes_of(reader->at, (size_t)size);
    reader->at += size;
    return sg_ok();
}

sg_result binary_reader_string(struct binary_reader *reader, const char *field,
                               struct bytes *ret_value)
{
    struct bytes text = {0};
    SG_TRY(binary_reader_bytes(reader, field, &text));
    if (!utf8_is_valid(text)) {
        return sg_fail(SG_DROP, 0, "%s: text that is not UTF-8", field);
    }
    *ret_value = text;
    return sg_ok();
}

sg_result binary_reader_index(struct binary_reader *reader, const char *field, size_t count,
                              unsigned *ret_index)
{
    int64_t index = 0;
    SG_TRY(read_long(reader, field, &index));
    if (index < 0 || (uint64_t)index >= count) {
        return sg_fail(SG_DROP, 0, "%s: index %" PRId64 " of %zu possible ones", field, index,
                       count);
    }
    *ret_index = (unsigned)index;
    return sg_ok();
}

sg_result binary_reader_optional(struct binary_reader *reader, const char *field, bool *ret_has)
{
    unsigned branch = 0;
    SG_TRY(binary_reader_index(reader, field, 2, &branch));
    *ret_has = branch == 1;
    return sg_ok();
}

// Reads the head of a block: how many items, and where it ends if it says so.
static sg_result read_block(struct binary_reader *reader, struct binary_list *list)
{
    int64_t count = 0;
    SG_TRY(read_long(reader, list->field, &count));
    list->block = NULL;
    if (count < 0) {
        int64_t size = 0;
        SG_TRY(binary_reader_long(reader, list->field, &size));
        if (count == INT64_MIN || size < 0 || (uint64_t)size > binary_reader_left(reader)) {
            return sg_fail(SG_DROP, 0, "%s: a block of %" PRId64 " bytes with %zu left",
                           list->field, size, binary_reader_left(reader));
        }
        count = -count;
        list->block = reader->at + size;
    }
    if ((uint64_t)count > list->items_max - list->count) {
        return sg_fail(SG_DROP, 0, "%s: %" PRId64 " items more, the limit is %zu", list->field,
                       count, list->items_max);
    }
    list->left = (size_t)count;
    return sg_ok();
}

static sg_result make_room(struct arena *arena, struct binary_list *list)
{
    if (list->item_size == 0 || list->count < list->capacity) {
        return sg_ok();
    }
    // A block that says it has many items gets no more room than twice what has come so far.
    size_t capacity = list->capacity == 0 ? FIRST_CAPACITY : list->capacity * 2;
    void *items = arena_take(arena, capacity * list->item_size);
    if (items == NULL) {
        return sg_fail(SG_DROP, 0, "%s: %zu items are more than an event may hold", list->field,
                       capacity);
    }
    if (list->count > 0) {
        memcpy(items, list->items, list->count * list->item_size);
    }
    list->items = items;
    list->capacity = capacity;
    return sg_ok();
}

sg_result binary_reader_next(struct binary_reader *reader, struct arena *arena,
                             struct binary_list *list)
{
    while (list->left == 0) {
        if (list->block != NULL && list->block != reader->at) {
            return sg_fail(SG_DROP, 0, "%s: a block that is not as long as it says", list->field);
        }
        SG_TRY(read_block(reader, list));
        if (list->left == 0 && list->block == NULL) {
            list->has_item = false;
            return sg_ok();
        }
    }
    SG_TRY(make_room(arena, list));
    list->left--;
    list->count++;
    list->has_item = true;
    return sg_ok();
}

void *binary_reader_item(const struct binary_list *list)
{
    return (uint8_t *)list->items + (list->count - 1) * list->item_size;
}

sg_result binary_reader_unique_keys(const struct binary_list *list)
{
    const uint8_t *items = list->items;
    for (size_t i = 1; i < list->count; i++) {
        struct bytes key;
        memcpy(&key, items + i * list->item_size, sizeof key);
        for (size_t j = 0; j < i; j++) {
            struct bytes earlier;
            memcpy(&earlier, items + j * list->item_size, sizeof earlier);
            if (bytes_equal(key, earlier)) {
                return sg_fail(SG_DROP, 0, "%s: key '%.*s' is given twice", list->field,
                               (int)(key.size > SG_REASON_MAX ? SG_REASON_MAX : key.size),
                               (const char *)key.data);
            }
        }
    }
    return sg_ok();
}

sg_result binary_reader_end(const struct binary_reader *reader)
{
    if (reader->at != reader->end) {
        return sg_fail(SG_DROP, 0, "%zu bytes are left over", binary_reader_left(reader));
    }
    return sg_ok();
}
