// Forms come from browsers and mail programs, and from anybody else.
#include "query/accounts/form_body.h"

#include "core/number.h"
#include "core/utf8.h"

enum { HEX = 16 };

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
        struct bytes value = bytes_cut(&body, '&');
        struct bytes raw_name = bytes_cut(&value, '=');
        struct bytes given = {NULL, 0};
        SG_TRY(decode(raw_name, arena, &given));
        if (bytes_is_text(given, name)) {
            *ret_found = true;
            SG_TRY(decode(value, arena, ret_value));
        }
    }
    return sg_ok();
}
