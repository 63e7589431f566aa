// An Avro schema as a tree with its names resolved (Avro 1.11, "Schema Declaration").
// It says what a schema is; reading data by it is the work of avro_walk.h and of
// schemas/resolver.h.
#pragma once
#include "core/bytes.h"
#include "core/result.h"

struct json_t;
struct schema_tree;

enum schema_kind {
    SCHEMA_NULL,
    SCHEMA_BOOLEAN,
    SCHEMA_INT,
    SCHEMA_LONG,
    SCHEMA_FLOAT,
    SCHEMA_DOUBLE,
    SCHEMA_BYTES,
    SCHEMA_STRING,
    SCHEMA_RECORD,
    SCHEMA_ENUM,
    SCHEMA_FIXED,
    SCHEMA_ARRAY,
    SCHEMA_MAP,
    SCHEMA_UNION,
};

enum {
    SCHEMA_TEXT_MAX = 1 << 20, // Longest schema text taken, in bytes.
    SCHEMA_DEPTH_MAX = 64,     // Deepest nesting of a schema, and of data walked by one.
    SCHEMA_MEMBERS_MAX = 4096, // Most fields, symbols, aliases or branches of one type.
};

// Words of a schema: symbols or aliases.
struct schema_words {
    const char **words;
    size_t count;
};

struct schema_field {
    const char *name;
    const char *doc; // "" without one.
    const struct schema_node *type;
    struct json_t *default_value; // NULL without one.
    struct schema_words aliases;
};

// A type. Members that its kind does not have are zero.
struct schema_node {
    enum schema_kind kind;
    const char *name;            // Of a record, enum or fixed, without the namespace.
    const char *full_name;       // The same with it; of another kind, the kind's name.
    const char *doc;             // "" without one.
    const char *logical_type;    // NULL without one.
    struct schema_words aliases; // Full names.
    struct schema_field *fields; // Of a record.
    size_t field_count;
    struct schema_words symbols;         // Of an enum.
    const char *default_symbol;          // Of an enum, NULL without one.
    const struct schema_node *item;      // Of an array or a map.
    const struct schema_node **branches; // Of a union.
    size_t branch_count;
    size_t fixed_size; // In bytes.
};

// Reads a schema text. The caller frees the tree with schema_tree_free(). Fails: SG_DROP with the
// reason when it is no valid schema or larger than the limits, SG_FATAL without memory. Any thread.
SG_RESULT schema_tree_parse(struct bytes text, struct schema_tree **ret_tree);

// Frees it and sets `*tree` to NULL. Accepts NULL.
void schema_tree_free(struct schema_tree **tree);

// The type that the text declares, borrowed from the tree.
const struct schema_node *schema_tree_root(const struct schema_tree *tree);

// The kind in Avro's words ("long"). Any thread.
const char *schema_tree_kind_name(enum schema_kind kind);

// The index of a word, -1 if it is not among them. Any thread.
int schema_tree_word_index(const struct schema_words *words, const char *word);
