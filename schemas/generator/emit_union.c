// One of several records: which it is, null included, is one number in front of it.
#include "schemas/generator/emit_value.h"

#include "schemas/generator/c_name.h"
#include "schemas/generator/template.h"

// What the templates of a branch fill in: $1 the field, $2 the branch in snake case, $3 its
// enumerator.
static void emit_branches(FILE *out, const char *record, const struct shape *shape,
                          const char *text)
{
    for (size_t i = 0; i < shape->branch_count; i++) {
        char snake[C_NAME_MAX];
        char enumerator[C_NAME_MAX * 3];
        c_name_snake(shape->branches[i]->name, snake);
        c_name_branch(record, shape->field->name, shape->branches[i], enumerator);
        template_print(out, text, (const char *[]){shape->field->name, snake, enumerator});
    }
}

static void emit_absent(FILE *out, const struct shape *shape, const char *text)
{
    if (shape->is_optional) {
        template_print(out, text, (const char *[]){shape->field->name});
    }
}

void emit_union(FILE *out, const char *record, const struct shape *shape)
{
    const char *name = shape->field->name;
    char count[TEMPLATE_NUMBER_CHARS];
    const char *const values[] = {
        record, name, template_number(shape->branch_count + (shape->is_optional ? 1 : 0), count),
        shape->is_optional ? " + 1" : "", shape->is_optional ? " - 1" : ""};
    template_print(out, "static sg_result measure_$2(const struct $1 *record, size_t *size)\n{\n",
                   values);
    emit_absent(out, shape, "    if (!record->has_$1) {\n        return sg_ok();\n    }\n");
    template_print(out, "    switch (record->$2_type) {\n", values);
    emit_branches(out, record, shape,
                  "    case $3:\n        return sg_explain($2_measure(&record->$1.$2, size), "
                  "\"$1\");\n");
    template_print(out,
                   "    }\n    return sg_fail(SG_FATAL, 0, \"$2: no such branch\");\n}\n\n"
                   "static uint8_t *write_$2(const struct $1 *record, uint8_t *at)\n{\n",
                   values);
    emit_absent(out, shape,
                "    if (!record->has_$1) {\n        return binary_writer_long(at, 0);\n    }\n");
    template_print(out,
                   "    at = binary_writer_index(at, (unsigned)record->$2_type$4, $3);\n"
                   "    switch (record->$2_type) {\n",
                   values);
    emit_branches(out, record, shape,
                  "    case $3:\n        return $2_write(&record->$1.$2, at);\n");
    template_print(out,
                   "    }\n    return at;\n}\n\n"
                   "static sg_result read_$2(struct binary_reader *reader, struct arena *arena,\n"
                   "    struct $1 *ret_record)\n{\n    unsigned index = 0;\n"
                   "    SG_TRY(binary_reader_index(reader, \"$2\", $3, &index));\n",
                   values);
    emit_absent(out, shape,
                "    ret_record->has_$1 = index > 0;\n    if (index == 0) {\n        return "
                "sg_ok();\n    }\n");
    template_print(out,
                   "    ret_record->$2_type = (enum $1_$2)(index$5);\n"
                   "    switch (ret_record->$2_type) {\n",
                   values);
    emit_branches(out, record, shape,
                  "    case $3:\n        return sg_explain($2_read(reader, arena, "
                  "&ret_record->$1.$2), \"$1\");\n");
    fprintf(out, "    }\n    return sg_ok();\n}\n\n");
}
