// Parses the JSON of a schema into nodes. A name is known from the moment its definition begins, so
// that a type may contain itself; readers of data bound their depth.
#include "schemas/binary/schema_parse.h"

#include "schemas/binary/schema_name.h"

#include <jansson.h>

#include <stdint.h>
#include <string.h>

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

static sg_result parse(struct parser *parser, json_t *json, const char *namespace,
                       const struct schema_node **ret_node);

static sg_result fail_full(void)
{
    return sg_fail(SG_DROP, 0, "schema is larger than the limit of %d bytes of nodes",
                   SCHEMA_PARSE_BYTES_MAX);
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

// A node of the kind, NULL when the arena is full.
static struct schema_node *new_node(struct parser *parser, enum schema_kind kind)
{
    struct schema_node *node = arena_take(parser->arena, sizeof *node);
    if (node != NULL) {
        *node =
            (struct schema_node){.kind = kind, .full_name = schema_tree_kind_name(kind), .doc = ""};
    }
    return node;
}

static const char *text_of(json_t *object, const char *key, const char *absent)
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
    char *copy = arena_take(parser->arena, strlen(full_name) + 1);
    if (copy == NULL) {
        return fail_full();
    }
    memcpy(copy, full_name, strlen(full_name) + 1);
    *ret_full_name = copy;
    return sg_ok();
}

static sg_result parse_reference(struct parser *parser, const char *name, const char *namespace,
                                 const struct schema_node **ret_node)
{
    enum schema_kind kind;
    if (schema_name_primitive(name, &kind)) {
        struct schema_node *node = new_node(parser, kind);
        if (node == NULL) {
            return fail_full();
        }
        *ret_node = node;
        return sg_ok();
    }
    const char *full_name = "";
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

static sg_result parse_union(struct parser *parser, json_t *json, const char *namespace,
                             const struct schema_node **ret_node)
{
    struct schema_node *node = new_node(parser, SCHEMA_UNION);
    if (node == NULL) {
        return fail_full();
    }
    size_t count = 0;
    SG_TRY(count_of(json, &count));
    node->branches = arena_take(parser->arena, count * sizeof(struct schema_node *));
    if (node->branches == NULL) {
        return fail_full();
    }
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
static sg_result parse_words(struct parser *parser, json_t *json, struct schema_words *ret)
{
    size_t count = 0;
    SG_TRY(count_of(json, &count));
    ret->words = arena_take(parser->arena, count * sizeof(char *));
    if (ret->words == NULL) {
        return fail_full();
    }
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

static sg_result parse_field(struct parser *parser, json_t *json, const char *namespace,
                             struct schema_field *ret_field)
{
    const char *name = text_of(json, "name", "");
    if (!schema_name_is_valid(name)) {
        return sg_fail(SG_DROP, 0, "schema: '%s' cannot name a field", name);
    }
    json_t *type = json_object_get(json, "type");
    *ret_field = (struct schema_field){.name = name,
                                       .doc = text_of(json, "doc", ""),
                                       .default_value = json_object_get(json, "default")};
    SG_TRY(parse_words(parser, json_object_get(json, "aliases"), &ret_field->aliases));
    return sg_explain(parse(parser, type, namespace, &ret_field->type), "field %s", name);
}

static sg_result parse_record(struct parser *parser, json_t *json, const char *namespace,
                              struct schema_node *node)
{
    json_t *fields = json_object_get(json, "fields");
    if (!json_is_array(fields)) {
        return sg_fail(SG_DROP, 0, "schema: record %s has no list of fields", node->full_name);
    }
    size_t count = 0;
    SG_TRY(count_of(fields, &count));
    node->fields = arena_take(parser->arena, count * sizeof *node->fields);
    if (node->fields == NULL) {
        return fail_full();
    }
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

static sg_result parse_enum(struct parser *parser, json_t *json, struct schema_node *node)
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

static sg_result parse_fixed(json_t *json, struct schema_node *node)
{
    json_int_t size = json_integer_value(json_object_get(json, "size"));
    if (size < 1 || size > INT32_MAX) {
        return sg_fail(SG_DROP, 0, "schema: fixed %s has no size", node->full_name);
    }
    node->fixed_size = (size_t)size;
    return sg_ok();
}

static sg_result parse_aliases(struct parser *parser, json_t *json, const char *namespace,
                               struct schema_node *node)
{
    SG_TRY(parse_words(parser, json_object_get(json, "aliases"), &node->aliases));
    for (size_t i = 0; i < node->aliases.count; i++) {
        SG_TRY(resolve_name(parser, namespace, node->aliases.words[i], &node->aliases.words[i]));
    }
    return sg_ok();
}

static sg_result parse_named(struct parser *parser, json_t *json, enum schema_kind kind,
                             const char *outer, const struct schema_node **ret_node)
{
    struct schema_node *node = new_node(parser, kind);
    if (node == NULL) {
        return fail_full();
    }
    const char *given = text_of(json, "name", "");
    SG_TRY(resolve_name(parser, text_of(json, "namespace", outer), given, &node->full_name));
    node->name = schema_name_simple(node->full_name);
    node->doc = text_of(json, "doc", "");
    char namespace[SCHEMA_NAME_MAX];
    schema_name_space(node->full_name, namespace);
    if (find_known(parser, node->full_name) != NULL) {
        return sg_fail(SG_DROP, 0, "schema: type %s is defined twice", node->full_name);
    }
    struct known *known = arena_take(parser->arena, sizeof *known);
    if (known == NULL) {
        return fail_full();
    }
    *known = (struct known){parser->known, node};
    parser->known = known;
    SG_TRY(parse_aliases(parser, json, namespace, node));
    *ret_node = node;
    if (kind == SCHEMA_RECORD) {
        return parse_record(parser, json, namespace, node);
    }
    return kind == SCHEMA_ENUM ? parse_enum(parser, json, node) : parse_fixed(json, node);
}

static sg_result parse_collection(struct parser *parser, json_t *json, enum schema_kind kind,
                                  const char *namespace, const struct schema_node **ret_node)
{
    struct schema_node *node = new_node(parser, kind);
    if (node == NULL) {
        return fail_full();
    }
    json_t *item = json_object_get(json, kind == SCHEMA_ARRAY ? "items" : "values");
    SG_TRY(parse(parser, item, namespace, &node->item));
    *ret_node = node;
    return sg_ok();
}

static sg_result parse_object(struct parser *parser, json_t *json, const char *namespace,
                              const struct schema_node **ret_node)
{
    json_t *type = json_object_get(json, "type");
    const char *word = json_string_value(type);
    if (word == NULL) {
        return parse(parser, type, namespace, ret_node);
    }
    for (enum schema_kind kind = SCHEMA_RECORD; kind <= SCHEMA_MAP; kind++) {
        if (strcmp(word, schema_tree_kind_name(kind)) == 0) {
            return kind >= SCHEMA_ARRAY ? parse_collection(parser, json, kind, namespace, ret_node)
                                        : parse_named(parser, json, kind, namespace, ret_node);
        }
    }
    enum schema_kind kind;
    if (!schema_name_primitive(word, &kind)) {
        return parse_reference(parser, word, namespace, ret_node);
    }
    struct schema_node *node = new_node(parser, kind);
    if (node == NULL) {
        return fail_full();
    }
    node->logical_type = text_of(json, "logicalType", NULL);
    *ret_node = node;
    return sg_ok();
}

static sg_result parse_any(struct parser *parser, json_t *json, const char *namespace,
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

static sg_result parse(struct parser *parser, json_t *json, const char *namespace,
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

sg_result schema_parse(struct json_t *json, struct arena *arena,
                       const struct schema_node **ret_root)
{
    struct parser parser = {.arena = arena};
    return parse(&parser, json, "", ret_root);
}
