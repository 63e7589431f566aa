// Shows printable UTF-8 as it is and every other byte as \xNN.
#include "streams/processors/excerpt.h"

#include "core/utf8.h"

#include <stdio.h>
#include <string.h>

// The bytes of the printable character at `at`, 0 if there is none.
static size_t printable_at(struct bytes text, size_t at)
{
    uint8_t first = text.data[at];
    size_t size = utf8_character(bytes_of(text.data + at, text.size - at));
    bool shown = first != '"' && first != '\\' && utf8_is_printable(bytes_of(text.data + at, size));
    return shown ? size : 0;
}

void excerpt_of(struct bytes text, char ret_excerpt[static EXCERPT_MAX])
{
    char *out = ret_excerpt;
    size_t at = 0;
    *out++ = '"';
    while (at < text.size) {
        size_t size = printable_at(text, at);
        size_t taken = size == 0 ? 1 : size;
        if (at + taken > EXCERPT_SHOWN_MAX) {
            break;
        }
        if (size == 0) {
            out += snprintf(out, sizeof "\\xNN", "\\x%02x", text.data[at]);
        } else {
            memcpy(out, text.data + at, size);
            out += size;
        }
        at += taken;
    }
    *out++ = '"';
    strncpy(out, at < text.size ? "..." : "", sizeof "...");
}
