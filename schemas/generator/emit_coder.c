// Encoders and decoders. Values of fixed size are summed up here, so that measuring a record looks
// only at its texts and lists.
#include "schemas/generator/emit.h"

#include "schemas/binary/binary_writer.h"
#include "schemas/generator/c_name.h"
#include "schemas/generator/emit_value.h"
#include "schemas/generator/template.h"

// The call of a function of its own: for a list or a union.
static void emit_part_call(FILE *out, enum action action, const struct place *place)
{
    switch (action) {
    case ACTION_MEASURE:
        fprintf(out, "%sSG_TRY(measure_%s(record, size));\n", place->indent, place->name);
        break;
    case ACTION_WRITE:
        fprintf(out, "%sat = write_%s(record, at);\n", place->indent, place->name);
        break;
    case ACTION_READ:
        fprintf(out, "%sSG_TRY(read_%s(reader, arena, ret_record));\n", place->indent, place->name);
        break;
    }
}

static void emit_field(FILE *out, enum action action, const struct schema_field *field)
{
    struct shape shape;
    sg_ignore(shape_of(field, &shape)); // Checked before anything is written.
    if (action == ACTION_MEASURE && shape.item == NULL && emit_value_bytes(shape.value) > 0) {
        return;
    }
    if (shape.branches != NULL) {
        emit_part_call(out, action, &(struct place){NULL, field->name, "    "});
        return;
    }
    const char *record = action == ACTION_READ ? "ret_record" : "record";
    char expression[C_NAME_MAX * 2];
    snprintf(expression, sizeof expression, "%s->%s", record, field->name);
    struct place place = {expression, field->name, shape.is_optional ? "        " : "    "};
    if (shape.is_optional && action == ACTION_WRITE) {
        fprintf(out, "    at = binary_writer_long(at, record->has_%s ? 1 : 0);\n", field->name);
    }
    if (shape.is_optional && action == ACTION_READ) {
        template_print(out,
                       "    SG_TRY(binary_reader_optional(reader, \"$1\", &ret_record->has_$1));\n",
                       (const char *[]){field->name});
    }
    if (shape.is_optional) {
        fprintf(out, "    if (%s->has_%s) {\n", record, field->name);
    }
    if (shape.item != NULL) {
        emit_part_call(out, action, &place);
    } else {
        emit_value(out, action, shape.value, &place);
    }
    if (shape.is_optional) {
        fprintf(out, "    }\n");
    }
}

static void emit_fields(FILE *out, enum action action, const struct schema_node *node)
{
    for (size_t i = 0; i < node->field_count; i++) {
        emit_field(out, action, &node->fields[i]);
    }
}

static void emit_parts(FILE *out, const char *snake, const struct schema_node *node)
{
    for (size_t i = 0; i < node->field_count; i++) {
        struct shape shape;
        sg_ignore(shape_of(&node->fields[i], &shape));
        if (shape.item != NULL) {
            emit_list(out, snake, &shape);
        }
        if (shape.branches != NULL) {
            emit_union(out, snake, &shape);
        }
    }
}

// The bytes that every record of the type needs for its values of fixed size.
static size_t fixed_bytes_of_all(const struct schema_node *node)
{
    size_t total = 0;
    for (size_t i = 0; i < node->field_count; i++) {
        struct shape shape;
        sg_ignore(shape_of(&node->fields[i], &shape));
        total += shape.is_optional || shape.branches != NULL ? BINARY_LONG_BYTES : 0;
        total += shape.item == NULL ? emit_value_bytes(shape.value) : 0;
    }
    return total;
}

// Whether a field of the record itself is an enum, or needs the arena.
static void needs_of(const struct schema_node *node, bool *ret_index, bool *ret_arena)
{
    *ret_index = false;
    *ret_arena = false;
    for (size_t i = 0; i < node->field_count; i++) {
        struct shape shape;
        sg_ignore(shape_of(&node->fields[i], &shape));
        *ret_index = *ret_index || shape.value->kind == SCHEMA_ENUM;
        *ret_arena = *ret_arena || shape.item != NULL || shape.branches != NULL ||
                     shape.value->kind == SCHEMA_RECORD;
    }
}

static void emit_encode(FILE *out, const char *snake, const char *full_name)
{
    template_print(out,
                   "sg_result $1_encode(const struct $1 *record, struct buffer *out)\n{\n"
                   "    size_t size = 0;\n"
                   "    sg_result result = $1_measure(record, &size);\n"
                   "    if (!sg_is_ok(result)) {\n"
                   "        return sg_explain(result, \"$2\");\n    }\n"
                   "    SG_TRY(buffer_reserve(out, size));\n"
                   "    uint8_t *end = $1_write(record, out->data + out->size);\n"
                   "    out->size = (size_t)(end - out->data);\n"
                   "    return sg_ok();\n}\n\n",
                   (const char *[]){snake, full_name});
}

static void emit_decode(FILE *out, const char *snake, const char *full_name)
{
    template_print(
        out,
        "static sg_result decode_all(struct bytes avro, struct arena *arena, struct $1 *record)\n"
        "{\n"
        "    struct binary_reader reader = binary_reader_of(avro);\n"
        "    SG_TRY($1_read(&reader, arena, record));\n"
        "    return binary_reader_end(&reader);\n}\n\n"
        "sg_result $1_decode(struct bytes avro, struct arena *arena, struct $1 *ret_record)\n{\n"
        "    struct $1 record = {0};\n"
        "    sg_result result = decode_all(avro, arena, &record);\n"
        "    if (!sg_is_ok(result)) {\n"
        "        return sg_explain(result, \"$2\");\n    }\n"
        "    *ret_record = record;\n"
        "    return sg_ok();\n}\n",
        (const char *[]){snake, full_name});
}

void emit_coder(FILE *out, const struct schema_node *node)
{
    char snake[C_NAME_MAX];
    bool needs_index = false;
    bool needs_arena = false;
    c_name_snake(node->name, snake);
    needs_of(node, &needs_index, &needs_arena);
    fprintf(out,
            "// Generated from the schema of %s: change that.\n#include \"schemas/%s.h\"\n\n"
            "#include \"schemas/binary/binary_reader.h\"\n"
            "#include \"schemas/binary/binary_writer.h\"\n\n#include <stddef.h>\n\n",
            node->full_name, snake);
    emit_parts(out, snake, node);

    template_print(out, "sg_result $1_measure(const struct $1 *record, size_t *size)\n{\n",
                   (const char *[]){snake});
    fprintf(out, "    (void)record;\n    *size += %zu;\n", fixed_bytes_of_all(node));
    emit_fields(out, ACTION_MEASURE, node);
    fprintf(out, "    return sg_ok();\n}\n\n");

    template_print(out,
                   "// A branch for each optional field.\n"
                   "// NOLINTNEXTLINE(readability-function-cognitive-complexity)\n"
                   "uint8_t *$1_write(const struct $1 *record, uint8_t *at)\n{\n",
                   (const char *[]){snake});
    emit_fields(out, ACTION_WRITE, node);
    fprintf(out, "    return at;\n}\n\n");

    template_print(out,
                   "sg_result $1_read(struct binary_reader *reader, struct arena *arena,\n"
                   "    struct $1 *ret_record)\n{\n$2$3",
                   (const char *[]){snake, needs_index ? "    unsigned index = 0;\n" : "",
                                    needs_arena ? "" : "    (void)arena;\n"});
    emit_fields(out, ACTION_READ, node);
    fprintf(out, "    return sg_ok();\n}\n\n");
    emit_encode(out, snake, node->full_name);
    emit_decode(out, snake, node->full_name);
}
