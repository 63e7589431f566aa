// Arrays and maps: one block when written, any blocks when read.
#include "schemas/generator/emit_value.h"

#include "schemas/generator/c_name.h"
#include "schemas/generator/template.h"

static const char INDENT[] = "        ";

static void emit_list_measure(FILE *out, const char *record, const struct shape *shape)
{
    const char *name = shape->field->name;
    bool is_map = shape->value->kind == SCHEMA_MAP;
    char item[C_NAME_MAX * 2];
    snprintf(item, sizeof item, "record->%s[i]%s", name, is_map ? ".value" : "");
    struct place place = {item, name, INDENT};
    char number[TEMPLATE_NUMBER_CHARS];
    size_t each = emit_value_bytes(shape->item);
    template_print(out,
                   "static sg_result measure_$2(const struct $1 *record, size_t *size)\n{\n"
                   "    *size += 2 * BINARY_LONG_BYTES;\n",
                   (const char *[]){record, name});
    if (each > 0) {
        template_print(out, "    *size += record->$1_count * $2;\n",
                       (const char *[]){name, template_number(each, number)});
    }
    if (is_map || each == 0) {
        fprintf(out, "    for (size_t i = 0; i < record->%s_count; i++) {\n", name);
        if (is_map) {
            template_print(out,
                           "        SG_TRY(binary_writer_measure_string(\"$1\", record->$1[i].key, "
                           "size));\n",
                           (const char *[]){name});
        }
        emit_value(out, ACTION_MEASURE, shape->item, &place);
        fprintf(out, "    }\n");
    }
    fprintf(out, "    return sg_ok();\n}\n\n");
}

static void emit_list_write(FILE *out, const char *record, const struct shape *shape)
{
    const char *name = shape->field->name;
    bool is_map = shape->value->kind == SCHEMA_MAP;
    char item[C_NAME_MAX * 2];
    snprintf(item, sizeof item, "record->%s[i]%s", name, is_map ? ".value" : "");
    struct place place = {item, name, INDENT};
    template_print(out,
                   "static uint8_t *write_$2(const struct $1 *record, uint8_t *at)\n{\n"
                   "    if (record->$2_count > 0) {\n"
                   "        at = binary_writer_long(at, (int64_t)record->$2_count);\n    }\n"
                   "    for (size_t i = 0; i < record->$2_count; i++) {\n",
                   (const char *[]){record, name});
    if (is_map) {
        fprintf(out, "        at = binary_writer_bytes(at, record->%s[i].key);\n", name);
    }
    emit_value(out, ACTION_WRITE, shape->item, &place);
    fprintf(out, "    }\n    return binary_writer_long(at, 0);\n}\n\n");
}

static void emit_list_read(FILE *out, const char *record, const struct shape *shape)
{
    const char *name = shape->field->name;
    bool is_map = shape->value->kind == SCHEMA_MAP;
    char type[C_NAME_MAX * 2];
    c_name_type(shape->item, type);
    if (is_map) {
        snprintf(type, sizeof type, "struct %.100s_%.100s", record, name);
    }
    struct place place = {is_map ? "item->value" : "*item", name, INDENT};
    template_print(
        out,
        "static sg_result read_$2(struct binary_reader *reader, struct arena *arena,\n"
        "    struct $1 *ret_record)\n{\n"
        "    struct binary_list list = {.field = \"$2\",\n"
        "                               .item_size = sizeof *ret_record->$2,\n"
        "                               .items_max = $3};\n"
        "    SG_TRY(binary_reader_next(reader, arena, &list));\n"
        "    while (list.has_item) {\n        $4 *item = binary_reader_item(&list);\n",
        (const char *[]){record, name, is_map ? "BINARY_KEYS_MAX" : "BINARY_ITEMS_MAX", type});
    if (shape->item->kind == SCHEMA_ENUM) {
        fprintf(out, "        unsigned index = 0;\n");
    }
    if (is_map) {
        fprintf(out, "        SG_TRY(binary_reader_string(reader, \"%s\", &item->key));\n", name);
    }
    emit_value(out, ACTION_READ, shape->item, &place);
    fprintf(out, "        SG_TRY(binary_reader_next(reader, arena, &list));\n    }\n");
    if (is_map) {
        fprintf(out, "    SG_TRY(binary_reader_unique_keys(&list));\n");
    }
    template_print(out,
                   "    ret_record->$1 = list.items;\n    ret_record->$1_count = list.count;\n"
                   "    return sg_ok();\n}\n\n",
                   (const char *[]){name});
}

void emit_list(FILE *out, const char *record, const struct shape *shape)
{
    emit_list_measure(out, record, shape);
    emit_list_write(out, record, shape);
    emit_list_read(out, record, shape);
}
