// Keys and values one behind the other; a list of them that is sorted when it is written.
#include "state/piece.h"

#include "core/buffer.h"

#include <stdlib.h>
#include <string.h>

// Of what comes on top of a piece that is not full yet: one record at most.
enum { OVERFLOW_BYTES_MAX = 64 << 20, FIRST_WRITES = 1024 };

// So many keys are compared as they are.
enum { FEW = 8 };

struct write {
    uint64_t prefix;    // First bytes in which keys differ: most comparisons end here.
    const uint8_t *key; // Its value follows. Set when the piece is sorted.
    size_t offset;      // Of the key in the piece's bytes: later ones are greater.
    size_t key_size;
    size_t value_size;
    bool has_value;
};

struct piece {
    struct buffer bytes;
    struct write *writes;
    size_t count;
    size_t capacity;
    size_t max_bytes;
};

struct piece *piece_new(size_t max_bytes)
{
    struct piece *piece = calloc(1, sizeof *piece);
    if (piece == NULL) {
        return NULL;
    }
    piece->max_bytes = max_bytes;
    buffer_init(&piece->bytes, max_bytes + OVERFLOW_BYTES_MAX);
    return piece;
}

void piece_free(struct piece **piece)
{
    if (*piece == NULL) {
        return;
    }
    buffer_done(&(*piece)->bytes);
    free((*piece)->writes);
    free(*piece);
    *piece = NULL;
}

static bool make_room(struct piece *piece)
{
    if (piece->count < piece->capacity) {
        return true;
    }
    size_t capacity = piece->capacity == 0 ? FIRST_WRITES : piece->capacity * 2;
    struct write *writes = realloc(piece->writes, capacity * sizeof *writes);
    if (writes == NULL) {
        return false;
    }
    piece->writes = writes;
    piece->capacity = capacity;
    return true;
}

sg_result piece_add(struct piece *piece, struct bytes key, struct bytes value, bool has_value)
{
    struct write write = {
        .offset = piece->bytes.size,
        .key_size = key.size,
        .value_size = value.size,
        .has_value = has_value,
    };
    if (!make_room(piece) || !sg_is_ok(buffer_append(&piece->bytes, key)) ||
        !sg_is_ok(buffer_append(&piece->bytes, value))) {
        return sg_fail(SG_FATAL, 0, "out of memory for state that is to be written");
    }
    piece->writes[piece->count++] = write;
    return sg_ok();
}

bool piece_is_full(const struct piece *piece)
{
    return piece->bytes.size >= piece->max_bytes;
}

void piece_clear(struct piece *piece)
{
    buffer_clear(&piece->bytes);
    piece->count = 0;
}

static struct bytes key_of(const struct write *write)
{
    return bytes_of(write->key, write->key_size);
}

// How many bytes all keys begin with.
static size_t common_size(const struct write *writes, size_t count)
{
    struct bytes first = key_of(&writes[0]);
    size_t common = first.size;
    for (size_t i = 1; i < count; i++) {
        struct bytes key = key_of(&writes[i]);
        common = key.size < common ? key.size : common;
        while (memcmp(first.data, key.data, common) != 0) {
            common--;
        }
    }
    return common;
}

// Eight bytes behind the common ones as a number in the order of bytes.
static uint64_t prefix_of(struct bytes key, size_t common)
{
    uint64_t prefix = 0;
    for (size_t i = 0; i < sizeof prefix; i++) {
        prefix = prefix << 8 | (common + i < key.size ? key.data[common + i] : 0U);
    }
    return prefix;
}

static int by_prefix(const void *left_write, const void *right_write)
{
    const struct write *left = left_write;
    const struct write *right = right_write;
    return (left->prefix > right->prefix) - (left->prefix < right->prefix);
}

// Of the same key the one that was added later comes last.
static int by_key(const void *left_write, const void *right_write)
{
    const struct write *left = left_write;
    const struct write *right = right_write;
    int order = bytes_compare(key_of(left), key_of(right));
    return order != 0 ? order : (left->offset > right->offset) - (left->offset < right->offset);
}

// Numbers are compared first, as the keys themselves lie all over the memory: those of eight bytes
// behind what the keys have in common, and where these are equal of the next ones. `known` is how
// many bytes are known to be equal, SIZE_MAX for nothing known.
// NOLINTNEXTLINE(misc-no-recursion): each step has eight bytes of the keys behind it.
static void sort(struct write *writes, size_t count, size_t known)
{
    size_t common = common_size(writes, count);
    if (count < FEW || common == known) {
        qsort(writes, count, sizeof *writes, by_key);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        writes[i].prefix = prefix_of(key_of(&writes[i]), common);
    }
    qsort(writes, count, sizeof *writes, by_prefix);
    for (size_t begin = 0, end = 1; begin < count; begin = end++) {
        while (end < count && writes[end].prefix == writes[begin].prefix) {
            end++;
        }
        if (end - begin > 1) {
            sort(writes + begin, end - begin, common);
        }
    }
}

static void sort_all(struct piece *piece)
{
    for (size_t i = 0; i < piece->count; i++) {
        piece->writes[i].key = piece->bytes.data + piece->writes[i].offset;
    }
    sort(piece->writes, piece->count, SIZE_MAX);
}

sg_result piece_write(struct piece *piece, struct transaction *transaction, struct table table)
{
    if (piece->count == 0) {
        return sg_ok();
    }
    sort_all(piece);
    SG_CLEANUP(cursor_close) struct cursor *cursor = NULL;
    SG_TRY(cursor_open(transaction, table, &cursor));
    for (size_t i = 0; i < piece->count; i++) {
        const struct write *write = &piece->writes[i];
        struct bytes key = key_of(write);
        if (i + 1 < piece->count && bytes_equal(key, key_of(&piece->writes[i + 1]))) {
            continue;
        }
        if (write->has_value) {
            SG_TRY(
                cursor_put(cursor, key, bytes_of(write->key + write->key_size, write->value_size)));
        } else {
            SG_TRY(table_delete(transaction, table, key));
        }
    }
    piece_clear(piece);
    return sg_ok();
}
