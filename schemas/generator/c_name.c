// A capital letter begins a word.
#include "schemas/generator/c_name.h"

#include <ctype.h>
#include <stdio.h>

void c_name_snake(const char *name, char ret_name[static C_NAME_MAX])
{
    size_t length = 0;
    for (const char *at = name; *at != '\0' && length < C_NAME_MAX - 2; at++) {
        if (isupper((unsigned char)*at) && at != name) {
            ret_name[length++] = '_';
        }
        ret_name[length++] = (char)tolower((unsigned char)*at);
    }
    ret_name[length] = '\0';
}

void c_name_upper(const char *name, char ret_name[static C_NAME_MAX])
{
    c_name_snake(name, ret_name);
    for (char *at = ret_name; *at != '\0'; at++) {
        *at = (char)toupper((unsigned char)*at);
    }
}

void c_name_branch(const char *record, const char *field, const struct schema_node *branch,
                   char ret_name[static C_NAME_MAX * 3])
{
    char names[3][C_NAME_MAX];
    c_name_upper(record, names[0]);
    c_name_upper(field, names[1]);
    c_name_upper(branch->name, names[2]);
    snprintf(ret_name, (size_t)C_NAME_MAX * 3, "%s_%s_%s", names[0], names[1], names[2]);
}

void c_name_type(const struct schema_node *node, char ret_name[static C_NAME_MAX])
{
    static const char *const types[] = {
        [SCHEMA_BOOLEAN] = "bool",  [SCHEMA_INT] = "int32_t",         [SCHEMA_LONG] = "int64_t",
        [SCHEMA_DOUBLE] = "double", [SCHEMA_STRING] = "struct bytes",
    };
    if (node->kind != SCHEMA_RECORD && node->kind != SCHEMA_ENUM) {
        snprintf(ret_name, C_NAME_MAX, "%s", types[node->kind]);
        return;
    }
    char snake[C_NAME_MAX];
    c_name_snake(node->name, snake);
    const char *word = node->kind == SCHEMA_RECORD ? "struct" : "enum";
    snprintf(ret_name, C_NAME_MAX, "%s %.100s", word, snake);
}
