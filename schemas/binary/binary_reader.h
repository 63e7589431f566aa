// Reads Avro binary from bytes that nobody has checked. Every function is total: whatever the bytes
// are, it returns a value within its type or SG_DROP with the field's name in the reason, and never
// reads past the end. What it returns borrows from the input.
#pragma once
#include "core/arena.h"
#include "core/bytes.h"
#include "core/result.h"

enum {
    BINARY_ITEMS_MAX = 65536, // Most items of one array.
    BINARY_KEYS_MAX = 1024,   // Most entries of one map.
};

// What is left to read.
struct binary_reader {
    const uint8_t *at;
    const uint8_t *end;
};

// The items of one array or map while they are read. The caller sets field, item_size and
// items_max, the rest is zero at first.
struct binary_list {
    const char *field;
    size_t item_size;     // Of an item in memory, in bytes; 0 to count the items and keep none.
    size_t items_max;     // BINARY_ITEMS_MAX or BINARY_KEYS_MAX.
    void *items;          // In the arena, NULL while there is none.
    size_t count;         // Items begun so far.
    size_t capacity;      // Items that fit.
    size_t left;          // Items of this block that are still to come.
    const uint8_t *block; // Where this block has to end, NULL if it does not say.
    bool has_item;        // False at the end of the list.
};

// A reader at the start of the bytes. Any thread.
struct binary_reader binary_reader_of(struct bytes bytes);

// How many bytes are left.
size_t binary_reader_left(const struct binary_reader *reader);

// Each reads one value. `field` names it in the reason. They fail with SG_DROP.
SG_RESULT binary_reader_boolean(struct binary_reader *reader, const char *field, bool *ret_value);
SG_RESULT binary_reader_int(struct binary_reader *reader, const char *field, int32_t *ret_value);
SG_RESULT binary_reader_long(struct binary_reader *reader, const char *field, int64_t *ret_value);
SG_RESULT binary_reader_float(struct binary_reader *reader, const char *field, float *ret_value);
SG_RESULT binary_reader_double(struct binary_reader *reader, const char *field, double *ret_value);
SG_RESULT binary_reader_bytes(struct binary_reader *reader, const char *field,
                              struct bytes *ret_value);
SG_RESULT binary_reader_string(struct binary_reader *reader, const char *field,
                               struct bytes *ret_value);
SG_RESULT binary_reader_fixed(struct binary_reader *reader, const char *field, size_t size,
                              struct bytes *ret_value);

// Reads the index of an enum's symbol or of a union's branch, which is below `count`.
SG_RESULT binary_reader_index(struct binary_reader *reader, const char *field, size_t count,
                              unsigned *ret_index);

// Reads the branch of a union of null and a type: true when a value follows.
SG_RESULT binary_reader_optional(struct binary_reader *reader, const char *field, bool *ret_has);

// Goes to the first or next item: list->has_item tells whether there is one. Its place in memory,
// zeroed, is binary_reader_item(). The arena may be NULL when item_size is 0. Fails: SG_DROP, also
// when there are more items than items_max or than the arena holds.
SG_RESULT binary_reader_next(struct binary_reader *reader, struct arena *arena,
                             struct binary_list *list);

// The place of the item just begun.
void *binary_reader_item(const struct binary_list *list);

// Fails with SG_DROP when two of the items, which begin with their key as struct bytes, have the
// same one.
SG_RESULT binary_reader_unique_keys(const struct binary_list *list);

// Fails with SG_DROP when something is left.
SG_RESULT binary_reader_end(const struct binary_reader *reader);
