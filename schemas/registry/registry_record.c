// Confluent's JSON for schemas.
#include "schemas/registry/registry_record.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void free_json(json_t **json)
{
    json_decref(*json);
}

static sg_result load_object(struct bytes text, const char *what, json_t **ret_object)
{
    json_error_t error;
    json_t *json = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL) {
        return sg_fail(SG_DROP, 0, "the %s is not JSON: %s", what, error.text);
    }
    if (!json_is_object(json)) {
        json_decref(json);
        return sg_fail(SG_DROP, 0, "the %s is no JSON object", what);
    }
    *ret_object = json;
    return sg_ok();
}

static enum registry_record_kind kind_of(const char *keytype)
{
    if (strcmp(keytype, "SCHEMA") == 0) {
        return REGISTRY_RECORD_SCHEMA;
    }
    return strcmp(keytype, "DELETE_SUBJECT") == 0 ? REGISTRY_RECORD_DELETE_SUBJECT
                                                  : REGISTRY_RECORD_OTHER;
}

static sg_result read_subject(const json_t *object, char *ret_subject)
{
    const char *subject = json_string_value(json_object_get(object, "subject"));
    if (subject == NULL || strlen(subject) >= REGISTRY_SUBJECT_MAX) {
        return sg_fail(SG_DROP, 0, "the record has no subject, or too long a one");
    }
    snprintf(ret_subject, REGISTRY_SUBJECT_MAX, "%s", subject);
    return sg_ok();
}

static sg_result read_number(const json_t *object, const char *name, int32_t *ret_number)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > INT32_MAX) {
        return sg_fail(SG_DROP, 0, "the record has no %s", name);
    }
    *ret_number = (int32_t)json_integer_value(value);
    return sg_ok();
}

// Id, deletion and schema of a version; the schema is borrowed, NULL for what is not Avro.
static sg_result read_version(const json_t *object, struct registry_record *record,
                              const char **ret_schema)
{
    SG_TRY(read_number(object, "id", &record->id));
    record->deleted = json_is_true(json_object_get(object, "deleted"));
    // Absent means Avro; JSON and Protobuf schemas of others keep their ids.
    const char *type = json_string_value(json_object_get(object, "schemaType"));
    if (type != NULL && strcmp(type, "AVRO") != 0) {
        return sg_ok();
    }
    *ret_schema = json_string_value(json_object_get(object, "schema"));
    return *ret_schema == NULL
               ? sg_fail(SG_DROP, 0, "the record of %s has no schema", record->subject)
               : sg_ok();
}

sg_result registry_record_read(struct bytes key, struct bytes value, bool has_value,
                               struct registry_record *ret_record)
{
    SG_CLEANUP(free_json) json_t *key_object = NULL;
    SG_CLEANUP(free_json) json_t *value_object = NULL;
    SG_TRY(load_object(key, "key", &key_object));
    const char *keytype = json_string_value(json_object_get(key_object, "keytype"));
    if (keytype == NULL) {
        return sg_fail(SG_DROP, 0, "the key has no keytype");
    }
    struct registry_record record = {.kind = kind_of(keytype), .tombstone = !has_value};
    if (record.kind != REGISTRY_RECORD_OTHER) {
        SG_TRY(read_subject(key_object, record.subject));
    }
    if (has_value && record.kind != REGISTRY_RECORD_OTHER) {
        SG_TRY(load_object(value, "value", &value_object));
    }
    if (record.kind == REGISTRY_RECORD_SCHEMA) {
        SG_TRY(read_number(key_object, "version", &record.version));
    } else if (value_object != NULL) {
        SG_TRY(read_number(value_object, "version", &record.version));
    }
    const char *schema = NULL;
    if (record.kind == REGISTRY_RECORD_SCHEMA && value_object != NULL) {
        SG_TRY(read_version(value_object, &record, &schema));
    }
    if (schema != NULL) {
        record.schema = strdup(schema);
        if (record.schema == NULL) {
            return sg_fail(SG_FATAL, 0, "schema: out of memory");
        }
    }
    *ret_record = record;
    return sg_ok();
}

void registry_record_done(struct registry_record *record)
{
    if (record != NULL) {
        free(record->schema);
        record->schema = NULL;
    }
}

// Frees `json`; NULL is the failure of the call that should have built it.
static sg_result print_json(json_t *json, struct buffer *out)
{
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (text == NULL) {
        return sg_fail(SG_FATAL, 0, "JSON of a schema: out of memory");
    }
    sg_result result = buffer_append(out, bytes_of_text(text));
    free(text);
    return result;
}

sg_result registry_record_key(const struct registry_record *record, struct buffer *out)
{
    // The registry compares keys byte by byte, so the order of the members is Confluent's.
    return print_json(json_pack("{s:s, s:s, s:i, s:i}", "keytype", "SCHEMA", "subject",
                                record->subject, "version", (int)record->version, "magic", 1),
                      out);
}

sg_result registry_record_value(const struct registry_record *record, struct buffer *out)
{
    return print_json(json_pack("{s:s, s:i, s:i, s:s, s:b}", "subject", record->subject, "version",
                                (int)record->version, "id", (int)record->id, "schema",
                                record->schema, "deleted", (int)record->deleted),
                      out);
}

sg_result registry_record_canonical(struct bytes schema, char **ret_text)
{
    json_error_t error;
    json_t *json = json_loadb((const char *)schema.data, schema.size, JSON_DECODE_ANY, &error);
    if (json == NULL) {
        return sg_fail(SG_DROP, 0, "the schema is not JSON: %s", error.text);
    }
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    json_decref(json);
    if (text == NULL) {
        return sg_fail(SG_FATAL, 0, "schema: out of memory");
    }
    *ret_text = text;
    return sg_ok();
}
