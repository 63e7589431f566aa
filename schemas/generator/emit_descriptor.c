// Descriptors and defaults.
#include "schemas/generator/emit.h"

#include "schemas/generator/c_name.h"
#include "schemas/generator/shape.h"
#include "schemas/generator/template.h"

#include <jansson.h>

#include <string.h>

static const char *record_kind(const struct schema_node *node)
{
    static const char *const names[] = {
        [SCHEMA_BOOLEAN] = "RECORD_BOOLEAN", [SCHEMA_INT] = "RECORD_INT",
        [SCHEMA_LONG] = "RECORD_LONG",       [SCHEMA_DOUBLE] = "RECORD_DOUBLE",
        [SCHEMA_STRING] = "RECORD_STRING",   [SCHEMA_RECORD] = "RECORD_RECORD",
        [SCHEMA_ENUM] = "RECORD_ENUM",       [SCHEMA_ARRAY] = "RECORD_ARRAY",
        [SCHEMA_MAP] = "RECORD_MAP",         [SCHEMA_UNION] = "RECORD_UNION",
    };
    return names[node->kind];
}

static void emit_value_members(FILE *out, const struct schema_node *node)
{
    char snake[C_NAME_MAX];
    fprintf(out, ".kind = %s", record_kind(node));
    if (node->logical_type != NULL) {
        fprintf(out, ", .is_time = true");
    }
    if (node->kind == SCHEMA_RECORD) {
        c_name_snake(node->name, snake);
        fprintf(out, ", .record = &%s_type", snake);
    }
    if (node->kind == SCHEMA_ENUM) {
        c_name_snake(node->name, snake);
        fprintf(out, ", .names = &%s_names", snake);
    }
}

static void emit_item(FILE *out, const struct schema_field *field)
{
    struct shape shape;
    sg_ignore(shape_of(field, &shape)); // Checked before anything is written.
    if (shape.item != NULL) {
        fprintf(out, "static const struct record_value item_of_%s = {", field->name);
        emit_value_members(out, shape.item);
        fprintf(out, "};\n\n");
    }
    if (shape.branches != NULL) {
        fprintf(out, "static const struct record_type *const branches_of_%s[] = {\n", field->name);
        for (size_t i = 0; i < shape.branch_count; i++) {
            char snake[C_NAME_MAX];
            c_name_snake(shape.branches[i]->name, snake);
            fprintf(out, "    &%s_type,\n", snake);
        }
        fprintf(out, "};\n\n");
    }
}

static void emit_field(FILE *out, const char *record, const struct schema_field *field)
{
    struct shape shape;
    sg_ignore(shape_of(field, &shape));
    fprintf(out, "    {.name = \"%s\",\n     .doc =\n    ", field->name);
    emit_text(out, field->doc);
    fprintf(out, ",\n     .value = {");
    emit_value_members(out, shape.value);
    if (shape.item != NULL) {
        template_print(out, ", .item = &item_of_$2, .item_size = sizeof *((struct $1 *)NULL)->$2",
                       (const char *[]){record, field->name});
    }
    if (shape.value->kind == SCHEMA_MAP) {
        fprintf(out, ", .item_offset = offsetof(struct %s_%s, value)", record, field->name);
    }
    if (shape.branches != NULL) {
        fprintf(out, ", .branches = branches_of_%s, .branch_count = %zu", field->name,
                shape.branch_count);
    }
    fprintf(out, "},\n     .offset = offsetof(struct %s, %s)", record, field->name);
    if (shape.branches != NULL) {
        fprintf(out, ",\n     .branch_offset = offsetof(struct %s, %s_type)", record, field->name);
    }
    if (shape.item != NULL) {
        fprintf(out, ",\n     .count_offset = offsetof(struct %s, %s_count)", record, field->name);
    }
    if (shape.is_optional) {
        fprintf(out, ",\n     .is_optional = true,\n     .has_offset = offsetof(struct %s, has_%s)",
                record, field->name);
    }
    fprintf(out, "%s},\n", field->default_value == NULL ? "" : ",\n     .has_default = true");
}

// Null and the empty list are zero anyway.
static bool is_written(const json_t *value)
{
    return json_is_boolean(value) || json_is_number(value) || json_is_string(value);
}

static void emit_default(FILE *out, const struct schema_field *field)
{
    struct shape shape;
    sg_ignore(shape_of(field, &shape));
    const json_t *value = field->default_value;
    char upper[C_NAME_MAX];
    if (json_is_boolean(value)) {
        fprintf(out, "    .%s = %s,\n", field->name, json_is_true(value) ? "true" : "false");
    }
    if (json_is_integer(value)) {
        fprintf(out, "    .%s = %" JSON_INTEGER_FORMAT ",\n", field->name,
                json_integer_value(value));
    }
    if (json_is_real(value)) {
        fprintf(out, "    .%s = %.17g,\n", field->name, json_real_value(value));
    }
    if (json_is_string(value) && shape.value->kind == SCHEMA_ENUM) {
        c_name_upper(shape.value->name, upper);
        fprintf(out, "    .%s = %s_%s,\n", field->name, upper, json_string_value(value));
    }
    if (json_is_string(value) && shape.value->kind == SCHEMA_STRING) {
        fprintf(out, "    .%s = {(const uint8_t *)", field->name);
        emit_text(out, json_string_value(value));
        fprintf(out, ", %zu},\n", json_string_length(value));
    }
}

static void emit_defaults(FILE *out, const struct schema_node *node, const char *snake)
{
    bool has_any = false;
    for (size_t i = 0; i < node->field_count; i++) {
        has_any = has_any || is_written(node->fields[i].default_value);
    }
    // C forbids empty braces.
    const char *open = has_any ? "\n" : "0";
    template_print(out, "const struct $1 $1_default = {$2", (const char *[]){snake, open});
    for (size_t i = 0; i < node->field_count; i++) {
        emit_default(out, &node->fields[i]);
    }
    fprintf(out, "};\n\n");
}

static void emit_type(FILE *out, const struct schema_node *node, const char *snake)
{
    char number[TEMPLATE_NUMBER_CHARS];
    fprintf(out, "const struct record_type %s_type = {\n    .name = \"%s\",\n", snake, node->name);
    fprintf(out, "    .full_name = \"%s\",\n    .doc =\n    ", node->full_name);
    emit_text(out, node->doc);
    template_print(out,
                   ",\n    .schema = SCHEMA,\n    .fields = FIELDS,\n    .field_count = $2,\n"
                   "    .size = sizeof(struct $1),\n    .defaults = &$1_default,\n"
                   "    .encode = encode_any,\n    .decode = decode_any,\n};\n",
                   (const char *[]){snake, template_number(node->field_count, number)});
}

void emit_descriptor(FILE *out, const struct schema_node *node, const char *schema)
{
    char snake[C_NAME_MAX];
    c_name_snake(node->name, snake);
    fprintf(out, "\n// A schema may be longer than the 4095 characters that C promises.\n"
                 "#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n"
                 "static const char SCHEMA[] =\n    ");
    emit_text(out, schema);
    fprintf(out, ";\n\n");
    emit_defaults(out, node, snake);
    for (size_t i = 0; i < node->field_count; i++) {
        emit_item(out, &node->fields[i]);
    }
    fprintf(out, "static const struct record_field FIELDS[] = {\n");
    for (size_t i = 0; i < node->field_count; i++) {
        emit_field(out, snake, &node->fields[i]);
    }
    template_print(out,
                   "};\n\nstatic sg_result encode_any(const void *record, struct buffer *out)\n{\n"
                   "    return $1_encode(record, out);\n}\n\n"
                   "static sg_result decode_any(struct bytes avro, struct arena *arena, void "
                   "*ret_record)\n{\n    return $1_decode(avro, arena, ret_record);\n}\n\n",
                   (const char *[]){snake});
    emit_type(out, node, snake);
}
