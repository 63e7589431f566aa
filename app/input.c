// One buffer; a piece is taken from its front once it is whole.
#include "app/input.h"

#include "core/buffer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024 };

struct input {
    int descriptor;
    bool is_over;
    size_t max_bytes;
    size_t taken; // Bytes at the front that were handed out.
    struct buffer buffer;
};

struct input *input_new(int descriptor, size_t max_bytes)
{
    struct input *input = calloc(1, sizeof *input);
    if (input != NULL) {
        input->descriptor = descriptor;
        input->max_bytes = max_bytes;
        buffer_init(&input->buffer, max_bytes + 2 * (size_t)READ_BYTES);
    }
    return input;
}

void input_free(struct input **input)
{
    if (*input == NULL) {
        return;
    }
    buffer_done(&(*input)->buffer);
    free(*input);
    *input = NULL;
}

static struct bytes waiting(const struct input *input)
{
    return bytes_of(input->buffer.data + input->taken, input->buffer.size - input->taken);
}

// Moves what waits to the front, so that there is room behind it.
static void close_gap(struct input *input)
{
    struct bytes rest = waiting(input);
    if (input->taken > 0) {
        memmove(input->buffer.data, rest.data, rest.size);
        input->buffer.size = rest.size;
        input->taken = 0;
    }
}

// Reads more, waiting for it if need be.
static sg_result fill(struct input *input)
{
    close_gap(input);
    SG_TRY(buffer_reserve(&input->buffer, READ_BYTES));
    fflush(stdout);
    ssize_t size = -1;
    do {
        size = read(input->descriptor, input->buffer.data + input->buffer.size, READ_BYTES);
    } while (size < 0 && errno == EINTR);
    if (size < 0) {
        return sg_fail(SG_FATAL, errno, "standard input: %s", strerror(errno));
    }
    input->buffer.size += (size_t)size;
    input->is_over = size == 0;
    return sg_ok();
}

// Throws away the rest of a line that is too long.
static sg_result skip_line(struct input *input)
{
    const uint8_t *end = NULL;
    while (end == NULL) {
        struct bytes rest = waiting(input);
        end = rest.size == 0 ? NULL : memchr(rest.data, '\n', rest.size);
        input->taken += end == NULL ? rest.size : (size_t)(end - rest.data) + 1;
        if (end != NULL || input->is_over) {
            break;
        }
        SG_TRY(fill(input));
    }
    return sg_fail(SG_DROP, 0, "the line is longer than %zu bytes", input->max_bytes);
}

SG_RESULT input_line(struct input *input, struct bytes *ret_line, bool *ret_more)
{
    size_t searched = 0;
    for (;;) {
        struct bytes rest = waiting(input);
        const uint8_t *from = rest.data + searched;
        const uint8_t *end =
            rest.size == searched ? NULL : memchr(from, '\n', rest.size - searched);
        size_t size = end == NULL ? rest.size : (size_t)(end - rest.data);
        if (size > input->max_bytes) {
            return skip_line(input);
        }
        if (end != NULL || input->is_over) {
            *ret_more = end != NULL || size > 0;
            *ret_line = bytes_of(rest.data, size);
            input->taken += size + (end != NULL);
            return sg_ok();
        }
        searched = rest.size;
        SG_TRY(fill(input));
    }
}

SG_RESULT input_bytes(struct input *input, size_t size, struct bytes *ret_bytes, bool *ret_more)
{
    if (size > input->max_bytes) {
        return sg_fail(SG_FATAL, 0, "a piece of %zu bytes is larger than the limit of %zu", size,
                       input->max_bytes);
    }
    while (waiting(input).size < size && !input->is_over) {
        SG_TRY(fill(input));
    }
    struct bytes rest = waiting(input);
    *ret_more = rest.size > 0;
    if (rest.size > 0 && rest.size < size) {
        return sg_fail(SG_FATAL, 0, "the input ends in the middle of a record");
    }
    *ret_bytes = bytes_of(rest.data, *ret_more ? size : 0);
    input->taken += ret_bytes->size;
    return sg_ok();
}
