// schema_generator FOLDER FILE...: reads .avsc files and writes x.h and x.c into the folder for
// each record and enum they define. A file may use the types of the files before it.
#include "schemas/generator/c_name.h"
#include "schemas/generator/embed.h"
#include "schemas/generator/emit.h"
#include "schemas/generator/shape.h"

#include <stdlib.h>
#include <string.h>

enum { PATH_CHARS_MAX = 1024, FIRST_FILE = 2 };

static void release(json_t **json)
{
    json_decref(*json);
    *json = NULL;
}

static void release_text(char **text)
{
    free(*text);
    *text = NULL;
}

static sg_result load_file(struct embed *embed, const char *path)
{
    json_error_t error;
    SG_CLEANUP(release) json_t *schema = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (schema == NULL) {
        return sg_fail(SG_FATAL, 0, "%s:%d: %s", path, error.line, error.text);
    }
    return sg_explain(embed_file(embed, schema), "%s", path);
}

static sg_result open_output(const char *folder, const char *snake, const char *suffix,
                             FILE **ret_file)
{
    char path[PATH_CHARS_MAX];
    int length = snprintf(path, sizeof path, "%s/%s.%s", folder, snake, suffix);
    FILE *file = length < (int)sizeof path ? fopen(path, "w") : NULL;
    if (file == NULL) {
        return sg_fail(SG_FATAL, 0, "%s/%s.%s: cannot be written", folder, snake, suffix);
    }
    *ret_file = file;
    return sg_ok();
}

static sg_result close_output(FILE *file, const char *snake)
{
    bool is_bad = ferror(file) != 0;
    if (fclose(file) != 0 || is_bad) {
        return sg_fail(SG_FATAL, 0, "%s: writing failed", snake);
    }
    return sg_ok();
}

static sg_result write_type(const char *folder, const struct schema_node *node, const char *schema)
{
    char snake[C_NAME_MAX];
    c_name_snake(node->name, snake);
    FILE *file = NULL;
    SG_TRY(open_output(folder, snake, "h", &file));
    emit_header(file, node);
    SG_TRY(close_output(file, snake));

    SG_TRY(open_output(folder, snake, "c", &file));
    if (node->kind == SCHEMA_ENUM) {
        emit_enum(file, node);
    } else {
        emit_coder(file, node);
        emit_descriptor(file, node, schema);
    }
    return close_output(file, snake);
}

static sg_result generate_type(const struct embed *embed, const char *folder, const char *full_name)
{
    SG_CLEANUP(release) json_t *schema = NULL;
    SG_CLEANUP(release_text) char *text = NULL;
    SG_CLEANUP(schema_tree_free) struct schema_tree *tree = NULL;
    SG_TRY(embed_schema(embed, full_name, &schema));
    text = json_dumps(schema, JSON_COMPACT);
    if (text == NULL) {
        return sg_fail(SG_FATAL, 0, "%s: out of memory", full_name);
    }
    SG_TRY(schema_tree_parse(bytes_of_text(text), &tree));
    const struct schema_node *node = schema_tree_root(tree);
    if (node->kind != SCHEMA_RECORD && node->kind != SCHEMA_ENUM) {
        return sg_fail(SG_DROP, 0, "%s: only records and enums can be generated", full_name);
    }
    SG_TRY(shape_check(node));
    return write_type(folder, node, text);
}

// C has no namespaces: two types whose simple name is the same would share their files.
static sg_result check_names(json_t *definitions)
{
    SG_CLEANUP(release) json_t *seen = json_object();
    const char *full_name;
    json_t *definition;
    json_object_foreach(definitions, full_name, definition)
    {
        json_t *name = json_object_get(definition, "name");
        if (json_object_get(seen, json_string_value(name)) != NULL) {
            return sg_fail(SG_DROP, 0, "%s: another namespace has a type of that name", full_name);
        }
        json_object_set(seen, json_string_value(name), name);
    }
    return sg_ok();
}

static sg_result generate(struct embed *embed, char **arguments, int count)
{
    const char *full_name;
    json_t *definition;
    for (int i = FIRST_FILE; i < count; i++) {
        SG_TRY(load_file(embed, arguments[i]));
    }
    SG_TRY(check_names(embed->definitions));
    json_object_foreach(embed->definitions, full_name, definition)
    {
        SG_TRY(generate_type(embed, arguments[1], full_name));
    }
    return sg_ok();
}

int main(int count, char **arguments)
{
    if (count <= FIRST_FILE) {
        fprintf(stderr, "usage: schema_generator FOLDER FILE...\n");
        return 2;
    }
    SG_CLEANUP(release) json_t *definitions = json_object();
    struct embed embed = {definitions};
    sg_result result = generate(&embed, arguments, count);
    if (!sg_is_ok(result)) {
        fprintf(stderr, "schema_generator: %s\n", sg_reason());
        return 1;
    }
    return 0;
}
