// What the generated code holds: null only in a union, and first; in a union either one other type
// or records; lists and unions of records only as fields; no float, bytes or fixed; of logical
// types timestamp-millis.
#include "schemas/generator/shape.h"

#include <jansson.h>

#include <string.h>

// Which fields were given is a bit each.
enum { FIELDS_MAX = 64 };

static sg_result check_value(const struct schema_node *node)
{
    switch (node->kind) {
    case SCHEMA_NULL:
    case SCHEMA_FLOAT:
    case SCHEMA_BYTES:
    case SCHEMA_FIXED:
    case SCHEMA_ARRAY:
    case SCHEMA_MAP:
    case SCHEMA_UNION:
        return sg_fail(SG_DROP, 0, "a %s here is not supported", schema_tree_kind_name(node->kind));
    case SCHEMA_BOOLEAN:
    case SCHEMA_INT:
    case SCHEMA_LONG:
    case SCHEMA_DOUBLE:
    case SCHEMA_STRING:
    case SCHEMA_RECORD:
    case SCHEMA_ENUM:
        break;
    }
    if (node->logical_type != NULL &&
        (strcmp(node->logical_type, "timestamp-millis") != 0 || node->kind != SCHEMA_LONG)) {
        return sg_fail(SG_DROP, 0, "logical type %s is not supported", node->logical_type);
    }
    return sg_ok();
}

static sg_result check_default(const struct shape *shape)
{
    const json_t *value = shape->field->default_value;
    bool is_right = true;
    switch (shape->value->kind) {
    case SCHEMA_BOOLEAN:
        is_right = json_is_boolean(value);
        break;
    case SCHEMA_INT:
    case SCHEMA_LONG:
        is_right = json_is_integer(value);
        break;
    case SCHEMA_DOUBLE:
        is_right = json_is_number(value);
        break;
    case SCHEMA_STRING:
        is_right = json_is_string(value);
        break;
    case SCHEMA_ENUM:
        is_right = json_is_string(value) &&
                   schema_tree_word_index(&shape->value->symbols, json_string_value(value)) >= 0;
        break;
    case SCHEMA_ARRAY:
        is_right = json_is_array(value) && json_array_size(value) == 0;
        break;
    case SCHEMA_MAP:
        is_right = json_is_object(value) && json_object_size(value) == 0;
        break;
    case SCHEMA_NULL:
    case SCHEMA_FLOAT:
    case SCHEMA_BYTES:
    case SCHEMA_RECORD:
    case SCHEMA_FIXED:
    case SCHEMA_UNION:
        is_right = false;
        break;
    }
    if (shape->is_optional ? !json_is_null(value) : !is_right) {
        return sg_fail(SG_DROP, 0, "its default is of the wrong type or not supported");
    }
    return sg_ok();
}

static bool are_records(const struct schema_node *const *branches, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (branches[i]->kind != SCHEMA_RECORD) {
            return false;
        }
    }
    return count > 0;
}

static sg_result take_union(const struct schema_node *type, struct shape *shape)
{
    shape->is_optional = type->branch_count > 0 && type->branches[0]->kind == SCHEMA_NULL;
    size_t nulls = shape->is_optional ? 1 : 0;
    const struct schema_node *const *others = type->branches + nulls;
    size_t count = type->branch_count - nulls;
    if (shape->is_optional && count == 1) {
        shape->value = others[0];
        return sg_ok();
    }
    if (!are_records(others, count)) {
        return sg_fail(SG_DROP, 0,
                       "a union must be of null and one type, null first, or of records");
    }
    shape->branches = others;
    shape->branch_count = count;
    return sg_ok();
}

sg_result shape_of(const struct schema_field *field, struct shape *ret_shape)
{
    struct shape shape = {.field = field, .value = field->type};
    if (field->type->kind == SCHEMA_UNION) {
        SG_TRY(take_union(field->type, &shape));
    }
    if (shape.value->kind == SCHEMA_ARRAY || shape.value->kind == SCHEMA_MAP) {
        shape.item = shape.value->item;
    }
    if (shape.branches == NULL) {
        SG_TRY(check_value(shape.item == NULL ? shape.value : shape.item));
    }
    if (field->default_value != NULL) {
        SG_TRY(check_default(&shape));
    }
    *ret_shape = shape;
    return sg_ok();
}

sg_result shape_check(const struct schema_node *node)
{
    if (node->kind == SCHEMA_RECORD && node->field_count == 0) {
        return sg_fail(SG_DROP, 0, "%s: a record without fields is not supported", node->full_name);
    }
    if (node->field_count > FIELDS_MAX) {
        return sg_fail(SG_DROP, 0, "%s: more than %d fields are not supported", node->full_name,
                       FIELDS_MAX);
    }
    for (size_t i = 0; i < node->field_count; i++) {
        struct shape shape;
        SG_TRY(sg_explain(shape_of(&node->fields[i], &shape), "%s: field %s", node->full_name,
                          node->fields[i].name));
    }
    return sg_ok();
}
