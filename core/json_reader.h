// A strict JSON text (RFC 8259), read value by value in the order it is written. Nothing is built:
// texts without escapes are slices of the input, others are made in the arena.
#pragma once
#include "core/arena.h"
#include "core/bytes.h"
#include "core/result.h"

enum { JSON_READER_DEPTH_MAX = 64 };

enum json_reader_kind {
    JSON_READER_NULL,
    JSON_READER_BOOLEAN,
    JSON_READER_NUMBER,
    JSON_READER_STRING,
    JSON_READER_ARRAY,
    JSON_READER_OBJECT,
};

struct json_reader {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
    struct arena *arena;
    unsigned depth;
    bool is_first; // No member of the innermost list has been read yet.
};

// Every function fails with SG_DROP and the position in the reason when the text is not JSON, is
// nested deeper than JSON_READER_DEPTH_MAX, or the arena is full. One thread a reader.

// Begins at the start of the text, which must outlive what is read from it.
void json_reader_start(struct json_reader *reader, struct bytes text, struct arena *arena);

// What kind of value comes next. It is still to be read.
SG_RESULT json_reader_peek(struct json_reader *reader, enum json_reader_kind *ret_kind);

// Each reads a value of the kind that json_reader_peek() told.
SG_RESULT json_reader_null(struct json_reader *reader);
SG_RESULT json_reader_boolean(struct json_reader *reader, bool *ret_value);

// The text of the number; `ret_whole` is true without a fraction and an exponent.
SG_RESULT json_reader_number(struct json_reader *reader, struct bytes *ret_text, bool *ret_whole);

// Refuses the character NUL.
SG_RESULT json_reader_string(struct json_reader *reader, struct bytes *ret_text);

// Goes into an array or an object.
SG_RESULT json_reader_enter(struct json_reader *reader);

// Goes to the next item of the array, or out of it at its end.
SG_RESULT json_reader_item(struct json_reader *reader, bool *ret_has);

// Goes to the next member of the object and reads its name, or out of it at its end.
SG_RESULT json_reader_member(struct json_reader *reader, bool *ret_has, struct bytes *ret_name);

// Reads a value of any kind and forgets it. A name given twice within it is not noticed.
SG_RESULT json_reader_skip(struct json_reader *reader);

// Fails unless only white space is left.
SG_RESULT json_reader_end(struct json_reader *reader);

// The word for a kind, for people: "a number". Any thread.
const char *json_reader_kind_name(enum json_reader_kind kind);
