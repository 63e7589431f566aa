// UTF-8 by the table of RFC 3629, section 4.
#include "core/utf8.h"

#include <string.h>

enum { DELETE = 0x7F, FIRST_PRINTABLE = 0x20 };

// How many bytes follow a first byte, and the range of the second one.
struct lead {
    size_t following;
    uint8_t second_min;
    uint8_t second_max;
};

static bool lead_of(uint8_t first, struct lead *ret_lead)
{
    if (first < 0xC2 || first > 0xF4) {
        return false;
    }
    *ret_lead = (struct lead){first < 0xE0 ? 1U : first < 0xF0 ? 2U : 3U, 0x80, 0xBF};
    switch (first) {
    case 0xE0:
        ret_lead->second_min = 0xA0;
        break;
    case 0xED:
        ret_lead->second_max = 0x9F;
        break;
    case 0xF0:
        ret_lead->second_min = 0x90;
        break;
    case 0xF4:
        ret_lead->second_max = 0x8F;
        break;
    default:
        break;
    }
    return true;
}

// The bytes of the character at the start of `text`, 0 if it is malformed.
static size_t wide_character(const uint8_t *text, size_t size)
{
    struct lead lead;
    if (!lead_of(text[0], &lead) || lead.following >= size) {
        return 0;
    }
    if (text[1] < lead.second_min || text[1] > lead.second_max) {
        return 0;
    }
    for (size_t i = 2; i <= lead.following; i++) {
        if ((text[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return lead.following + 1;
}

size_t utf8_character(struct bytes text)
{
    if (text.size == 0) {
        return 0;
    }
    return text.data[0] <= DELETE ? 1 : wide_character(text.data, text.size);
}

static bool is_text(struct bytes text, uint8_t narrow_min, uint8_t narrow_max)
{
    size_t at = 0;
    while (at < text.size) {
        uint8_t first = text.data[at];
        if (first < 0x80) {
            if (first < narrow_min || first > narrow_max) {
                return false;
            }
            at++;
            continue;
        }
        size_t length = wide_character(text.data + at, text.size - at);
        if (length == 0) {
            return false;
        }
        at += length;
    }
    return true;
}

static const uint64_t high_bits = 0x8080808080808080U;
static const uint64_t ones = 0x0101010101010101U;

static uint64_t word_at(const uint8_t *data)
{
    uint64_t word;
    memcpy(&word, data, sizeof word);
    return word;
}

// The last eight bytes of a text that is not empty. Of a shorter one each byte stands in the word
// at least once, and nothing else does.
static uint64_t last_word(struct bytes text)
{
    const uint8_t *data = text.data;
    if (text.size >= sizeof(uint64_t)) {
        return word_at(data + text.size - sizeof(uint64_t));
    }
    if (text.size >= sizeof(uint32_t)) {
        uint32_t first;
        uint32_t last;
        memcpy(&first, data, sizeof first);
        memcpy(&last, data + text.size - sizeof last, sizeof last);
        return first | (uint64_t)last << 32;
    }
    uint64_t three = data[0] | (uint64_t)data[text.size / 2] << 8 |
                     (uint64_t)data[text.size - 1] << 16 | (uint64_t)data[0] << 24;
    return three | three << 32;
}

// True when all bytes pass, which are looked at eight at a time.
static inline bool all_pass(struct bytes text, bool (*pass)(uint64_t word))
{
    if (text.size == 0) {
        return true;
    }
    for (size_t at = 0; text.size - at > sizeof(uint64_t); at += sizeof(uint64_t)) {
        if (!pass(word_at(text.data + at))) {
            return false;
        }
    }
    return pass(last_word(text));
}

static bool are_ascii(uint64_t word)
{
    return (word & high_bits) == 0;
}

// Each byte's high bit is set or cleared first, so that nothing is carried into or borrowed from
// its neighbour.
static bool are_printable(uint64_t word)
{
    uint64_t above = (word | high_bits) - ones * FIRST_PRINTABLE; // High bit: not below it.
    uint64_t below = (word & ~high_bits) + ones;                  // High bit: DELETE.
    return ((word | below | ~above) & high_bits) == 0;
}

bool utf8_is_valid(struct bytes text)
{
    return all_pass(text, are_ascii) || is_text(text, 0, DELETE);
}

bool utf8_is_printable(struct bytes text)
{
    return all_pass(text, are_printable) || is_text(text, FIRST_PRINTABLE, DELETE - 1);
}

// U+0080 to U+009F: terminals obey some of them. 0xC2 is never inside a character.
static bool has_wide_control(struct bytes text)
{
    for (size_t i = 0; i + 1 < text.size; i++) {
        if (text.data[i] == 0xC2 && text.data[i + 1] < 0xA0) {
            return true;
        }
    }
    return false;
}

bool utf8_is_visible(struct bytes text)
{
    return utf8_is_printable(text) && !has_wide_control(text);
}
