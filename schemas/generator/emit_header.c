// Headers: the struct with the docs of its fields, and what can be done with it.
#include "schemas/generator/emit.h"

#include "schemas/generator/c_name.h"
#include "schemas/generator/shape.h"
#include "schemas/generator/template.h"

#include <string.h>

enum { LINE_CHARS = 92 };

// Writes a text as comment lines of bounded length.
static void emit_comment(FILE *out, const char *indent, const char *text)
{
    while (*text != '\0') {
        size_t length = strlen(text);
        if (length > LINE_CHARS) {
            length = LINE_CHARS;
            while (length > 0 && text[length] != ' ') {
                length--;
            }
            length = length == 0 ? LINE_CHARS : length;
        }
        fprintf(out, "%s// %.*s\n", indent, (int)length, text);
        text += length;
        text += strspn(text, " ");
    }
}

// The `at`-th named type of a field, NULL behind the last.
static const struct schema_node *named_type(const struct schema_field *field, size_t at)
{
    struct shape shape;
    sg_ignore(shape_of(field, &shape)); // Checked before anything is written.
    if (shape.branches != NULL) {
        return at < shape.branch_count ? shape.branches[at] : NULL;
    }
    const struct schema_node *type = shape.item == NULL ? shape.value : shape.item;
    bool is_named = type->kind == SCHEMA_RECORD || type->kind == SCHEMA_ENUM;
    return at == 0 && is_named ? type : NULL;
}

static bool has_type(const struct schema_field *field, const struct schema_node *wanted)
{
    const struct schema_node *type = NULL;
    for (size_t i = 0; (type = named_type(field, i)) != NULL; i++) {
        if (type == wanted) {
            return true;
        }
    }
    return false;
}

// Includes the types of the fields, each once.
static void emit_includes(FILE *out, const struct schema_node *node)
{
    for (size_t i = 0; i < node->field_count; i++) {
        const struct schema_node *type = NULL;
        for (size_t at = 0; (type = named_type(&node->fields[i], at)) != NULL; at++) {
            bool is_new = true;
            for (size_t j = 0; j < i; j++) {
                is_new = is_new && !has_type(&node->fields[j], type);
            }
            char snake[C_NAME_MAX];
            c_name_snake(type->name, snake);
            if (is_new) {
                fprintf(out, "#include \"schemas/%s.h\"\n", snake);
            }
        }
    }
}

static void emit_branches(FILE *out, const struct schema_field *field, const struct shape *shape)
{
    fprintf(out, "    union {\n");
    for (size_t i = 0; i < shape->branch_count; i++) {
        char snake[C_NAME_MAX];
        c_name_snake(shape->branches[i]->name, snake);
        fprintf(out, "        struct %s %s;\n", snake, snake);
    }
    fprintf(out, "    } %s;\n", field->name);
}

// The branches of a union, as an enum.
static void emit_branch_enum(FILE *out, const char *record, const struct schema_field *field)
{
    struct shape shape;
    sg_ignore(shape_of(field, &shape));
    if (shape.branches == NULL) {
        return;
    }
    fprintf(out, "// What %s can be.\nenum %s_%s {\n", field->name, record, field->name);
    for (size_t i = 0; i < shape.branch_count; i++) {
        char name[C_NAME_MAX * 3];
        c_name_branch(record, field->name, shape.branches[i], name);
        fprintf(out, "    %s = %zu,\n", name, i);
    }
    fprintf(out, "};\n\n");
}

static void emit_member(FILE *out, const char *record, const struct schema_field *field)
{
    struct shape shape;
    sg_ignore(shape_of(field, &shape)); // Checked before anything is written.
    char type[C_NAME_MAX];
    emit_comment(out, "    ", field->doc);
    if (shape.is_optional) {
        fprintf(out, "    bool has_%s;\n", field->name);
    }
    if (shape.branches != NULL) {
        fprintf(out, "    enum %s_%s %s_type;\n", record, field->name, field->name);
        emit_branches(out, field, &shape);
        return;
    }
    if (shape.value->kind == SCHEMA_MAP) {
        fprintf(out, "    struct %s_%s *%s;\n", record, field->name, field->name);
    } else {
        c_name_type(shape.item == NULL ? shape.value : shape.item, type);
        fprintf(out, "    %s %s%s;\n", type, shape.item == NULL ? "" : "*", field->name);
    }
    if (shape.item != NULL) {
        fprintf(out, "    size_t %s_count;\n", field->name);
    }
}

static void emit_pair(FILE *out, const char *record, const struct schema_field *field)
{
    struct shape shape;
    sg_ignore(shape_of(field, &shape));
    if (shape.value->kind != SCHEMA_MAP) {
        return;
    }
    char type[C_NAME_MAX];
    c_name_type(shape.item, type);
    fprintf(out, "// An entry of %s.\nstruct %s_%s {\n    struct bytes key;\n    %s value;\n};\n\n",
            field->name, record, field->name, type);
}

static void emit_record_functions(FILE *out, const char *snake)
{
    template_print(
        out,
        "// Every default; fields without one are zero.\n"
        "extern const struct $1 $1_default;\n\n"
        "extern const struct record_type $1_type;\n\n"
        "// Adds the record in Avro binary to `out`. Fails: SG_DROP when a text is not UTF-8 or "
        "the\n// buffer's limit is reached. Any thread.\n"
        "SG_RESULT $1_encode(const struct $1 *record, struct buffer *out);\n\n"
        "// Reads a record that fills all of `avro`. Texts borrow from `avro`, lists are in the "
        "arena.\n// Fails: SG_DROP with the field's name for anything that is no such record. "
        "Any thread.\n"
        "SG_RESULT $1_decode(struct bytes avro, struct arena *arena, struct $1 "
        "*ret_record);\n\n"
        "// The parts of the above, for records that hold this one: the room it may need is "
        "added to\n// `*size`, written at `at`, read from where the reader stands.\n"
        "SG_RESULT $1_measure(const struct $1 *record, size_t *size);\n"
        "uint8_t *$1_write(const struct $1 *record, uint8_t *at);\n"
        "SG_RESULT $1_read(struct binary_reader *reader, struct arena *arena, struct $1 "
        "*ret_record);\n",
        (const char *[]){snake});
}

static void emit_record(FILE *out, const struct schema_node *node)
{
    char snake[C_NAME_MAX];
    c_name_snake(node->name, snake);
    fprintf(out, "#include \"core/arena.h\"\n#include \"core/buffer.h\"\n#include "
                 "\"core/bytes.h\"\n#include \"core/result.h\"\n");
    emit_includes(out, node);
    fprintf(out, "#include \"schemas/record_type.h\"\n\nstruct binary_reader;\n\n");
    for (size_t i = 0; i < node->field_count; i++) {
        emit_pair(out, snake, &node->fields[i]);
        emit_branch_enum(out, snake, &node->fields[i]);
    }
    fprintf(out, "// The fields keep the order of the schema, whatever room that takes.\n"
                 "// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding)\n");
    fprintf(out, "struct %s {\n", snake);
    for (size_t i = 0; i < node->field_count; i++) {
        emit_member(out, snake, &node->fields[i]);
    }
    fprintf(out, "};\n\n");
    emit_record_functions(out, snake);
}

static void emit_symbols(FILE *out, const struct schema_node *node)
{
    char number[TEMPLATE_NUMBER_CHARS];
    char snake[C_NAME_MAX];
    char upper[C_NAME_MAX];
    c_name_snake(node->name, snake);
    c_name_upper(node->name, upper);
    fprintf(out, "#include \"schemas/record_type.h\"\n\nenum %s {\n", snake);
    for (size_t i = 0; i < node->symbols.count; i++) {
        fprintf(out, "    %s_%s = %zu,\n", upper, node->symbols.words[i], i);
    }
    template_print(
        out,
        "};\n\n// How many there are.\nenum { $2_COUNT = $3 };\n\n"
        "extern const struct record_enum $1_names;\n\n"
        "// The symbol of the schema, \"unknown\" for a value that is none. Any thread.\n"
        "const char *$1_name(enum $1 value);\n",
        (const char *[]){snake, upper, template_number(node->symbols.count, number)});
}

void emit_header(FILE *out, const struct schema_node *node)
{
    emit_comment(out, "", node->doc);
    fprintf(out, "// Generated from the schema of %s: change that.\n#pragma once\n",
            node->full_name);
    if (node->kind == SCHEMA_RECORD) {
        emit_record(out, node);
    } else {
        emit_symbols(out, node);
    }
}
