// Writes JSON text into a buffer. The first failure is kept and ends the writing, so that callers
// look once, at the end.
#pragma once
#include "core/buffer.h"

enum { JSON_WRITER_DEPTH_MAX = 8 };

struct json_writer {
    struct buffer *out;
    sg_result result;
    size_t depth;
    char closers[JSON_WRITER_DEPTH_MAX];
    bool comma;
};

// Begins writing at the end of `out`, which must outlive the writer.
void json_writer_init(struct json_writer *writer, struct buffer *out);

// Every function below takes a member's name, which is a literal of ours, or NULL in an array and
// at the top.
void json_writer_object(struct json_writer *writer, const char *name);
void json_writer_array(struct json_writer *writer, const char *name);
void json_writer_end(struct json_writer *writer); // Closes the innermost object or array.
void json_writer_null(struct json_writer *writer, const char *name);
void json_writer_bool(struct json_writer *writer, const char *name, bool value);
void json_writer_int(struct json_writer *writer, const char *name, int64_t value);

// A finite double in the fewest digits that read back as it; null for the others.
void json_writer_double(struct json_writer *writer, const char *name, double value);

// A text that must be UTF-8; quotes, backslashes and control characters are escaped.
void json_writer_text(struct json_writer *writer, const char *name, struct bytes text);
void json_writer_literal(struct json_writer *writer, const char *name, const char *text);

// The first failure, as buffer_append(); a success otherwise. Everything must be closed.
SG_RESULT json_writer_finish(struct json_writer *writer);
