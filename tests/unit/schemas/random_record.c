// Values at the edges of their types come up as often as others.
#include "random_record.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ITEMS_BELOW = 6, CHARACTERS_BELOW = 12, KEY_CHARS = 48 };

uint64_t random_source_next(struct random_source *source)
{
    source->state ^= source->state >> 12;
    source->state ^= source->state << 25;
    source->state ^= source->state >> 27;
    return source->state * UINT64_C(2685821657736338717);
}

size_t random_source_below(struct random_source *source, size_t limit)
{
    return (size_t)(random_source_next(source) >> 16) % limit;
}

static int64_t random_long(struct random_source *source)
{
    static const int64_t edges[] = {0, -1, 1, 63, 64, -64, -65, INT64_MIN, INT64_MAX};
    if (random_source_below(source, 3) == 0) {
        return edges[random_source_below(source, sizeof edges / sizeof edges[0])];
    }
    return (int64_t)(random_source_next(source) >> random_source_below(source, 64));
}

static double random_double(struct random_source *source)
{
    static const double edges[] = {0, -0.0, 1, -1.5, 191.5, 1e300, 5e-324, INFINITY, -INFINITY};
    if (random_source_below(source, 2) == 0) {
        return edges[random_source_below(source, sizeof edges / sizeof edges[0])];
    }
    double value;
    uint64_t bits = random_source_next(source);
    memcpy(&value, &bits, sizeof value);
    return isnan(value) ? 0.1 : value;
}

static struct bytes random_text(struct random_source *source, struct arena *arena)
{
    static const char *const characters[] = {"a",  "Z",  "0", ":", " ",          "\"",
                                             "\\", "\n", "é", "€", "\U0001F600", "/"};
    size_t count = random_source_below(source, CHARACTERS_BELOW);
    char *text = arena_take(arena, CHARACTERS_BELOW * 4 + 1);
    size_t size = 0;
    for (size_t i = 0; text != NULL && i < count; i++) {
        size_t which = random_source_below(source, sizeof characters / sizeof characters[0]);
        struct bytes character = bytes_of_text(characters[which]);
        memcpy(text + size, character.data, character.size);
        size += character.size;
    }
    return bytes_of(text, size);
}

static bool fill_value(const struct record_value *value, struct random_source *source,
                       struct arena *arena, void *place)
{
    int64_t wide = random_long(source);
    double real = random_double(source);
    struct bytes text;
    switch (value->kind) {
    case RECORD_BOOLEAN:
        memcpy(place, &(bool){(wide & 1) != 0}, sizeof(bool));
        break;
    case RECORD_INT:
        memcpy(place, &(int32_t){(int32_t)wide}, sizeof(int32_t));
        break;
    case RECORD_LONG:
        memcpy(place, &wide, sizeof wide);
        break;
    case RECORD_DOUBLE:
        memcpy(place, &real, sizeof real);
        break;
    case RECORD_STRING:
        text = random_text(source, arena);
        memcpy(place, &text, sizeof text);
        return text.data != NULL;
    case RECORD_ENUM:
        memcpy(place, &(unsigned){(unsigned)random_source_below(source, value->names->count)},
               sizeof(unsigned));
        break;
    case RECORD_RECORD:
        return random_record(value->record, source, arena, place);
    case RECORD_ARRAY:
    case RECORD_MAP:
    case RECORD_UNION:
        return false;
    }
    return true;
}

static bool fill_list(const struct record_field *field, struct random_source *source,
                      struct arena *arena, uint8_t *record)
{
    const struct record_value *value = &field->value;
    size_t count = random_source_below(source, ITEMS_BELOW);
    uint8_t *items = arena_take(arena, value->item_size * ITEMS_BELOW);
    for (size_t i = 0; items != NULL && i < count; i++) {
        uint8_t *item = items + i * value->item_size;
        char *key = arena_take(arena, KEY_CHARS);
        if (key == NULL || !fill_value(value->item, source, arena, item + value->item_offset)) {
            return false;
        }
        if (value->kind == RECORD_MAP) {
            snprintf(key, KEY_CHARS, "%zu-é-%zu", i, random_source_below(source, 1000));
            struct bytes text = bytes_of_text(key);
            memcpy(item, &text, sizeof text);
        }
    }
    memcpy(record + field->offset, &items, sizeof items);
    memcpy(record + field->count_offset, &count, sizeof count);
    return items != NULL;
}

static bool fill_union(const struct record_field *field, struct random_source *source,
                       struct arena *arena, uint8_t *record)
{
    unsigned branch = (unsigned)random_source_below(source, field->value.branch_count);
    memcpy(record + field->branch_offset, &branch, sizeof branch);
    return random_record(field->value.branches[branch], source, arena, record + field->offset);
}

static bool fill_field(const struct record_field *field, struct random_source *source,
                       struct arena *arena, uint8_t *record)
{
    if (field->is_optional) {
        bool has = random_source_below(source, 2) == 1;
        memcpy(record + field->has_offset, &has, sizeof has);
        if (!has) {
            return true;
        }
    }
    if (field->value.kind == RECORD_ARRAY || field->value.kind == RECORD_MAP) {
        return fill_list(field, source, arena, record);
    }
    if (field->value.kind == RECORD_UNION) {
        return fill_union(field, source, arena, record);
    }
    return fill_value(&field->value, source, arena, record + field->offset);
}

bool random_record(const struct record_type *type, struct random_source *source,
                   struct arena *arena, void *ret_record)
{
    memset(ret_record, 0, type->size);
    for (size_t i = 0; i < type->field_count; i++) {
        if (!fill_field(&type->fields[i], source, arena, ret_record)) {
            return false;
        }
    }
    return true;
}
