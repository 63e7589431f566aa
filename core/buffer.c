// Growing buffers: doubled until the limit.
#include "core/buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

void buffer_init(struct buffer *buffer, size_t max_bytes)
{
    *buffer = (struct buffer){.max_bytes = max_bytes};
}

void buffer_done(struct buffer *buffer)
{
    if (buffer == NULL) {
        return;
    }
    free(buffer->data);
    *buffer = (struct buffer){.max_bytes = buffer->max_bytes};
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
}

SG_RESULT buffer_reserve(struct buffer *buffer, size_t size)
{
    assert(buffer->size <= buffer->capacity);
    if (size <= buffer->capacity - buffer->size) {
        return sg_ok();
    }
    if (size > buffer->max_bytes || buffer->size > buffer->max_bytes - size) {
        return sg_fail(SG_DROP, 0, "content is larger than the limit of %zu bytes",
                       buffer->max_bytes);
    }
    size_t needed = buffer->size + size;
    size_t capacity = buffer->capacity == 0 ? FIRST_CAPACITY : buffer->capacity;
    while (capacity < needed) {
        capacity *= 2;
    }
    if (capacity > buffer->max_bytes) {
        capacity = buffer->max_bytes;
    }
    uint8_t *data = realloc(buffer->data, capacity);
    if (data == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for %zu bytes", capacity);
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return sg_ok();
}

SG_RESULT buffer_append(struct buffer *buffer, struct bytes bytes)
{
    SG_TRY(buffer_reserve(buffer, bytes.size));
    if (bytes.size > 0) {
        memcpy(buffer->data + buffer->size, bytes.data, bytes.size);
        buffer->size += bytes.size;
    }
    return sg_ok();
}

SG_RESULT buffer_append_byte(struct buffer *buffer, uint8_t byte)
{
    SG_TRY(buffer_reserve(buffer, 1));
    buffer->data[buffer->size++] = byte;
    return sg_ok();
}

SG_RESULT buffer_print(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0) {
        return sg_fail(SG_FATAL, length, "text cannot be formatted");
    }
    // One byte more, since vsnprintf writes the end of the text too.
    SG_TRY(buffer_reserve(buffer, (size_t)length + 1));
    va_start(arguments, format);
    vsnprintf((char *)buffer->data + buffer->size, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buffer->size += (size_t)length;
    return sg_ok();
}

struct bytes buffer_bytes(const struct buffer *buffer)
{
    return (struct bytes){buffer->data, buffer->size};
}
