// Matching of types, and the check of a whole pair of schemas. A pair that is met again on the way
// down is taken as good: a recursive type is compared once.
#include "schemas/binary/schema_match.h"

#include <assert.h>
#include <string.h>

// The pairs on the way from the root to here.
struct pair {
    const struct pair *outer;
    const struct schema_node *reader;
    const struct schema_node *writer;
    unsigned *left; // Pairs that may still be compared.
};

// Named types make a schema that is small to write and exponentially large to walk.
enum { PAIRS_MAX = 1 << 16 };

static sg_result check(const struct schema_node *reader, const struct schema_node *writer,
                       const struct pair *outer);

static bool is_named(const struct schema_node *node)
{
    return node->kind == SCHEMA_RECORD || node->kind == SCHEMA_ENUM || node->kind == SCHEMA_FIXED;
}

// The specification compares names without their namespace, and aliases with it.
static bool same_name(const struct schema_node *reader, const struct schema_node *writer)
{
    return strcmp(reader->name, writer->name) == 0 ||
           schema_tree_word_index(&reader->aliases, writer->full_name) >= 0;
}

static bool is_promoted(enum schema_kind reader, enum schema_kind writer)
{
    bool is_number = writer >= SCHEMA_INT && writer < SCHEMA_DOUBLE;
    if (is_number && reader > writer && reader <= SCHEMA_DOUBLE) {
        return true;
    }
    return (reader == SCHEMA_BYTES && writer == SCHEMA_STRING) ||
           (reader == SCHEMA_STRING && writer == SCHEMA_BYTES);
}

static bool is_same_type(const struct schema_node *reader, const struct schema_node *writer)
{
    if (reader->kind != writer->kind) {
        return false;
    }
    if (is_named(reader) && !same_name(reader, writer)) {
        return false;
    }
    return reader->kind != SCHEMA_FIXED || reader->fixed_size == writer->fixed_size;
}

bool schema_match_types(const struct schema_node *reader, const struct schema_node *writer)
{
    return is_same_type(reader, writer) || is_promoted(reader->kind, writer->kind);
}

int schema_match_branch(const struct schema_node *reader_union, const struct schema_node *writer)
{
    for (size_t i = 0; i < reader_union->branch_count; i++) {
        if (is_same_type(reader_union->branches[i], writer)) {
            return (int)i;
        }
    }
    for (size_t i = 0; i < reader_union->branch_count; i++) {
        if (is_promoted(reader_union->branches[i]->kind, writer->kind)) {
            return (int)i;
        }
    }
    return -1;
}

static int find_field(const struct schema_node *record, const char *name)
{
    for (size_t i = 0; i < record->field_count; i++) {
        if (strcmp(record->fields[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

int schema_match_field(const struct schema_field *reader, const struct schema_node *writer_record)
{
    int index = find_field(writer_record, reader->name);
    for (size_t i = 0; index < 0 && i < reader->aliases.count; i++) {
        index = find_field(writer_record, reader->aliases.words[i]);
    }
    return index;
}

int schema_match_symbol(const struct schema_node *reader_enum, const char *symbol)
{
    int index = schema_tree_word_index(&reader_enum->symbols, symbol);
    if (index < 0 && reader_enum->default_symbol != NULL) {
        index = schema_tree_word_index(&reader_enum->symbols, reader_enum->default_symbol);
    }
    return index;
}

static sg_result check_field(const struct schema_field *field, const struct schema_node *writer,
                             const struct pair *outer)
{
    int index = schema_match_field(field, writer);
    if (index >= 0) {
        return check(field->type, writer->fields[index].type, outer);
    }
    if (field->default_value == NULL) {
        return sg_fail(SG_DROP, 0, "has no default and the writer does not have it");
    }
    return sg_ok();
}

static sg_result check_record(const struct schema_node *reader, const struct schema_node *writer,
                              const struct pair *outer)
{
    for (size_t i = 0; i < reader->field_count; i++) {
        SG_TRY(sg_explain(check_field(&reader->fields[i], writer, outer), "%s.%s", reader->name,
                          reader->fields[i].name));
    }
    return sg_ok();
}

static sg_result check_enum(const struct schema_node *reader, const struct schema_node *writer)
{
    for (size_t i = 0; i < writer->symbols.count; i++) {
        if (schema_match_symbol(reader, writer->symbols.words[i]) < 0) {
            return sg_fail(SG_DROP, 0, "symbol %s of enum %s is not known and there is no default",
                           writer->symbols.words[i], reader->name);
        }
    }
    return sg_ok();
}

static sg_result check_union(const struct schema_node *reader, const struct schema_node *writer,
                             const struct pair *outer)
{
    if (writer->kind == SCHEMA_UNION) {
        for (size_t i = 0; i < writer->branch_count; i++) {
            SG_TRY(check(reader, writer->branches[i], outer));
        }
        return sg_ok();
    }
    int branch = schema_match_branch(reader, writer);
    if (branch < 0) {
        return sg_fail(SG_DROP, 0, "%s is none of the types it may have", writer->full_name);
    }
    return check(reader->branches[branch], writer, outer);
}

static sg_result check_pair(const struct schema_node *reader, const struct schema_node *writer,
                            const struct pair *outer)
{
    if (reader->kind == SCHEMA_UNION || writer->kind == SCHEMA_UNION) {
        return check_union(reader, writer, outer);
    }
    if (!schema_match_types(reader, writer)) {
        return sg_fail(SG_DROP, 0, "was written as %s and is read as %s", writer->full_name,
                       reader->full_name);
    }
    if (reader->kind == SCHEMA_RECORD) {
        return check_record(reader, writer, outer);
    }
    if (reader->kind == SCHEMA_ENUM) {
        return check_enum(reader, writer);
    }
    if (reader->kind == SCHEMA_ARRAY || reader->kind == SCHEMA_MAP) {
        return check(reader->item, writer->item, outer);
    }
    return sg_ok();
}

static sg_result check(const struct schema_node *reader, const struct schema_node *writer,
                       const struct pair *outer)
{
    assert(reader != NULL && writer != NULL && outer != NULL);
    for (const struct pair *pair = outer; pair != NULL; pair = pair->outer) {
        if (pair->reader == reader && pair->writer == writer) {
            return sg_ok();
        }
    }
    if (*outer->left == 0) {
        return sg_fail(SG_DROP, 0, "more than %d pairs of types to compare", PAIRS_MAX);
    }
    *outer->left -= 1;
    struct pair pair = {outer, reader, writer, outer->left};
    return check_pair(reader, writer, &pair);
}

sg_result schema_match_check(const struct schema_node *reader, const struct schema_node *writer)
{
    unsigned left = PAIRS_MAX;
    const struct pair root = {.left = &left};
    return check(reader, writer, &root);
}
