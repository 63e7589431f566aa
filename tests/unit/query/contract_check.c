// Values against schemas.
#include "contract_check.h"

#include "query/openapi_text.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>

#include <string.h>

static json_t *schemas;

static bool matches(json_t *value, json_t *schema);

static json_t *resolve(json_t *schema)
{
    const char *reference = json_string_value(json_object_get(schema, "$ref"));
    return reference == NULL ? schema : json_object_get(schemas, strrchr(reference, '/') + 1);
}

static bool is_of_type(json_t *value, const char *type)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return strcmp(type, "object") == 0;
    case JSON_ARRAY:
        return strcmp(type, "array") == 0;
    case JSON_STRING:
        return strcmp(type, "string") == 0;
    case JSON_INTEGER:
        return strcmp(type, "integer") == 0 || strcmp(type, "number") == 0;
    case JSON_REAL:
        return strcmp(type, "number") == 0;
    case JSON_TRUE:
    case JSON_FALSE:
        return strcmp(type, "boolean") == 0;
    case JSON_NULL:
        return strcmp(type, "null") == 0;
    }
    return false;
}

static bool type_matches(json_t *value, json_t *types)
{
    if (json_is_string(types)) {
        return is_of_type(value, json_string_value(types));
    }
    size_t index = 0;
    json_t *type = NULL;
    json_array_foreach(types, index, type)
    {
        if (is_of_type(value, json_string_value(type))) {
            return true;
        }
    }
    return types == NULL;
}

static bool is_listed(json_t *value, json_t *list)
{
    size_t index = 0;
    json_t *each = NULL;
    json_array_foreach(list, index, each)
    {
        if (json_equal(value, each)) {
            return true;
        }
    }
    return list == NULL;
}

static bool has_required(json_t *value, json_t *required)
{
    size_t index = 0;
    json_t *name = NULL;
    json_array_foreach(required, index, name)
    {
        if (json_object_get(value, json_string_value(name)) == NULL) {
            return false;
        }
    }
    return true;
}

static bool members_match(json_t *value, json_t *properties)
{
    const char *name = NULL;
    json_t *member = NULL;
    json_object_foreach(value, name, member)
    {
        json_t *schema = json_object_get(properties, name);
        if (schema == NULL || !matches(member, schema)) {
            return false;
        }
    }
    return true;
}

static bool items_match(json_t *value, json_t *schema)
{
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach(value, index, item)
    {
        if (!matches(item, schema)) {
            return false;
        }
    }
    return true;
}

static bool one_matches(json_t *value, json_t *choices)
{
    size_t index = 0;
    json_t *choice = NULL;
    json_array_foreach(choices, index, choice)
    {
        if (matches(value, choice)) {
            return true;
        }
    }
    return choices == NULL;
}

static bool matches(json_t *value, json_t *schema)
{
    schema = resolve(schema);
    assert_non_null(schema);
    return type_matches(value, json_object_get(schema, "type")) &&
           is_listed(value, json_object_get(schema, "enum")) &&
           one_matches(value, json_object_get(schema, "oneOf")) &&
           (!json_is_object(value) || has_required(value, json_object_get(schema, "required"))) &&
           (!json_is_object(value) || json_object_get(schema, "properties") == NULL ||
            members_match(value, json_object_get(schema, "properties"))) &&
           (!json_is_array(value) || items_match(value, json_object_get(schema, "items")));
}

void contract_check(struct bytes json, const char *schema)
{
    struct bytes text = openapi_text();
    json_t *contract = json_loadb((const char *)text.data, text.size, 0, NULL);
    json_t *value = json_loadb((const char *)json.data, json.size, 0, NULL);
    assert_non_null(contract);
    assert_non_null(value);
    schemas = json_object_get(json_object_get(contract, "components"), "schemas");
    if (!matches(value, json_object_get(schemas, schema))) {
        fail_msg("%.*s is no %s", (int)json.size, (const char *)json.data, schema);
    }
    json_decref(value);
    json_decref(contract);
}
