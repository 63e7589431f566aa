// Owns the nodes of a schema and its JSON, which the default values stay in.
#include "schemas/binary/schema_tree.h"

#include "core/arena.h"
#include "schemas/binary/schema_parse.h"

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

struct schema_tree {
    struct arena *arena;
    json_t *json;
    const struct schema_node *root;
};

static const char *const KIND_NAMES[] = {
    [SCHEMA_NULL] = "null",   [SCHEMA_BOOLEAN] = "boolean", [SCHEMA_INT] = "int",
    [SCHEMA_LONG] = "long",   [SCHEMA_FLOAT] = "float",     [SCHEMA_DOUBLE] = "double",
    [SCHEMA_BYTES] = "bytes", [SCHEMA_STRING] = "string",   [SCHEMA_RECORD] = "record",
    [SCHEMA_ENUM] = "enum",   [SCHEMA_FIXED] = "fixed",     [SCHEMA_ARRAY] = "array",
    [SCHEMA_MAP] = "map",     [SCHEMA_UNION] = "union",
};

const char *schema_tree_kind_name(enum schema_kind kind)
{
    return KIND_NAMES[kind];
}

int schema_tree_word_index(const struct schema_words *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++) {
        if (strcmp(words->words[i], word) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static void release(json_t **json)
{
    json_decref(*json);
    *json = NULL;
}

static sg_result load(struct bytes text, json_t **ret_json)
{
    json_error_t error;
    if (text.size > SCHEMA_TEXT_MAX) {
        return sg_fail(SG_DROP, 0, "schema: %zu bytes, the limit is %d", text.size,
                       SCHEMA_TEXT_MAX);
    }
    json_t *json = json_loadb((const char *)text.data, text.size,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (json == NULL) {
        return sg_fail(SG_DROP, 0, "schema: line %d: %s", error.line, error.text);
    }
    *ret_json = json;
    return sg_ok();
}

sg_result schema_tree_parse(struct bytes text, struct schema_tree **ret_tree)
{
    SG_CLEANUP(release) json_t *json = NULL;
    SG_CLEANUP(arena_free) struct arena *arena = arena_new(SCHEMA_PARSE_BYTES_MAX);
    const struct schema_node *root = NULL;
    if (arena == NULL) {
        return sg_fail(SG_FATAL, 0, "schema: out of memory");
    }
    SG_TRY(load(text, &json));
    SG_TRY(schema_parse(json, arena, &root));

    struct schema_tree *tree = calloc(1, sizeof *tree);
    if (tree == NULL) {
        return sg_fail(SG_FATAL, 0, "schema: out of memory");
    }
    *tree = (struct schema_tree){SG_MOVE(arena), SG_MOVE(json), root};
    *ret_tree = tree;
    return sg_ok();
}

void schema_tree_free(struct schema_tree **tree)
{
    if (*tree == NULL) {
        return;
    }
    json_decref((*tree)->json);
    arena_free(&(*tree)->arena);
    free(*tree);
    *tree = NULL;
}

const struct schema_node *schema_tree_root(const struct schema_tree *tree)
{
    return tree->root;
}
