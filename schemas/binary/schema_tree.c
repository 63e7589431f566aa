// Parses the JSON of a schema into nodes that live in one arena. A name is known from the moment
// its definition begins, so that a type may contain itself; readers of data bound their depth.
#include "schemas/binary/schema_tree.h"

#include "core/arena.h"
#include "schemas/binary/schema_name.h"

#include <jansson.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { NODES_BYTES_MAX = 8 << 20 };

struct schema_tree {
    struct arena *arena;
    json_t *json;
    const struct schema_node *root;
};

// A named type of the text.
struct known {
    struct known *older;
    const struct schema_node *node;
};

struct parser {
    struct arena *arena;
    struct known *known;
    unsigned depth;
};

static const char *const KIND_NAMES[] = {
    [SCHEMA_NULL] = "null",   [SCHEMA_BOOLEAN] = "boolean", [SCHEMA_INT] = "int",
    [SCHEMA_LONG] = "long",   [SCHEMA_FLOAT] = "float",     [SCHEMA_DOUBLE] = "double",
    [SCHEMA_BYTES] = "bytes", [SCHEMA_STRING] = "string",   [SCHEMA_RECORD] = "record",
    [SCHEMA_ENUM] = "enum",   [SCHEMA_FIXED] = "fixed",     [SCHEMA_ARRAY] = "array",
    [SCHEMA_MAP] = "map",     [SCHEMA_UNION] = "union",
};

static sg_result parse(struct parser *parser, const json_t *json, const char *namespace,
                       const struct schema_node **ret_node);

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

static sg_result take(struct parser *parser, size_t size, void *ret_memory)
{
    void *memory = arena_take(parser->arena, size);
    if (memory == NULL) {
        return sg_fail(SG_DROP, 0, "schema is larger than the limit of %d bytes of nodes",
                       NODES_BYTES_MAX);
    }
    memcpy(ret_memory, &memory, sizeof memory);
    return sg_ok();
}

// The length of a list, within the limit.
static sg_result count_of(const json_t *list, size_t *ret_count)
{
    size_t count = json_array_size(list);
    if (count > SCHEMA_MEMBERS_MAX) {
        return sg_fail(SG_DROP, 0, "schema: a list of %zu, the limit is %d", count,
                       SCHEMA_MEMBERS_MAX);
    }
    *ret_count = count;
    return sg_ok();
}

static sg_result new_node(struct parser *parser, enum schema_kind kind,
                          struct schema_node **ret_node)
{
    struct schema_node *node = NULL;
    SG_TRY(take(parser, sizeof *node, &node));
    *node = (struct schema_node){.kind = kind, .full_name = KIND_NAMES[kind], .doc = ""};
    *ret_node = node;
    return sg_ok();
}

static const char *text_of(const json_t *object, const char *key, const char *absent)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? absent : text;
}

static const struct schema_node *find_known(const struct parser *parser, const char *full_name)
{
    for (const struct known *known = parser->known; known != NULL; known = known->older) {
        if (strcmp(known->node->full_name, full_name) == 0) {
            return known->node;
        }
    }
    return NULL;
}

// The full name of `name` in `namespace`, in the arena.
static sg_result resolve_name(struct parser *parser, const char *namespace, const char *name,
                              const char **ret_full_name)
{
    char full_name[SCHEMA_NAME_MAX];
    SG_TRY(schema_name_full(namespace, name, full_name));
    char *copy = NULL;
    SG_TRY(take(parser, strlen(full_name) + 1, &copy));
    memcpy(copy, full_name, strlen(full_name) + 1);
    *ret_full_name = copy;
    return sg_ok();
}

static sg_result parse_reference(struct parser *parser, const char *name, const char *namespace,
                                 const struct schema_node **ret_node)
{
    enum schema_kind kind;
    if (schema_name_primitive(name, &kind)) {
        struct schema_node *node = NULL;
        SG_TRY(new_node(parser, kind, &node));
        *ret_node = node;
        return sg_ok();
    }
    const char *full_name = NULL;
    SG_TRY(resolve_name(parser, namespace, name, &full_name));
    const struct schema_node *node = find_known(parser, full_name);
    if (node == NULL) {
        return sg_fail(SG_DROP, 0, "schema: type %s is not defined", full_name);
    }
    *ret_node = node;
    return sg_ok();
}

// Two branches of a union must be told apart: by kind, or by name.
static bool is_same_branch(const struct schema_node *left, const struct schema_node *right)
{
    return left->kind == right->kind && strcmp(left->full_name, right->full_name) == 0;
}

static sg_result parse_union(struct parser *parser, const json_t *json, const char *namespace,
                             const struct schema_node **ret_node)
{
    struct schema_node *node = NULL;
    SG_TRY(new_node(parser, SCHEMA_UNION, &node));
    size_t count = 0;
    SG_TRY(count_of(json, &count));
    SG_TRY(take(parser, count * sizeof(struct schema_node *), &node->branches));
    for (size_t i = 0; i < count; i++) {
        SG_TRY(parse(parser, json_array_get(json, i), namespace, &node->branches[i]));
        if (node->branches[i]->kind == SCHEMA_UNION) {
            return sg_fail(SG_DROP, 0, "schema: a union directly in a union");
        }
        for (size_t j = 0; j < i; j++) {
            if (is_same_branch(node->branches[j], node->branches[i])) {
                return sg_fail(SG_DROP, 0, "schema: %s twice in a union",
                               node->branches[i]->full_name);
            }
        }
    }
    node->branch_count = count;
    *ret_node = node;
    return sg_ok();
}

// A list of texts; absent is empty.
static sg_result parse_words(struct parser *parser, const json_t *json, struct schema_words *ret)
{
    size_t count = 0;
    SG_TRY(count_of(json, &count));
    SG_TRY(take(parser, count * sizeof(char *), &ret->words));
    for (size_t i = 0; i < count; i++) {
        const char *word = json_string_value(json_array_get(json, i));
        if (word == NULL) {
            return sg_fail(SG_DROP, 0, "schema: a symbol or alias that is not a string");
        }
        if (schema_tree_word_index(ret, word) >= 0) {
            return sg_fail(SG_DROP, 0, "schema: %s is given twice", word);
        }
        ret->words[i] = word;
        ret->count = i + 1;
    }
    return sg_ok();
}

static sg_result parse_field(struct parser *parser, const json_t *json, const char *namespace,
                             struct schema_field *ret_field)
{
    const char *name = text_of(json, "name", "");
    if (!schema_name_is_valid(name)) {
        return sg_fail(SG_DROP, 0, "schema: '%s' cannot name a field", name);
    }
    const json_t *type = json_object_get(json, "type");
    *ret_field = (struct schema_field){.name = name,
                                       .doc = text_of(json, "doc", ""),
                                       .default_value = json_object_get(json, "default")};
    SG_TRY(parse_words(parser, json_object_get(json, "aliases"), &ret_field->aliases));
    return sg_explain(parse(parser, type, namespace, &ret_field->type), "field %s", name);
}

static sg_result parse_record(struct parser *parser, const json_t *json, const char *namespace,
                              struct schema_node *node)
{
    const json_t *fields = json_object_get(json, "fields");
    if (!json_is_array(fields)) {
        return sg_fail(SG_DROP, 0, "schema: record %s has no list of fields", node->full_name);
    }
    size_t count = 0;
    SG_TRY(count_of(fields, &count));
    SG_TRY(take(parser, count * sizeof *node->fields, &node->fields));
    for (size_t i = 0; i < count; i++) {
        SG_TRY(
            sg_explain(parse_field(parser, json_array_get(fields, i), namespace, &node->fields[i]),
                       "%s", node->full_name));
        for (size_t j = 0; j < i; j++) {
            if (strcmp(node->fields[j].name, node->fields[i].name) == 0) {
                return sg_fail(SG_DROP, 0, "schema: %s: field %s is given twice", node->full_name,
                               node->fields[i].name);
            }
        }
    }
    node->field_count = count;
    return sg_ok();
}

static sg_result parse_enum(struct parser *parser, const json_t *json, struct schema_node *node)
{
    SG_TRY(parse_words(parser, json_object_get(json, "symbols"), &node->symbols));
    node->default_symbol = text_of(json, "default", NULL);
    if (node->symbols.count == 0) {
        return sg_fail(SG_DROP, 0, "schema: enum %s has no symbols", node->full_name);
    }
    if (node->default_symbol != NULL &&
        schema_tree_word_index(&node->symbols, node->default_symbol) < 0) {
        return sg_fail(SG_DROP, 0, "schema: enum %s: default %s is none of its symbols",
                       node->full_name, node->default_symbol);
    }
    return sg_ok();
}

static sg_result parse_fixed(const json_t *json, struct schema_node *node)
{
    json_int_t size = json_integer_value(json_object_get(json, "size"));
    if (size < 1 || size > INT32_MAX) {
        return sg_fail(SG_DROP, 0, "schema: fixed %s has no size", node->full_name);
    }
    node->fixed_size = (size_t)size;
    return sg_ok();
}

static sg_result parse_aliases(struct parser *parser, const json_t *json, const char *namespace,
                               struct schema_node *node)
{
    SG_TRY(parse_words(parser, json_object_get(json, "aliases"), &node->aliases));
    for (size_t i = 0; i < node->aliases.count; i++) {
        SG_TRY(resolve_name(parser, namespace, node->aliases.words[i], &node->aliases.words[i]));
    }
    return sg_ok();
}

static sg_result parse_named(struct parser *parser, const json_t *json, enum schema_kind kind,
                             const char *outer, const struct schema_node **ret_node)
{
    struct schema_node *node = NULL;
    SG_TRY(new_node(parser, kind, &node));
    const char *given = text_of(json, "name", "");
    SG_TRY(resolve_name(parser, text_of(json, "namespace", outer), given, &node->full_name));
    node->name = schema_name_simple(node->full_name);
    node->doc = text_of(json, "doc", "");
    char namespace[SCHEMA_NAME_MAX];
    schema_name_space(node->full_name, namespace);
    if (find_known(parser, node->full_name) != NULL) {
        return sg_fail(SG_DROP, 0, "schema: type %s is defined twice", node->full_name);
    }
    struct known *known = NULL;
    SG_TRY(take(parser, sizeof *known, &known));
    *known = (struct known){parser->known, node};
    parser->known = known;
    SG_TRY(parse_aliases(parser, json, namespace, node));
    *ret_node = node;
    if (kind == SCHEMA_RECORD) {
        return parse_record(parser, json, namespace, node);
    }
    return kind == SCHEMA_ENUM ? parse_enum(parser, json, node) : parse_fixed(json, node);
}

static sg_result parse_collection(struct parser *parser, const json_t *json, enum schema_kind kind,
                                  const char *namespace, const struct schema_node **ret_node)
{
    struct schema_node *node = NULL;
    SG_TRY(new_node(parser, kind, &node));
    const json_t *item = json_object_get(json, kind == SCHEMA_ARRAY ? "items" : "values");
    SG_TRY(parse(parser, item, namespace, &node->item));
    *ret_node = node;
    return sg_ok();
}

static sg_result parse_object(struct parser *parser, const json_t *json, const char *namespace,
                              const struct schema_node **ret_node)
{
    const json_t *type = json_object_get(json, "type");
    const char *word = json_string_value(type);
    if (word == NULL) {
        return parse(parser, type, namespace, ret_node);
    }
    for (enum schema_kind kind = SCHEMA_RECORD; kind <= SCHEMA_MAP; kind++) {
        if (strcmp(word, KIND_NAMES[kind]) == 0) {
            return kind >= SCHEMA_ARRAY ? parse_collection(parser, json, kind, namespace, ret_node)
                                        : parse_named(parser, json, kind, namespace, ret_node);
        }
    }
    enum schema_kind kind;
    if (!schema_name_primitive(word, &kind)) {
        return parse_reference(parser, word, namespace, ret_node);
    }
    struct schema_node *node = NULL;
    SG_TRY(new_node(parser, kind, &node));
    node->logical_type = text_of(json, "logicalType", NULL);
    *ret_node = node;
    return sg_ok();
}

static sg_result parse_any(struct parser *parser, const json_t *json, const char *namespace,
                           const struct schema_node **ret_node)
{
    if (json_is_string(json)) {
        return parse_reference(parser, json_string_value(json), namespace, ret_node);
    }
    if (json_is_array(json)) {
        return parse_union(parser, json, namespace, ret_node);
    }
    if (json_is_object(json)) {
        return parse_object(parser, json, namespace, ret_node);
    }
    return sg_fail(SG_DROP, 0, "schema: a type is missing or neither name, list nor object");
}

static sg_result parse(struct parser *parser, const json_t *json, const char *namespace,
                       const struct schema_node **ret_node)
{
    if (parser->depth == SCHEMA_DEPTH_MAX) {
        return sg_fail(SG_DROP, 0, "schema: nested deeper than %d", SCHEMA_DEPTH_MAX);
    }
    parser->depth++;
    sg_result result = parse_any(parser, json, namespace, ret_node);
    parser->depth--;
    return result;
}

sg_result schema_tree_parse(struct bytes text, struct schema_tree **ret_tree)
{
    if (text.size > SCHEMA_TEXT_MAX) {
        return sg_fail(SG_DROP, 0, "schema: %zu bytes, the limit is %d", text.size,
                       SCHEMA_TEXT_MAX);
    }
    SG_CLEANUP(schema_tree_free) struct schema_tree *tree = calloc(1, sizeof *tree);
    if (tree == NULL || (tree->arena = arena_new(NODES_BYTES_MAX)) == NULL) {
        return sg_fail(SG_FATAL, 0, "schema: out of memory");
    }
    json_error_t error;
    tree->json = json_loadb((const char *)text.data, text.size,
                            JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (tree->json == NULL) {
        return sg_fail(SG_DROP, 0, "schema: line %d: %s", error.line, error.text);
    }
    struct parser parser = {.arena = tree->arena};
    SG_TRY(parse(&parser, tree->json, "", &tree->root));

    *ret_tree = SG_MOVE(tree);
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
