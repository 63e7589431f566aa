// Copies records into avro-c's values and compares them, by the descriptor.
#include "avro_oracle.h"

#include <avro.h>

#include <stdlib.h>
#include <string.h>

struct avro_oracle {
    const struct record_type *type;
    avro_schema_t schema;
    avro_value_iface_t *class;
    avro_value_t value;
};

struct avro_oracle *avro_oracle_new(const struct record_type *type)
{
    struct avro_oracle *oracle = calloc(1, sizeof *oracle);
    if (oracle == NULL ||
        avro_schema_from_json_length(type->schema, strlen(type->schema), &oracle->schema) != 0) {
        free(oracle);
        return NULL;
    }
    oracle->type = type;
    oracle->class = avro_generic_class_from_schema(oracle->schema);
    avro_generic_value_new(oracle->class, &oracle->value);
    return oracle;
}

void avro_oracle_free(struct avro_oracle **oracle)
{
    if (*oracle == NULL) {
        return;
    }
    avro_value_decref(&(*oracle)->value);
    avro_value_iface_decref((*oracle)->class);
    avro_schema_decref((*oracle)->schema);
    free(*oracle);
    *oracle = NULL;
}

static int put_record(const struct record_type *type, const uint8_t *record, avro_value_t *out);

// avro-c copies the text, and its end with it.
static int put_text(const uint8_t *place, avro_value_t *out)
{
    struct bytes text;
    memcpy(&text, place, sizeof text);
    char *copy = bytes_to_text(text);
    int rc = avro_value_set_string_len(out, copy, text.size + 1);
    free(copy);
    return rc;
}

static int put_value(const struct record_value *value, const uint8_t *place, avro_value_t *out)
{
    bool truth = false;
    int32_t narrow = 0;
    int64_t wide = 0;
    double real = 0;
    switch (value->kind) {
    case RECORD_BOOLEAN:
        memcpy(&truth, place, sizeof truth);
        return avro_value_set_boolean(out, truth);
    case RECORD_INT:
        memcpy(&narrow, place, sizeof narrow);
        return avro_value_set_int(out, narrow);
    case RECORD_LONG:
        memcpy(&wide, place, sizeof wide);
        return avro_value_set_long(out, wide);
    case RECORD_DOUBLE:
        memcpy(&real, place, sizeof real);
        return avro_value_set_double(out, real);
    case RECORD_STRING:
        return put_text(place, out);
    case RECORD_ENUM:
        memcpy(&narrow, place, sizeof narrow);
        return avro_value_set_enum(out, narrow);
    case RECORD_RECORD:
        return put_record(value->record, place, out);
    case RECORD_ARRAY:
    case RECORD_MAP:
    case RECORD_UNION:
        break;
    }
    return -1;
}

static int put_list(const struct record_field *field, const uint8_t *record, avro_value_t *out)
{
    const uint8_t *items = NULL;
    size_t count = 0;
    int rc = 0;
    memcpy(&items, record + field->offset, sizeof items);
    memcpy(&count, record + field->count_offset, sizeof count);
    for (size_t i = 0; i < count && rc == 0; i++) {
        const uint8_t *item = items + i * field->value.item_size;
        avro_value_t child;
        struct bytes key;
        if (field->value.kind == RECORD_ARRAY) {
            rc = avro_value_append(out, &child, NULL);
        } else {
            memcpy(&key, item, sizeof key);
            char *text = bytes_to_text(key);
            rc = avro_value_add(out, text, &child, NULL, NULL);
            free(text);
        }
        rc = rc != 0 ? rc : put_value(field->value.item, item + field->value.item_offset, &child);
    }
    return rc;
}

static int put_union(const struct record_field *field, const uint8_t *record, avro_value_t *out)
{
    const struct record_type *type = record_type_branch(field, record);
    int branch = field->is_optional ? 1 : 0;
    while (field->value.branches[branch - (field->is_optional ? 1 : 0)] != type) {
        branch++;
    }
    avro_value_t value;
    int rc = avro_value_set_branch(out, branch, &value);
    return rc != 0 ? rc : put_record(type, record + field->offset, &value);
}

static int put_field(const struct record_field *field, const uint8_t *record, avro_value_t *out)
{
    avro_value_t branch = *out;
    if (field->value.kind == RECORD_UNION && record_type_has(field, record)) {
        return put_union(field, record, out);
    }
    if (field->is_optional) {
        bool has = record_type_has(field, record);
        int rc = avro_value_set_branch(out, has ? 1 : 0, &branch);
        if (rc != 0 || !has) {
            return rc != 0 ? rc : avro_value_set_null(&branch);
        }
    }
    if (field->value.kind == RECORD_ARRAY || field->value.kind == RECORD_MAP) {
        return put_list(field, record, &branch);
    }
    return put_value(&field->value, record + field->offset, &branch);
}

static int put_record(const struct record_type *type, const uint8_t *record, avro_value_t *out)
{
    int rc = 0;
    for (size_t i = 0; i < type->field_count && rc == 0; i++) {
        avro_value_t child;
        rc = avro_value_get_by_name(out, type->fields[i].name, &child, NULL);
        rc = rc != 0 ? rc : put_field(&type->fields[i], record, &child);
    }
    return rc;
}

static bool write_value(struct avro_oracle *oracle, struct buffer *out)
{
    size_t size = 0;
    if (avro_value_sizeof(&oracle->value, &size) != 0 || !sg_is_ok(buffer_reserve(out, size))) {
        return false;
    }
    avro_writer_t writer =
        avro_writer_memory((char *)out->data + out->size, (int64_t)(out->capacity - out->size));
    bool is_written = avro_value_write(writer, &oracle->value) == 0;
    out->size += (size_t)avro_writer_tell(writer);
    avro_writer_free(writer);
    return is_written;
}

bool avro_oracle_encode(struct avro_oracle *oracle, const void *record, struct buffer *out)
{
    avro_value_reset(&oracle->value);
    return put_record(oracle->type, record, &oracle->value) == 0 && write_value(oracle, out);
}

bool avro_oracle_rewrite(struct avro_oracle *oracle, struct bytes avro, struct buffer *out)
{
    avro_value_reset(&oracle->value);
    avro_reader_t reader = avro_reader_memory((const char *)avro.data, (int64_t)avro.size);
    bool is_read = avro_value_read(reader, &oracle->value) == 0;
    avro_reader_free(reader);
    return is_read && write_value(oracle, out);
}
