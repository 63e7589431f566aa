// The source of an enum, and texts as literals.
#include "schemas/generator/emit.h"

#include "schemas/generator/c_name.h"
#include "schemas/generator/template.h"

enum { LITERAL_CHARS = 80, FIRST_PRINTABLE = 0x20, LAST_PRINTABLE = 0x7E };

void emit_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (size_t i = 0; text[i] != '\0'; i++) {
        unsigned char c = (unsigned char)text[i];
        if (i > 0 && i % LITERAL_CHARS == 0) {
            fprintf(out, "\"\n    \"");
        }
        if (c == '"' || c == '\\' || c == '?') {
            fprintf(out, "\\%c", c);
        } else if (c < FIRST_PRINTABLE || c > LAST_PRINTABLE) {
            fprintf(out, "\\%03o", c);
        } else {
            fputc(c, out);
        }
    }
    fputc('"', out);
}

void emit_enum(FILE *out, const struct schema_node *node)
{
    char snake[C_NAME_MAX];
    char upper[C_NAME_MAX];
    c_name_snake(node->name, snake);
    c_name_upper(node->name, upper);
    fprintf(out,
            "// Generated from the schema of %s: change that.\n#include \"schemas/%s.h\"\n\n"
            "static const char *const SYMBOLS[] = {\n",
            node->full_name, snake);
    for (size_t i = 0; i < node->symbols.count; i++) {
        fprintf(out, "    [%s_%s] = \"%s\",\n", upper, node->symbols.words[i],
                node->symbols.words[i]);
    }
    template_print(
        out,
        "};\n\n"
        "// Code that works on any record reads and writes an enum as an unsigned.\n"
        "_Static_assert(sizeof(enum $1) == sizeof(unsigned), \"size of enum $1\");\n\n"
        "const struct record_enum $1_names = {\n    .name = \"$3\",\n"
        "    .full_name = \"$4\",\n    .symbols = SYMBOLS,\n    .count = $2_COUNT,\n};\n\n"
        "const char *$1_name(enum $1 value)\n{\n"
        "    return (unsigned)value < $2_COUNT ? SYMBOLS[value] : \"unknown\";\n}\n",
        (const char *[]){snake, upper, node->name, node->full_name});
}
