// A borrowed slice of bytes. It never owns and is never freed.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
    const uint8_t *data;
    size_t size;
};

// The bytes of a C string, without its end. NULL gives the empty slice. Any thread.
struct bytes bytes_of_text(const char *text);

// The slice of `size` bytes at `data`. Any thread.
struct bytes bytes_of(const void *data, size_t size);

// True when both hold the same bytes. Any thread.
bool bytes_equal(struct bytes left, struct bytes right);

// Order as memcmp, the shorter one first where one begins with the other. Any thread.
int bytes_compare(struct bytes left, struct bytes right);

// True when `slice` holds exactly the text. Any thread.
bool bytes_is_text(struct bytes slice, const char *text);

// Cuts the part before the first `separator` off `*rest`, which begins behind it then; all of it
// when there is none. Any thread.
struct bytes bytes_cut(struct bytes *rest, char separator);

// A copy on the heap with a NUL behind it, NULL when memory is out. The caller frees. Any thread.
char *bytes_to_text(struct bytes slice);
