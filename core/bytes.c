// Borrowed slices.
#include "core/bytes.h"

#include <stdlib.h>
#include <string.h>

struct bytes bytes_of_text(const char *text)
{
    return (struct bytes){(const uint8_t *)text, text == NULL ? 0 : strlen(text)};
}

struct bytes bytes_of(const void *data, size_t size)
{
    return (struct bytes){data, size};
}

bool bytes_equal(struct bytes left, struct bytes right)
{
    return left.size == right.size &&
           (left.size == 0 || memcmp(left.data, right.data, left.size) == 0);
}

int bytes_compare(struct bytes left, struct bytes right)
{
    size_t shared = left.size < right.size ? left.size : right.size;
    int order = shared == 0 ? 0 : memcmp(left.data, right.data, shared);
    if (order != 0) {
        return order;
    }
    return (left.size > right.size) - (left.size < right.size);
}

bool bytes_is_text(struct bytes slice, const char *text)
{
    return bytes_equal(slice, bytes_of_text(text));
}

char *bytes_to_text(struct bytes slice)
{
    char *text = malloc(slice.size + 1);
    if (text == NULL) {
        return NULL;
    }
    if (slice.size > 0) {
        memcpy(text, slice.data, slice.size);
    }
    text[slice.size] = '\0';
    return text;
}

struct bytes bytes_cut(struct bytes *rest, char separator)
{
    struct bytes head = *rest;
    const uint8_t *found = rest->size > 0 ? memchr(rest->data, separator, rest->size) : NULL;
    if (found == NULL) {
        *rest = bytes_of(NULL, 0);
        return head;
    }
    head.size = (size_t)(found - rest->data);
    *rest = bytes_of(found + 1, rest->size - head.size - 1);
    return head;
}
