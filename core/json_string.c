// Most strings have no escape and are found by looking for the quote; the others are copied.
#include "core/json_string.h"

#include "core/number.h"
#include "core/utf8.h"

#include <string.h>

enum {
    FIRST_PRINTABLE = 0x20,
    DELETE = 0x7F,
    WIDE_CONTROL = 0xC2,   // First byte of U+0080 to U+00BF,
    WIDE_PRINTABLE = 0xA0, // of which these are printable.
    HEX_DIGITS = 4,
    SURROGATE_MIN = 0xD800,
    LOW_SURROGATE_MIN = 0xDC00,
    SURROGATE_MAX = 0xDFFF,
    SURROGATE_BITS = 10,
    SURROGATE_MASK = 0x3FF,
    FIRST_BEYOND_16_BITS = 0x10000,
};

// A string with escapes while it is copied.
struct copy {
    const uint8_t *at;
    const uint8_t *end;
    uint8_t *out;
};

// The end of the string's plain start: its quote, an escape, or what may not be in it.
static size_t plain_length(struct bytes rest)
{
    size_t length = 0;
    while (length < rest.size && rest.data[length] != '"' && rest.data[length] != '\\' &&
           rest.data[length] >= FIRST_PRINTABLE) {
        length++;
    }
    return length;
}

// Reads four hexadecimal digits.
static sg_result read_unit(struct copy *copy, unsigned *ret_unit)
{
    unsigned unit = 0;
    for (int i = 0; i < HEX_DIGITS; i++) {
        int value = copy->at < copy->end ? number_hex_digit(*copy->at) : -1;
        if (value < 0) {
            return sg_fail(SG_DROP, 0, "\\u without four hexadecimal digits");
        }
        unit = unit << 4U | (unsigned)value;
        copy->at++;
    }
    *ret_unit = unit;
    return sg_ok();
}

static void put_point(struct copy *copy, unsigned point)
{
    if (point < 0x80) {
        *copy->out++ = (uint8_t)point;
        return;
    }
    if (point < 0x800) {
        *copy->out++ = (uint8_t)(0xC0U | point >> 6U);
    } else if (point < FIRST_BEYOND_16_BITS) {
        *copy->out++ = (uint8_t)(0xE0U | point >> 12U);
        *copy->out++ = (uint8_t)(0x80U | (point >> 6U & 0x3FU));
    } else {
        *copy->out++ = (uint8_t)(0xF0U | point >> 18U);
        *copy->out++ = (uint8_t)(0x80U | (point >> 12U & 0x3FU));
        *copy->out++ = (uint8_t)(0x80U | (point >> 6U & 0x3FU));
    }
    *copy->out++ = (uint8_t)(0x80U | (point & 0x3FU));
}

// Reads what follows \u: a character, or the two halves of one.
static sg_result read_point(struct copy *copy)
{
    unsigned unit = 0;
    unsigned low = 0;
    SG_TRY(read_unit(copy, &unit));
    if (unit == 0) {
        return sg_fail(SG_DROP, 0, "the character NUL");
    }
    if (unit < SURROGATE_MIN || unit > SURROGATE_MAX) {
        put_point(copy, unit);
        return sg_ok();
    }
    bool has_low = copy->end - copy->at > 2 && copy->at[0] == '\\' && copy->at[1] == 'u';
    if (has_low) {
        copy->at += 2;
        SG_TRY(read_unit(copy, &low));
    }
    if (unit >= LOW_SURROGATE_MIN || low < LOW_SURROGATE_MIN || low > SURROGATE_MAX) {
        return sg_fail(SG_DROP, 0, "half a surrogate pair");
    }
    put_point(copy, FIRST_BEYOND_16_BITS + ((unit & SURROGATE_MASK) << SURROGATE_BITS) +
                        (low & SURROGATE_MASK));
    return sg_ok();
}

static sg_result read_escape(struct copy *copy)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    uint8_t letter = copy->at < copy->end ? *copy->at : 0;
    copy->at += copy->at < copy->end ? 1 : 0;
    if (letter == 'u') {
        return read_point(copy);
    }
    const char *found = letter == 0 ? NULL : strchr(letters, letter);
    if (found == NULL) {
        return sg_fail(SG_DROP, 0, "an unknown escape");
    }
    *copy->out++ = (uint8_t)meanings[found - letters];
    return sg_ok();
}

// Copies up to the closing quote.
static sg_result read_escaped(struct copy *copy)
{
    for (;;) {
        size_t length = plain_length(bytes_of(copy->at, (size_t)(copy->end - copy->at)));
        memcpy(copy->out, copy->at, length);
        copy->out += length;
        copy->at += length;
        if (copy->at == copy->end) {
            return sg_fail(SG_DROP, 0, "has no end");
        }
        if (*copy->at < FIRST_PRINTABLE) {
            return sg_fail(SG_DROP, 0, "has the control character 0x%02X", *copy->at);
        }
        if (*copy->at++ == '"') {
            return sg_ok();
        }
        SG_TRY(read_escape(copy));
    }
}

// The bytes up to the closing quote, which a string without escapes is never longer than.
static size_t closing_quote(struct bytes rest)
{
    size_t at = 0;
    while (at < rest.size && rest.data[at] != '"') {
        at += rest.data[at] == '\\' ? 2 : 1;
    }
    return at < rest.size ? at : rest.size;
}

sg_result json_string_read(struct bytes rest, struct arena *arena, struct bytes *ret_text,
                           const uint8_t **ret_behind)
{
    size_t length = plain_length(rest);
    struct bytes text = bytes_of(rest.data, length);
    struct copy copy = {.at = rest.data + length};
    if (length < rest.size && rest.data[length] == '"') {
        copy.at++;
    } else {
        uint8_t *memory = arena_take(arena, closing_quote(rest) + 1);
        if (memory == NULL) {
            return sg_fail(SG_DROP, 0, "is longer than an event may be");
        }
        copy = (struct copy){rest.data, rest.data + rest.size, memory};
        SG_TRY(read_escaped(&copy));
        text = bytes_of(memory, (size_t)(copy.out - memory));
    }
    if (!utf8_is_valid(text)) {
        return sg_fail(SG_DROP, 0, "is not UTF-8");
    }
    *ret_text = text;
    *ret_behind = copy.at;
    return sg_ok();
}

// The bytes of the control character at the start that JSON allows but terminals obey, 0 for none:
// U+007F to U+009F.
static size_t obeyed_size(struct bytes text)
{
    if (text.data[0] == DELETE) {
        return 1;
    }
    bool is_wide = text.size > 1 && text.data[0] == WIDE_CONTROL && text.data[1] < WIDE_PRINTABLE;
    return is_wide ? 2 : 0;
}

// The start of a text that is written as it is.
static size_t harmless_length(struct bytes text)
{
    size_t plain = plain_length(text);
    size_t length = 0;
    while (length < plain && obeyed_size(bytes_of(text.data + length, text.size - length)) == 0) {
        length++;
    }
    return length;
}

static sg_result write_escape(uint8_t character, struct buffer *out)
{
    static const char letters[] = "bfnrt";
    static const char meanings[] = "\b\f\n\r\t";
    const char *found = character == 0 ? NULL : strchr(meanings, character);
    if (character == '"' || character == '\\') {
        return buffer_print(out, "\\%c", character);
    }
    if (found != NULL) {
        return buffer_print(out, "\\%c", letters[found - meanings]);
    }
    return buffer_print(out, "\\u%04X", character);
}

sg_result json_string_write(struct bytes text, struct buffer *out)
{
    SG_TRY(buffer_append_byte(out, '"'));
    while (text.size > 0) {
        size_t length = harmless_length(text);
        SG_TRY(buffer_append(out, bytes_of(text.data, length)));
        text = bytes_of(text.data + length, text.size - length);
        if (text.size > 0) {
            // The second byte of a wide one is its number, as the only one of a narrow one is.
            size_t size = obeyed_size(text) == 2 ? 2 : 1;
            SG_TRY(write_escape(text.data[size - 1], out));
            text = bytes_of(text.data + size, text.size - size);
        }
    }
    return buffer_append_byte(out, '"');
}
