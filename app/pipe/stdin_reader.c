// One buffer; a piece is taken from its front once it is whole.
#include "app/pipe/stdin_reader.h"

#include "core/buffer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024 };

struct stdin_reader {
    int descriptor;
    bool is_over;
    size_t max_bytes;
    size_t taken; // Bytes at the front that were handed out.
    struct buffer buffer;
};

struct stdin_reader *stdin_reader_new(int descriptor, size_t max_bytes)
{
    struct stdin_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        return NULL;
    }
    reader->descriptor = descriptor;
    reader->max_bytes = max_bytes;
    buffer_init(&reader->buffer, max_bytes + 2 * (size_t)READ_BYTES);
    // From here on there is memory to point into, before anything was read.
    if (!sg_is_ok(buffer_reserve(&reader->buffer, READ_BYTES))) {
        stdin_reader_free(&reader);
    }
    return reader;
}

void stdin_reader_free(struct stdin_reader **reader)
{
    if (*reader == NULL) {
        return;
    }
    buffer_done(&(*reader)->buffer);
    free(*reader);
    *reader = NULL;
}

static struct bytes waiting(const struct stdin_reader *reader)
{
    return bytes_of(reader->buffer.data + reader->taken, reader->buffer.size - reader->taken);
}

// Moves what waits to the front, so that there is room behind it.
static void close_gap(struct stdin_reader *reader)
{
    struct bytes rest = waiting(reader);
    if (reader->taken > 0) {
        memmove(reader->buffer.data, rest.data, rest.size);
        reader->buffer.size = rest.size;
        reader->taken = 0;
    }
}

// Reads more, waiting for it if need be.
static sg_result fill(struct stdin_reader *reader)
{
    close_gap(reader);
    SG_TRY(buffer_reserve(&reader->buffer, READ_BYTES));
    fflush(stdout);
    ssize_t size = -1;
    do {
        size = read(reader->descriptor, reader->buffer.data + reader->buffer.size, READ_BYTES);
    } while (size < 0 && errno == EINTR);
    if (size < 0) {
        return sg_fail(SG_FATAL, errno, "standard input: %s", strerror(errno));
    }
    reader->buffer.size += (size_t)size;
    reader->is_over = size == 0;
    return sg_ok();
}

// Throws away the rest of a line that is too long.
static sg_result skip_line(struct stdin_reader *reader)
{
    const uint8_t *end = NULL;
    while (end == NULL) {
        struct bytes rest = waiting(reader);
        end = rest.size == 0 ? NULL : memchr(rest.data, '\n', rest.size);
        reader->taken += end == NULL ? rest.size : (size_t)(end - rest.data) + 1;
        if (end != NULL || reader->is_over) {
            break;
        }
        SG_TRY(fill(reader));
    }
    return sg_fail(SG_DROP, 0, "the line is longer than %zu bytes", reader->max_bytes);
}

SG_RESULT stdin_reader_line(struct stdin_reader *reader, struct bytes *ret_line, bool *ret_more)
{
    size_t searched = 0;
    for (;;) {
        struct bytes rest = waiting(reader);
        const uint8_t *from = rest.data + searched;
        const uint8_t *end =
            rest.size == searched ? NULL : memchr(from, '\n', rest.size - searched);
        size_t size = end == NULL ? rest.size : (size_t)(end - rest.data);
        if (size > reader->max_bytes) {
            return skip_line(reader);
        }
        if (end != NULL || reader->is_over) {
            *ret_more = end != NULL || size > 0;
            *ret_line = bytes_of(rest.data, size);
            reader->taken += size + (end != NULL);
            return sg_ok();
        }
        searched = rest.size;
        SG_TRY(fill(reader));
    }
}

SG_RESULT stdin_reader_bytes(struct stdin_reader *reader, size_t size, struct bytes *ret_bytes,
                             bool *ret_more)
{
    if (size > reader->max_bytes) {
        return sg_fail(SG_FATAL, 0, "a piece of %zu bytes is larger than the limit of %zu", size,
                       reader->max_bytes);
    }
    while (waiting(reader).size < size && !reader->is_over) {
        SG_TRY(fill(reader));
    }
    struct bytes rest = waiting(reader);
    *ret_more = rest.size > 0;
    if (rest.size > 0 && rest.size < size) {
        return sg_fail(SG_FATAL, 0, "the input ends in the middle of a record");
    }
    *ret_bytes = bytes_of(rest.data, *ret_more ? size : 0);
    reader->taken += ret_bytes->size;
    return sg_ok();
}
