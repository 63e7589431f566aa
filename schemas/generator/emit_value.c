// Values that are no lists.
#include "schemas/generator/emit_value.h"

#include "schemas/binary/binary_writer.h"
#include "schemas/generator/c_name.h"

size_t emit_value_bytes(const struct schema_node *node)
{
    switch (node->kind) {
    case SCHEMA_DOUBLE:
        return BINARY_DOUBLE_BYTES;
    case SCHEMA_BOOLEAN:
    case SCHEMA_INT:
    case SCHEMA_LONG:
    case SCHEMA_ENUM:
        return BINARY_LONG_BYTES;
    case SCHEMA_NULL:
    case SCHEMA_FLOAT:
    case SCHEMA_BYTES:
    case SCHEMA_STRING:
    case SCHEMA_RECORD:
    case SCHEMA_FIXED:
    case SCHEMA_ARRAY:
    case SCHEMA_MAP:
    case SCHEMA_UNION:
        break;
    }
    return 0;
}

static void measure_value(FILE *out, const struct schema_node *node, const struct place *place)
{
    char snake[C_NAME_MAX];
    if (node->kind == SCHEMA_STRING) {
        fprintf(out, "%sSG_TRY(binary_writer_measure_string(\"%s\", %s, size));\n", place->indent,
                place->name, place->expression);
    }
    if (node->kind == SCHEMA_RECORD) {
        c_name_snake(node->name, snake);
        fprintf(out, "%sSG_TRY(sg_explain(%s_measure(&%s, size), \"%s\"));\n", place->indent, snake,
                place->expression, place->name);
    }
}

static void write_value(FILE *out, const struct schema_node *node, const struct place *place)
{
    char name[C_NAME_MAX];
    if (node->kind == SCHEMA_RECORD) {
        c_name_snake(node->name, name);
        fprintf(out, "%sat = %s_write(&%s, at);\n", place->indent, name, place->expression);
        return;
    }
    if (node->kind == SCHEMA_ENUM) {
        c_name_upper(node->name, name);
        fprintf(out, "%sat = binary_writer_index(at, (unsigned)%s, %s_COUNT);\n", place->indent,
                place->expression, name);
        return;
    }
    enum schema_kind kind = node->kind == SCHEMA_INT      ? SCHEMA_LONG
                            : node->kind == SCHEMA_STRING ? SCHEMA_BYTES
                                                          : node->kind;
    fprintf(out, "%sat = binary_writer_%s(at, %s);\n", place->indent, schema_tree_kind_name(kind),
            place->expression);
}

static void read_value(FILE *out, const struct schema_node *node, const struct place *place)
{
    char name[C_NAME_MAX];
    if (node->kind == SCHEMA_RECORD) {
        c_name_snake(node->name, name);
        fprintf(out, "%sSG_TRY(sg_explain(%s_read(reader, arena, &%s), \"%s\"));\n", place->indent,
                name, place->expression, place->name);
        return;
    }
    if (node->kind == SCHEMA_ENUM) {
        c_name_upper(node->name, name);
        fprintf(out, "%sSG_TRY(binary_reader_index(reader, \"%s\", %s_COUNT, &index));\n",
                place->indent, place->name, name);
        c_name_snake(node->name, name);
        fprintf(out, "%s%s = (enum %s)index;\n", place->indent, place->expression, name);
        return;
    }
    fprintf(out, "%sSG_TRY(binary_reader_%s(reader, \"%s\", &%s));\n", place->indent,
            schema_tree_kind_name(node->kind), place->name, place->expression);
}

void emit_value(FILE *out, enum action action, const struct schema_node *node,
                const struct place *place)
{
    switch (action) {
    case ACTION_MEASURE:
        measure_value(out, node, place);
        break;
    case ACTION_WRITE:
        write_value(out, node, place);
        break;
    case ACTION_READ:
        read_value(out, node, place);
        break;
    }
}
