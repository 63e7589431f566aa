// A record is walked twice: once to find where each field of the writer begins, then in the order
// of the reader. Lists are written one item a block, since how many will come is not known.
#include "schemas/binary/avro_resolve.h"

#include "schemas/binary/binary_writer.h"
#include "schemas/binary/schema_default.h"
#include "schemas/binary/schema_match.h"

// What is being resolved: where it is read, where it goes.
struct resolve {
    struct avro_walk walk;
    struct buffer *out;
};

static sg_result resolve_value(struct resolve *resolve, const struct schema_node *reader,
                               const struct schema_node *writer, const char *field);

static sg_result put_long(struct resolve *resolve, int64_t value)
{
    SG_TRY(buffer_reserve(resolve->out, BINARY_LONG_BYTES));
    uint8_t *end = binary_writer_long(resolve->out->data + resolve->out->size, value);
    resolve->out->size = (size_t)(end - resolve->out->data);
    return sg_ok();
}

static sg_result put_real(struct resolve *resolve, enum schema_kind kind, double value)
{
    SG_TRY(buffer_reserve(resolve->out, BINARY_DOUBLE_BYTES));
    uint8_t *at = resolve->out->data + resolve->out->size;
    uint8_t *end = kind == SCHEMA_FLOAT ? binary_writer_float(at, (float)value)
                                        : binary_writer_double(at, value);
    resolve->out->size = (size_t)(end - resolve->out->data);
    return sg_ok();
}

static sg_result put_bytes(struct resolve *resolve, struct bytes bytes)
{
    SG_TRY(put_long(resolve, (int64_t)bytes.size));
    return buffer_append(resolve->out, bytes);
}

// Copies a value whose binary form is the same for both.
static sg_result copy_value(struct resolve *resolve, const struct schema_node *writer,
                            const char *field)
{
    const uint8_t *start = resolve->walk.reader.at;
    SG_TRY(avro_walk_value(&resolve->walk, writer, field));
    return buffer_append(resolve->out, bytes_of(start, (size_t)(resolve->walk.reader.at - start)));
}

static sg_result resolve_whole(struct resolve *resolve, const struct schema_node *reader,
                               const struct schema_node *writer, const char *field)
{
    int64_t value = 0;
    int32_t narrow = 0;
    if (writer->kind == SCHEMA_INT) {
        SG_TRY(binary_reader_int(&resolve->walk.reader, field, &narrow));
        value = narrow;
    } else {
        SG_TRY(binary_reader_long(&resolve->walk.reader, field, &value));
    }
    if (reader->kind == SCHEMA_INT || reader->kind == SCHEMA_LONG) {
        return put_long(resolve, value);
    }
    // A long of more than 53 bits is rounded: the specification wants it so.
    return put_real(resolve, reader->kind, (double)value);
}

static sg_result resolve_float(struct resolve *resolve, const struct schema_node *reader,
                               const char *field)
{
    float value = 0;
    SG_TRY(binary_reader_float(&resolve->walk.reader, field, &value));
    return put_real(resolve, reader->kind, (double)value);
}

static sg_result resolve_text(struct resolve *resolve, const struct schema_node *reader,
                              const char *field)
{
    struct bytes text;
    if (reader->kind == SCHEMA_STRING) {
        SG_TRY(binary_reader_string(&resolve->walk.reader, field, &text));
    } else {
        SG_TRY(binary_reader_bytes(&resolve->walk.reader, field, &text));
    }
    return put_bytes(resolve, text);
}

static sg_result resolve_enum(struct resolve *resolve, const struct schema_node *reader,
                              const struct schema_node *writer, const char *field)
{
    unsigned index = 0;
    SG_TRY(binary_reader_index(&resolve->walk.reader, field, writer->symbols.count, &index));
    const char *symbol = writer->symbols.words[index];
    int found = schema_match_symbol(reader, symbol);
    if (found < 0) {
        return sg_fail(SG_DROP, 0, "%s: symbol %s is not known here", field, symbol);
    }
    return put_long(resolve, found);
}

static sg_result resolve_array(struct resolve *resolve, const struct schema_node *reader,
                               const struct schema_node *writer, const char *field)
{
    struct binary_list list = {.field = field, .items_max = BINARY_ITEMS_MAX};
    SG_TRY(binary_reader_next(&resolve->walk.reader, NULL, &list));
    while (list.has_item) {
        SG_TRY(put_long(resolve, 1));
        SG_TRY(resolve_value(resolve, reader->item, writer->item, field));
        SG_TRY(binary_reader_next(&resolve->walk.reader, NULL, &list));
    }
    return put_long(resolve, 0);
}

static sg_result resolve_map(struct resolve *resolve, const struct schema_node *reader,
                             const struct schema_node *writer, const char *field)
{
    struct arena *arena = resolve->walk.arena;
    struct binary_list list = {
        .field = field, .item_size = sizeof(struct bytes), .items_max = BINARY_KEYS_MAX};
    SG_TRY(binary_reader_next(&resolve->walk.reader, arena, &list));
    while (list.has_item) {
        struct bytes *key = binary_reader_item(&list);
        SG_TRY(binary_reader_string(&resolve->walk.reader, field, key));
        SG_TRY(put_long(resolve, 1));
        SG_TRY(put_bytes(resolve, *key));
        SG_TRY(resolve_value(resolve, reader->item, writer->item, field));
        SG_TRY(binary_reader_next(&resolve->walk.reader, arena, &list));
    }
    SG_TRY(avro_walk_keys(&resolve->walk, &list));
    return put_long(resolve, 0);
}

static sg_result resolve_field(struct resolve *resolve, const struct schema_field *field,
                               const struct schema_node *writer, const uint8_t *const *starts)
{
    int index = schema_match_field(field, writer);
    if (index >= 0) {
        resolve->walk.reader.at = starts[index];
        return resolve_value(resolve, field->type, writer->fields[index].type, field->name);
    }
    if (field->default_value == NULL) {
        return sg_fail(SG_DROP, 0, "%s: the writer does not have it and it has no default",
                       field->name);
    }
    return sg_explain(schema_default_write(field->type, field->default_value, resolve->out), "%s",
                      field->name);
}

static sg_result resolve_record(struct resolve *resolve, const struct schema_node *reader,
                                const struct schema_node *writer)
{
    struct avro_walk *walk = &resolve->walk;
    const uint8_t **starts =
        arena_take(walk->arena, (writer->field_count + 1) * sizeof(const uint8_t *));
    if (starts == NULL) {
        return sg_fail(SG_DROP, 0, "%s: more records than an event may hold", writer->name);
    }
    for (size_t i = 0; i < writer->field_count; i++) {
        starts[i] = walk->reader.at;
        SG_TRY(avro_walk_value(walk, writer->fields[i].type, writer->fields[i].name));
    }
    const uint8_t *end = walk->reader.at;
    for (size_t i = 0; i < reader->field_count; i++) {
        SG_TRY(resolve_field(resolve, &reader->fields[i], writer, starts));
    }
    walk->reader.at = end;
    return sg_ok();
}

static sg_result resolve_same(struct resolve *resolve, const struct schema_node *reader,
                              const struct schema_node *writer, const char *field)
{
    switch (writer->kind) {
    case SCHEMA_INT:
    case SCHEMA_LONG:
        return resolve_whole(resolve, reader, writer, field);
    case SCHEMA_FLOAT:
        return resolve_float(resolve, reader, field);
    case SCHEMA_BYTES:
    case SCHEMA_STRING:
        return resolve_text(resolve, reader, field);
    case SCHEMA_RECORD:
        return resolve_record(resolve, reader, writer);
    case SCHEMA_ENUM:
        return resolve_enum(resolve, reader, writer, field);
    case SCHEMA_ARRAY:
        return resolve_array(resolve, reader, writer, field);
    case SCHEMA_MAP:
        return resolve_map(resolve, reader, writer, field);
    case SCHEMA_NULL:
    case SCHEMA_BOOLEAN:
    case SCHEMA_DOUBLE:
    case SCHEMA_FIXED:
    case SCHEMA_UNION:
        break;
    }
    return copy_value(resolve, writer, field);
}

static sg_result resolve_any(struct resolve *resolve, const struct schema_node *reader,
                             const struct schema_node *writer, const char *field)
{
    if (writer->kind == SCHEMA_UNION) {
        unsigned branch = 0;
        SG_TRY(binary_reader_index(&resolve->walk.reader, field, writer->branch_count, &branch));
        return resolve_value(resolve, reader, writer->branches[branch], field);
    }
    if (reader->kind == SCHEMA_UNION) {
        int branch = schema_match_branch(reader, writer);
        if (branch < 0) {
            return sg_fail(SG_DROP, 0, "%s: %s is none of the types it may have", field,
                           writer->full_name);
        }
        SG_TRY(put_long(resolve, branch));
        return resolve_value(resolve, reader->branches[branch], writer, field);
    }
    if (!schema_match_types(reader, writer)) {
        return sg_fail(SG_DROP, 0, "%s: was written as %s and is read as %s", field,
                       writer->full_name, reader->full_name);
    }
    return resolve_same(resolve, reader, writer, field);
}

static sg_result resolve_value(struct resolve *resolve, const struct schema_node *reader,
                               const struct schema_node *writer, const char *field)
{
    SG_TRY(avro_walk_enter(&resolve->walk, field));
    sg_result result = resolve_any(resolve, reader, writer, field);
    avro_walk_leave(&resolve->walk);
    return result;
}

sg_result avro_resolve_message(const struct schema_node *reader, const struct schema_node *writer,
                               struct bytes avro, struct arena *arena, struct buffer *out)
{
    struct resolve resolve = {.out = out};
    avro_walk_start(&resolve.walk, avro, arena);
    SG_TRY(sg_explain(resolve_value(&resolve, reader, writer, "value"), "%s", reader->full_name));
    return sg_explain(binary_reader_end(&resolve.walk.reader), "%s", reader->full_name);
}
