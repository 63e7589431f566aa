// A record takes what its JSON leaves out from the defaults of its fields.
#include "schemas/binary/schema_default.h"

#include "schemas/binary/binary_writer.h"

#include <jansson.h>

enum { ASCII_MAX = 0x7F, LEAD_MIN = 0xC2, LEAD_MAX = 0xC3, LEAD_SHIFT = 6, LOW_BITS = 0x3F };

static sg_result write_value(const struct schema_node *node, json_t *value, struct buffer *out,
                             unsigned depth);

static sg_result fail_type(const struct schema_node *node)
{
    return sg_fail(SG_DROP, 0, "its default is no %s", schema_tree_kind_name(node->kind));
}

static sg_result write_long(struct buffer *out, int64_t value)
{
    SG_TRY(buffer_reserve(out, BINARY_LONG_BYTES));
    uint8_t *end = binary_writer_long(out->data + out->size, value);
    out->size = (size_t)(end - out->data);
    return sg_ok();
}

static sg_result write_text(struct buffer *out, struct bytes text)
{
    SG_TRY(write_long(out, (int64_t)text.size));
    return buffer_append(out, text);
}

// JSON holds bytes as the code points 0 to 255, which are one or two bytes of UTF-8.
static sg_result read_code_points(const struct schema_node *node, json_t *value, struct buffer *out)
{
    const uint8_t *text = (const uint8_t *)json_string_value(value);
    size_t size = json_string_length(value);
    for (size_t i = 0; i < size; i++) {
        unsigned point = text[i];
        if (point > ASCII_MAX && (point < LEAD_MIN || point > LEAD_MAX)) {
            return fail_type(node);
        }
        if (point > ASCII_MAX) {
            i++;
            point = (point - LEAD_MIN + 2) << LEAD_SHIFT | (text[i] & LOW_BITS);
        }
        SG_TRY(buffer_append_byte(out, (uint8_t)point));
    }
    return sg_ok();
}

static sg_result write_bytes(const struct schema_node *node, json_t *value, struct buffer *out)
{
    SG_CLEANUP(buffer_done) struct buffer raw;
    buffer_init(&raw, SCHEMA_TEXT_MAX);
    SG_TRY(read_code_points(node, value, &raw));
    if (node->kind == SCHEMA_BYTES) {
        return write_text(out, buffer_bytes(&raw));
    }
    return raw.size == node->fixed_size ? buffer_append(out, buffer_bytes(&raw)) : fail_type(node);
}

static sg_result write_real(const struct schema_node *node, json_t *value, struct buffer *out)
{
    double real = json_number_value(value);
    SG_TRY(buffer_reserve(out, BINARY_DOUBLE_BYTES));
    uint8_t *at = out->data + out->size;
    uint8_t *end = node->kind == SCHEMA_FLOAT ? binary_writer_float(at, (float)real)
                                              : binary_writer_double(at, real);
    out->size = (size_t)(end - out->data);
    return sg_ok();
}

static sg_result write_record(const struct schema_node *node, json_t *value, struct buffer *out,
                              unsigned depth)
{
    for (size_t i = 0; i < node->field_count; i++) {
        const struct schema_field *field = &node->fields[i];
        json_t *member = json_object_get(value, field->name);
        member = member == NULL ? field->default_value : member;
        if (member == NULL) {
            return sg_fail(SG_DROP, 0, "%s: the default lacks it", field->name);
        }
        SG_TRY(sg_explain(write_value(field->type, member, out, depth), "%s", field->name));
    }
    return sg_ok();
}

static sg_result write_array(const struct schema_node *node, json_t *value, struct buffer *out,
                             unsigned depth)
{
    size_t count = json_array_size(value);
    if (count > 0) {
        SG_TRY(write_long(out, (int64_t)count));
    }
    for (size_t i = 0; i < count; i++) {
        SG_TRY(write_value(node->item, json_array_get(value, i), out, depth));
    }
    return write_long(out, 0);
}

static sg_result write_map(const struct schema_node *node, json_t *value, struct buffer *out,
                           unsigned depth)
{
    const char *key = NULL;
    json_t *item = NULL;
    if (json_object_size(value) > 0) {
        SG_TRY(write_long(out, (int64_t)json_object_size(value)));
    }
    json_object_foreach(value, key, item)
    {
        SG_TRY(write_text(out, bytes_of_text(key)));
        SG_TRY(write_value(node->item, item, out, depth));
    }
    return write_long(out, 0);
}

static sg_result write_enum(const struct schema_node *node, json_t *value, struct buffer *out)
{
    int index = schema_tree_word_index(&node->symbols, json_string_value(value));
    return index < 0 ? fail_type(node) : write_long(out, index);
}

static sg_result write_whole(const struct schema_node *node, json_t *value, struct buffer *out)
{
    json_int_t number = json_integer_value(value);
    if (node->kind == SCHEMA_INT && (number < INT32_MIN || number > INT32_MAX)) {
        return fail_type(node);
    }
    return write_long(out, number);
}

// Whether the JSON is of the kind at all.
static bool is_of_kind(enum schema_kind kind, json_t *value)
{
    switch (kind) {
    case SCHEMA_NULL:
        return json_is_null(value);
    case SCHEMA_BOOLEAN:
        return json_is_boolean(value);
    case SCHEMA_INT:
    case SCHEMA_LONG:
        return json_is_integer(value);
    case SCHEMA_FLOAT:
    case SCHEMA_DOUBLE:
        return json_is_number(value);
    case SCHEMA_BYTES:
    case SCHEMA_STRING:
    case SCHEMA_ENUM:
    case SCHEMA_FIXED:
        return json_is_string(value);
    case SCHEMA_ARRAY:
        return json_is_array(value);
    case SCHEMA_RECORD:
    case SCHEMA_MAP:
        return json_is_object(value);
    case SCHEMA_UNION:
        break;
    }
    return true;
}

static sg_result write_of_kind(const struct schema_node *node, json_t *value, struct buffer *out,
                               unsigned depth)
{
    switch (node->kind) {
    case SCHEMA_NULL:
        return sg_ok();
    case SCHEMA_BOOLEAN:
        return buffer_append_byte(out, json_is_true(value) ? 1 : 0);
    case SCHEMA_INT:
    case SCHEMA_LONG:
        return write_whole(node, value, out);
    case SCHEMA_FLOAT:
    case SCHEMA_DOUBLE:
        return write_real(node, value, out);
    case SCHEMA_STRING:
        return write_text(out, bytes_of(json_string_value(value), json_string_length(value)));
    case SCHEMA_BYTES:
    case SCHEMA_FIXED:
        return write_bytes(node, value, out);
    case SCHEMA_ENUM:
        return write_enum(node, value, out);
    case SCHEMA_RECORD:
        return write_record(node, value, out, depth);
    case SCHEMA_ARRAY:
        return write_array(node, value, out, depth);
    case SCHEMA_MAP:
        return write_map(node, value, out, depth);
    case SCHEMA_UNION:
        break;
    }
    SG_TRY(write_long(out, 0));
    return node->branch_count == 0 ? fail_type(node)
                                   : write_value(node->branches[0], value, out, depth);
}

static sg_result write_value(const struct schema_node *node, json_t *value, struct buffer *out,
                             unsigned depth)
{
    if (depth == SCHEMA_DEPTH_MAX) {
        return sg_fail(SG_DROP, 0, "its default is nested deeper than %d", SCHEMA_DEPTH_MAX);
    }
    if (!is_of_kind(node->kind, value)) {
        return fail_type(node);
    }
    return write_of_kind(node, value, out, depth + 1);
}

sg_result schema_default_write(const struct schema_node *node, struct json_t *value,
                               struct buffer *out)
{
    return write_value(node, value, out, 0);
}
