// Works on the JSON, since the registered text keeps docs, defaults and the order of fields.
#include "schemas/generator/embed.h"

#include "schemas/binary/schema_name.h"

#include <string.h>

// One document being put together: the names it has defined so far.
struct document {
    const struct embed *embed;
    json_t *defined;
};

static sg_result expand(struct document *document, const json_t *schema, const char *namespace,
                        json_t **ret_schema);

static void release(json_t **json)
{
    json_decref(*json);
    *json = NULL;
}

static bool is_named(const json_t *schema)
{
    const char *type = json_string_value(json_object_get(schema, "type"));
    return type != NULL &&
           (strcmp(type, "record") == 0 || strcmp(type, "enum") == 0 || strcmp(type, "fixed") == 0);
}

static sg_result expand_name(struct document *document, const char *name, const char *namespace,
                             json_t **ret_schema)
{
    enum schema_kind kind;
    char full_name[SCHEMA_NAME_MAX];
    if (schema_name_primitive(name, &kind)) {
        *ret_schema = json_string(name);
        return sg_ok();
    }
    SG_TRY(schema_name_full(namespace, name, full_name));
    if (json_object_get(document->defined, full_name) != NULL) {
        *ret_schema = json_string(full_name);
        return sg_ok();
    }
    const json_t *definition = json_object_get(document->embed->definitions, full_name);
    if (definition == NULL) {
        return sg_fail(SG_DROP, 0, "type %s is not defined in this file or one before", full_name);
    }
    return expand(document, definition, "", ret_schema);
}

static sg_result expand_list(struct document *document, const json_t *list, const char *namespace,
                             json_t **ret_list)
{
    SG_CLEANUP(release) json_t *copy = json_array();
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *item = NULL;
        SG_TRY(expand(document, json_array_get(list, i), namespace, &item));
        json_array_append_new(copy, item);
    }
    *ret_list = SG_MOVE(copy);
    return sg_ok();
}

// A copy of an object with the type below `key` expanded.
static sg_result expand_member(struct document *document, const json_t *object, const char *key,
                               const char *namespace, json_t **ret_object)
{
    SG_CLEANUP(release) json_t *copy = json_deep_copy(object);
    json_t *type = NULL;
    SG_TRY(expand(document, json_object_get(object, key), namespace, &type));
    json_object_set_new(copy, key, type);
    *ret_object = SG_MOVE(copy);
    return sg_ok();
}

static sg_result expand_fields(struct document *document, const json_t *fields,
                               const char *namespace, json_t *record)
{
    SG_CLEANUP(release) json_t *copy = json_array();
    for (size_t i = 0; i < json_array_size(fields); i++) {
        json_t *field = NULL;
        SG_TRY(expand_member(document, json_array_get(fields, i), "type", namespace, &field));
        json_array_append_new(copy, field);
    }
    json_object_set(record, "fields", copy);
    return sg_ok();
}

static sg_result expand_definition(struct document *document, const json_t *schema,
                                   const char *outer, json_t **ret_schema)
{
    const char *given = json_string_value(json_object_get(schema, "namespace"));
    const char *name = json_string_value(json_object_get(schema, "name"));
    char full_name[SCHEMA_NAME_MAX];
    char namespace[SCHEMA_NAME_MAX];
    SG_TRY(schema_name_full(given == NULL ? outer : given, name == NULL ? "" : name, full_name));
    schema_name_space(full_name, namespace);
    if (json_object_get(document->defined, full_name) != NULL) {
        *ret_schema = json_string(full_name);
        return sg_ok();
    }
    json_object_set_new(document->defined, full_name, json_true());

    SG_CLEANUP(release) json_t *copy = json_deep_copy(schema);
    json_object_set_new(copy, "name", json_string(schema_name_simple(full_name)));
    json_object_set_new(copy, "namespace", json_string(namespace));
    const json_t *fields = json_object_get(schema, "fields");
    if (fields != NULL) {
        SG_TRY(sg_explain(expand_fields(document, fields, namespace, copy), "%s", full_name));
    }
    *ret_schema = SG_MOVE(copy);
    return sg_ok();
}

static sg_result expand(struct document *document, const json_t *schema, const char *namespace,
                        json_t **ret_schema)
{
    if (json_is_string(schema)) {
        return expand_name(document, json_string_value(schema), namespace, ret_schema);
    }
    if (json_is_array(schema)) {
        return expand_list(document, schema, namespace, ret_schema);
    }
    if (is_named(schema)) {
        return expand_definition(document, schema, namespace, ret_schema);
    }
    if (json_object_get(schema, "items") != NULL) {
        return expand_member(document, schema, "items", namespace, ret_schema);
    }
    if (json_object_get(schema, "values") != NULL) {
        return expand_member(document, schema, "values", namespace, ret_schema);
    }
    *ret_schema = json_deep_copy(schema);
    return sg_ok();
}

// Adds the definitions within an expanded schema; a type defined twice must be the same twice.
static sg_result collect(struct embed *embed, json_t *schema)
{
    size_t index;
    json_t *item;
    const char *key;
    if (json_is_array(schema)) {
        json_array_foreach(schema, index, item)
        {
            SG_TRY(collect(embed, item));
        }
    }
    if (!json_is_object(schema)) {
        return sg_ok();
    }
    if (is_named(schema)) {
        char full_name[SCHEMA_NAME_MAX];
        SG_TRY(schema_name_full(json_string_value(json_object_get(schema, "namespace")),
                                json_string_value(json_object_get(schema, "name")), full_name));
        const json_t *known = json_object_get(embed->definitions, full_name);
        if (known != NULL && !json_equal(known, schema)) {
            return sg_fail(SG_DROP, 0, "type %s is defined differently elsewhere", full_name);
        }
        json_object_set(embed->definitions, full_name, schema);
    }
    json_object_foreach(schema, key, item)
    {
        if (strcmp(key, "default") != 0) {
            SG_TRY(collect(embed, item));
        }
    }
    return sg_ok();
}

sg_result embed_file(struct embed *embed, const json_t *schema)
{
    SG_CLEANUP(release) json_t *defined = json_object();
    SG_CLEANUP(release) json_t *expanded = NULL;
    struct document document = {embed, defined};
    SG_TRY(expand(&document, schema, "", &expanded));
    return collect(embed, expanded);
}

sg_result embed_schema(const struct embed *embed, const char *full_name, json_t **ret_schema)
{
    SG_CLEANUP(release) json_t *defined = json_object();
    struct document document = {embed, defined};
    return expand_name(&document, full_name, "", ret_schema);
}
