// Writes JSON by the descriptor of a record, and tells which fields are missing.
#include "schemas/record_json.h"

#include "core/json_string.h"
#include "core/number.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

uint64_t record_json_bit(const struct record_type *type, const char *field)
{
    int index = record_type_field(type, bytes_of_text(field));
    assert(index >= 0);
    return UINT64_C(1) << (unsigned)index;
}

uint64_t record_json_required(const struct record_type *type)
{
    uint64_t mask = 0;
    for (size_t i = 0; i < type->field_count; i++) {
        mask |= type->fields[i].has_default ? 0 : UINT64_C(1) << i;
    }
    return mask;
}

sg_result record_json_require(const struct record_type *type, uint64_t present, uint64_t mask)
{
    uint64_t missing = mask & ~present;
    if (missing == 0) {
        return sg_ok();
    }
    char names[SG_REASON_MAX] = "";
    size_t used = 0;
    for (size_t i = 0; i < type->field_count && used < sizeof names; i++) {
        if ((missing >> i & 1U) != 0) {
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
                                     used == 0 ? "" : ", ", type->fields[i].name);
        }
    }
    return sg_fail(SG_DROP, 0, "%s lacks %s", type->name, names);
}

static sg_result print_text(struct buffer *out, const char *text)
{
    return buffer_append(out, bytes_of_text(text));
}

static sg_result print_double(double value, struct buffer *out)
{
    char text[NUMBER_TEXT_MAX];
    number_print_double(value, text);
    if (isfinite(value)) {
        return print_text(out, text);
    }
    return json_string_write(bytes_of_text(text), out);
}

static sg_result print_whole(int64_t value, struct buffer *out)
{
    char text[NUMBER_TEXT_MAX];
    snprintf(text, sizeof text, "%" PRId64, value);
    return print_text(out, text);
}

static sg_result print_enum(const struct record_enum *names, const void *place, struct buffer *out)
{
    unsigned index = 0;
    memcpy(&index, place, sizeof index);
    assert(index < names->count);
    return json_string_write(bytes_of_text(names->symbols[index]), out);
}

static sg_result print_value(const struct record_value *value, const void *place,
                             struct buffer *out)
{
    bool truth = false;
    int32_t narrow = 0;
    int64_t wide = 0;
    double real = 0;
    struct bytes text;
    switch (value->kind) {
    case RECORD_BOOLEAN:
        memcpy(&truth, place, sizeof truth);
        return print_text(out, truth ? "true" : "false");
    case RECORD_INT:
        memcpy(&narrow, place, sizeof narrow);
        return print_whole(narrow, out);
    case RECORD_LONG:
        memcpy(&wide, place, sizeof wide);
        return print_whole(wide, out);
    case RECORD_DOUBLE:
        memcpy(&real, place, sizeof real);
        return print_double(real, out);
    case RECORD_STRING:
        memcpy(&text, place, sizeof text);
        return json_string_write(text, out);
    case RECORD_ENUM:
        return print_enum(value->names, place, out);
    case RECORD_RECORD:
        return record_json_print(value->record, place, out);
    case RECORD_ARRAY:
    case RECORD_MAP:
    case RECORD_UNION:
        break; // Only fields are lists or unions: print_field() prints them.
    }
    return sg_fail(SG_FATAL, 0, "a list within a list");
}

static sg_result print_list(const struct record_field *field, const uint8_t *record,
                            struct buffer *out)
{
    const struct record_value *value = &field->value;
    bool is_map = value->kind == RECORD_MAP;
    const uint8_t *items = NULL;
    size_t count = 0;
    memcpy(&items, record + field->offset, sizeof items);
    memcpy(&count, record + field->count_offset, sizeof count);
    SG_TRY(print_text(out, is_map ? "{" : "["));
    for (size_t i = 0; i < count; i++) {
        const uint8_t *item = items + i * value->item_size;
        struct bytes key;
        SG_TRY(print_text(out, i == 0 ? "" : ","));
        if (is_map) {
            memcpy(&key, item, sizeof key);
            SG_TRY(json_string_write(key, out));
            SG_TRY(print_text(out, ":"));
        }
        SG_TRY(print_value(value->item, item + value->item_offset, out));
    }
    return print_text(out, is_map ? "}" : "]");
}

static sg_result print_union(const struct record_field *field, const uint8_t *record,
                             struct buffer *out)
{
    const struct record_type *type = record_type_branch(field, record);
    SG_TRY(print_text(out, "{\""));
    SG_TRY(print_text(out, type->name));
    SG_TRY(print_text(out, "\":"));
    SG_TRY(record_json_print(type, record + field->offset, out));
    return print_text(out, "}");
}

static sg_result print_field(const struct record_field *field, const uint8_t *record,
                             struct buffer *out)
{
    SG_TRY(print_text(out, "\""));
    SG_TRY(print_text(out, field->name));
    SG_TRY(print_text(out, "\":"));
    if (!record_type_has(field, record)) {
        return print_text(out, "null");
    }
    if (field->value.kind == RECORD_ARRAY || field->value.kind == RECORD_MAP) {
        return print_list(field, record, out);
    }
    if (field->value.kind == RECORD_UNION) {
        return print_union(field, record, out);
    }
    return print_value(&field->value, record + field->offset, out);
}

sg_result record_json_print(const struct record_type *type, const void *record, struct buffer *out)
{
    for (size_t i = 0; i < type->field_count; i++) {
        SG_TRY(print_text(out, i == 0 ? "{" : ","));
        SG_TRY(print_field(&type->fields[i], record, out));
    }
    return print_text(out, "}");
}
