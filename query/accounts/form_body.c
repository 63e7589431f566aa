// Forms come from browsers and mail programs, and from anybody else.
#include "query/accounts/form_body.h"

#include "core/number.h"
#include "core/utf8.h"

#include <string.h>

enum { HEX = 16 };

// Cuts the part before `separator` off `*rest`.
static struct bytes cut(struct bytes *rest, char separator)
{
    const uint8_t *found = rest->size > 0 ? memchr(rest->data, separator, rest->size) : NULL;
    size_t size = found == NULL ? rest->size : (size_t)(found - rest->data);
    struct bytes head = bytes_of(rest->data, size);
    size_t skip = found == NULL ? size : size + 1;
    *rest = bytes_of(rest->data + (skip > 0 ? skip : 0), rest->size - skip);
    return head;
}

static sg_result decode(struct bytes raw, struct arena *arena, struct bytes *ret_text)
{
    uint8_t *out = arena_take(arena, raw.size + 1);
    size_t size = 0;
    if (out == NULL) {
        return sg_fail(SG_DROP, 413, "the form is too large");
    }
    for (size_t i = 0; i < raw.size; i++) {
        if (raw.data[i] != '%') {
            out[size++] = raw.data[i] == '+' ? ' ' : raw.data[i];
            continue;
        }
        bool whole = raw.size - i > 2;
        int high = whole ? number_hex_digit(raw.data[i + 1]) : -1;
        int low = whole ? number_hex_digit(raw.data[i + 2]) : -1;
        if (high < 0 || low < 0) {
            return sg_fail(SG_DROP, 0,
                           "the form has a percent sign without two hexadecimal digits");
        }
        out[size++] = (uint8_t)(high * HEX + low);
        i += 2;
    }
    *ret_text = bytes_of(out, size);
    return utf8_is_printable(*ret_text)
               ? sg_ok()
               : sg_fail(SG_DROP, 0, "the form must be UTF-8 without control characters");
}

sg_result form_body_find(struct bytes body, const char *name, struct arena *arena,
                         struct bytes *ret_value, bool *ret_found)
{
    *ret_found = false;
    while (body.size > 0 && !*ret_found) {
        struct bytes value = cut(&body, '&');
        struct bytes raw_name = cut(&value, '=');
        struct bytes given = {NULL, 0};
        SG_TRY(decode(raw_name, arena, &given));
        if (bytes_is_text(given, name)) {
            *ret_found = true;
            SG_TRY(decode(value, arena, ret_value));
        }
    }
    return sg_ok();
}
