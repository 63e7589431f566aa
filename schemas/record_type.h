// What the generated code knows of a record, as a table: for code that works on any record (JSON,
// printing, comparing). One `const struct record_type x_type` is generated for each record.
#pragma once
#include "core/arena.h"
#include "core/buffer.h"
#include "core/bytes.h"
#include "core/result.h"

enum record_kind {
    RECORD_BOOLEAN, // bool
    RECORD_INT,     // int32_t
    RECORD_LONG,    // int64_t
    RECORD_DOUBLE,  // double
    RECORD_STRING,  // struct bytes, UTF-8
    RECORD_ENUM,    // an enum, the size of an unsigned
    RECORD_RECORD,  // a struct
    RECORD_ARRAY,   // a pointer to the items, and a count
    RECORD_MAP,     // a pointer to pairs of a key (struct bytes) and a value, and a count
    RECORD_UNION,   // one of several structs, and which
};

struct record_enum {
    const char *name;
    const char *full_name;
    const char *const *symbols;
    size_t count;
};

// A value. Members that its kind does not have are zero.
struct record_value {
    enum record_kind kind;
    bool is_time;                    // A long in ms since the epoch, UTC.
    const struct record_enum *names; // Of an enum.
    const struct record_type *record;
    const struct record_value *item;           // Of an array or a map.
    size_t item_size;                          // From one item to the next, in bytes.
    size_t item_offset;                        // Of the value in an item: behind the key of a map.
    const struct record_type *const *branches; // Of a union.
    size_t branch_count;
};

struct record_field {
    const char *name;
    const char *doc;
    struct record_value value;
    size_t offset;
    size_t count_offset;  // Of an array or a map.
    size_t branch_offset; // Of a union: which branch it is, an enum.
    bool is_optional;
    size_t has_offset; // Of an optional field.
    bool has_default;
};

struct record_type {
    const char *name;
    const char *full_name;
    const char *doc;
    const char *schema; // Avro schema, compact JSON, self-contained.
    const struct record_field *fields;
    size_t field_count;
    size_t size;          // Of the struct, in bytes.
    const void *defaults; // A record with every default; zero where a field has none.

    // x_encode() and x_decode() of the record: see the generated header.
    sg_result (*encode)(const void *record, struct buffer *out);
    sg_result (*decode)(struct bytes avro, struct arena *arena, void *ret_record);
};

// The index of the field, -1 if the record has none of that name. Any thread.
int record_type_field(const struct record_type *type, struct bytes name);

// The index of the symbol, -1 if the enum has none of that name. Any thread.
int record_type_symbol(const struct record_enum *names, struct bytes name);

// Sets every field to its default, those without one to zero. Any thread.
void record_type_defaults(const struct record_type *type, void *ret_record);

// Whether an optional field has a value; true for a field that is not optional. Any thread.
bool record_type_has(const struct record_field *field, const void *record);

// The type of what a field of a union has. Any thread.
const struct record_type *record_type_branch(const struct record_field *field, const void *record);

// True when all fields are the same: doubles by their bits, maps with their order. Any thread.
bool record_type_equal(const struct record_type *type, const void *left, const void *right);
