// One to three changes at a time.
#include "mutation.h"

#include <string.h>

enum { CHANGES_BELOW = 3, KINDS = 5 };

// Puts bytes in at a place; a full buffer stays as it is.
static void insert(struct buffer *bytes, size_t at, struct bytes what)
{
    if (!sg_is_ok(buffer_reserve(bytes, what.size))) {
        return;
    }
    memmove(bytes->data + at + what.size, bytes->data + at, bytes->size - at);
    memcpy(bytes->data + at, what.data, what.size);
    bytes->size += what.size;
}

static void insert_number(struct random_source *source, struct buffer *bytes, size_t at)
{
    static const char *const numbers[] = {
        "\x01",                                     // -1
        "\x03",                                     // -2
        "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", // INT64_MIN
        "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", // INT64_MAX
        "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02", // 65 bits
        "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01",
        "\xFE\xFF\xFF\xFF\x0F", // INT32_MAX
    };
    size_t which = random_source_below(source, sizeof numbers / sizeof numbers[0]);
    insert(bytes, at, bytes_of_text(numbers[which]));
}

static void change(struct random_source *source, struct buffer *bytes)
{
    size_t at = random_source_below(source, bytes->size + 1);
    size_t inner = at < bytes->size ? at : 0;
    size_t length = random_source_below(source, bytes->size - inner + 1);
    switch (random_source_below(source, KINDS)) {
    case 0:
        bytes->data[inner] ^= (uint8_t)(1U << random_source_below(source, 8));
        break;
    case 1:
        bytes->data[inner] = (uint8_t)random_source_next(source);
        break;
    case 2:
        insert_number(source, bytes, at);
        break;
    case 3:
        bytes->size = inner + (bytes->size - inner - length);
        break;
    default:
        memmove(bytes->data + inner, bytes->data + inner + length, bytes->size - inner - length);
        bytes->size -= length;
        break;
    }
}

void mutation_apply(struct random_source *source, struct buffer *bytes)
{
    size_t changes = 1 + random_source_below(source, CHANGES_BELOW);
    for (size_t i = 0; i < changes && bytes->size > 0; i++) {
        change(source, bytes);
    }
}
