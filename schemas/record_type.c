// Walks records by their descriptor.
#include "schemas/record_type.h"

#include <assert.h>
#include <string.h>

static bool value_equal(const struct record_value *value, const void *left, const void *right);

static const void *member(const void *record, size_t offset)
{
    return (const uint8_t *)record + offset;
}

int record_type_field(const struct record_type *type, struct bytes name)
{
    for (size_t i = 0; i < type->field_count; i++) {
        if (bytes_is_text(name, type->fields[i].name)) {
            return (int)i;
        }
    }
    return -1;
}

int record_type_symbol(const struct record_enum *names, struct bytes name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (bytes_is_text(name, names->symbols[i])) {
            return (int)i;
        }
    }
    return -1;
}

void record_type_defaults(const struct record_type *type, void *ret_record)
{
    memcpy(ret_record, type->defaults, type->size);
}

bool record_type_has(const struct record_field *field, const void *record)
{
    bool has = true;
    if (field->is_optional) {
        memcpy(&has, member(record, field->has_offset), sizeof has);
    }
    return has;
}

const struct record_type *record_type_branch(const struct record_field *field, const void *record)
{
    unsigned branch = 0;
    memcpy(&branch, member(record, field->branch_offset), sizeof branch);
    assert(branch < field->value.branch_count);
    return field->value.branches[branch];
}

static bool text_equal(const void *left, const void *right)
{
    struct bytes left_text;
    struct bytes right_text;
    memcpy(&left_text, left, sizeof left_text);
    memcpy(&right_text, right, sizeof right_text);
    return bytes_equal(left_text, right_text);
}

static bool items_equal(const struct record_field *field, const void *left, const void *right)
{
    const struct record_value *value = &field->value;
    size_t count = 0;
    memcpy(&count, member(left, field->count_offset), sizeof count);
    if (memcmp(&count, member(right, field->count_offset), sizeof count) != 0) {
        return false;
    }
    const void *left_items = NULL;
    const void *right_items = NULL;
    memcpy(&left_items, member(left, field->offset), sizeof left_items);
    memcpy(&right_items, member(right, field->offset), sizeof right_items);
    for (size_t i = 0; i < count; i++) {
        const void *left_item = member(left_items, i * value->item_size);
        const void *right_item = member(right_items, i * value->item_size);
        if (value->kind == RECORD_MAP && !text_equal(left_item, right_item)) {
            return false;
        }
        if (!value_equal(value->item, member(left_item, value->item_offset),
                         member(right_item, value->item_offset))) {
            return false;
        }
    }
    return true;
}

static bool value_equal(const struct record_value *value, const void *left, const void *right)
{
    switch (value->kind) {
    case RECORD_BOOLEAN:
        return memcmp(left, right, sizeof(bool)) == 0;
    case RECORD_INT:
        return memcmp(left, right, sizeof(int32_t)) == 0;
    case RECORD_LONG:
        return memcmp(left, right, sizeof(int64_t)) == 0;
    case RECORD_DOUBLE:
        return memcmp(left, right, sizeof(double)) == 0;
    case RECORD_ENUM:
        return memcmp(left, right, sizeof(unsigned)) == 0;
    case RECORD_STRING:
        return text_equal(left, right);
    case RECORD_RECORD:
        return record_type_equal(value->record, left, right);
    case RECORD_ARRAY:
    case RECORD_MAP:
    case RECORD_UNION:
        break; // Only fields are lists or unions: field_equal() compares them.
    }
    return false;
}

static bool union_equal(const struct record_field *field, const void *left, const void *right)
{
    const struct record_type *type = record_type_branch(field, left);
    return type == record_type_branch(field, right) &&
           record_type_equal(type, member(left, field->offset), member(right, field->offset));
}

static bool field_equal(const struct record_field *field, const void *left, const void *right)
{
    bool has = record_type_has(field, left);
    if (has != record_type_has(field, right)) {
        return false;
    }
    if (!has) {
        return true;
    }
    if (field->value.kind == RECORD_ARRAY || field->value.kind == RECORD_MAP) {
        return items_equal(field, left, right);
    }
    if (field->value.kind == RECORD_UNION) {
        return union_equal(field, left, right);
    }
    return value_equal(&field->value, member(left, field->offset), member(right, field->offset));
}

bool record_type_equal(const struct record_type *type, const void *left, const void *right)
{
    for (size_t i = 0; i < type->field_count; i++) {
        if (!field_equal(&type->fields[i], left, right)) {
            return false;
        }
    }
    return true;
}
