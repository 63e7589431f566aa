// Both encodings write lines that no mail server has a reason to touch.
#include "connectors/mail/mime_encode.h"

#include <string.h>

// Longest line with room for the "=" of a soft break.
enum { QUOTED_LINE_MAX = 75 };

// A header line with encoded words is at most this long (RFC 2047, 2), an encoded word one less.
enum { WORD_LINE_MAX = 76, WORD_MAX = 75 };
static const char WORD_BEGIN[] = "=?UTF-8?B?";
static const char WORD_END[] = "?=";
enum { WORD_FRAME = sizeof WORD_BEGIN - 1 + sizeof WORD_END - 1 };

static bool is_line_end(struct bytes text, size_t at)
{
    return at == text.size || text.data[at] == '\r' || text.data[at] == '\n';
}

// Blanks must not end a line (RFC 2045, 6.7, rule 3).
static bool must_quote(struct bytes text, size_t at)
{
    uint8_t byte = text.data[at];
    if (byte == ' ' || byte == '\t') {
        return is_line_end(text, at + 1);
    }
    return byte < 0x20 || byte > 0x7E || byte == '=';
}

static sg_result append_quoted_byte(struct buffer *out, struct bytes text, size_t at,
                                    size_t *column)
{
    bool quote = must_quote(text, at);
    size_t width = quote ? 3 : 1;
    if (*column + width > QUOTED_LINE_MAX) {
        SG_TRY(buffer_append(out, bytes_of_text("=\r\n")));
        *column = 0;
    }
    *column += width;
    if (quote) {
        return buffer_print(out, "=%02X", text.data[at]);
    }
    return buffer_append_byte(out, text.data[at]);
}

sg_result mime_encode_quoted(struct buffer *out, struct bytes text)
{
    size_t column = 0;
    for (size_t at = 0; at < text.size; at++) {
        if (!is_line_end(text, at)) {
            SG_TRY(append_quoted_byte(out, text, at, &column));
            continue;
        }
        SG_TRY(buffer_append(out, bytes_of_text("\r\n")));
        column = 0;
        if (text.data[at] == '\r' && at + 1 < text.size && text.data[at + 1] == '\n') {
            at++;
        }
    }
    bool ended = text.size > 0 && is_line_end(text, text.size - 1);
    return ended ? sg_ok() : buffer_append(out, bytes_of_text("\r\n"));
}

static sg_result append_base64(struct buffer *out, struct bytes bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        uint32_t group = (uint32_t)bytes.data[i] << 16;
        group |= left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0;
        group |= left > 2 ? (uint32_t)bytes.data[i + 2] : 0;
        uint8_t quad[4] = {(uint8_t)digits[group >> 18], (uint8_t)digits[group >> 12 & 63],
                           left > 1 ? (uint8_t)digits[group >> 6 & 63] : '=',
                           left > 2 ? (uint8_t)digits[group & 63] : '='};
        SG_TRY(buffer_append(out, bytes_of(quad, sizeof quad)));
    }
    return sg_ok();
}

// The longest beginning of `text` within `room` bytes that ends on a character's border.
static size_t whole_characters(struct bytes text, size_t room)
{
    if (text.size <= room) {
        return text.size;
    }
    size_t size = room;
    while (size > 0 && (text.data[size] & 0xC0) == 0x80) {
        size--;
    }
    return size;
}

sg_result mime_encode_words(struct buffer *out, struct bytes text, size_t column)
{
    while (text.size > 0) {
        size_t line_room = column < WORD_LINE_MAX ? WORD_LINE_MAX - column : 0;
        size_t word_max = line_room < WORD_MAX ? line_room : WORD_MAX;
        size_t room = word_max > WORD_FRAME ? (word_max - WORD_FRAME) / 4 * 3 : 0;
        size_t size = whole_characters(text, room);
        if (size > 0) {
            SG_TRY(buffer_append(out, bytes_of_text(WORD_BEGIN)));
            SG_TRY(append_base64(out, bytes_of(text.data, size)));
            SG_TRY(buffer_append(out, bytes_of_text(WORD_END)));
            text = bytes_of(text.data + size, text.size - size);
        } else if (column <= 1) {
            return sg_fail(SG_DROP, 0, "header text: not UTF-8");
        }
        if (text.size > 0) {
            SG_TRY(buffer_append(out, bytes_of_text("\r\n ")));
            column = 1;
        }
    }
    return sg_ok();
}
