// A growing buffer that owns its bytes and never grows past the size it was made with.
#pragma once
#include "core/bytes.h"
#include "core/result.h"

struct buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    size_t max_bytes;
};

// An empty buffer that may grow to `max_bytes`. Allocates nothing yet. The caller ends it with
// buffer_done().
void buffer_init(struct buffer *buffer, size_t max_bytes);

// Frees what it holds; the buffer may be used again. Accepts NULL.
void buffer_done(struct buffer *buffer);

// Forgets the content and keeps the memory.
void buffer_clear(struct buffer *buffer);

// Makes room for `size` more bytes behind the content. Fails: SG_DROP past max_bytes, SG_FATAL
// without memory.
SG_RESULT buffer_reserve(struct buffer *buffer, size_t size);

// Adds bytes. Fails as buffer_reserve() and leaves the content as it was.
SG_RESULT buffer_append(struct buffer *buffer, struct bytes bytes);

// Adds one byte. Fails as buffer_reserve().
SG_RESULT buffer_append_byte(struct buffer *buffer, uint8_t byte);

// Adds formatted text without its end. Fails as buffer_reserve().
SG_RESULT buffer_print(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// The content, borrowed until the next change.
struct bytes buffer_bytes(const struct buffer *buffer);
