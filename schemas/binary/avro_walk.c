// One function a kind; the bounds are kept by binary_reader.c, depth and number of values here.
#include "schemas/binary/avro_walk.h"

void avro_walk_start(struct avro_walk *walk, struct bytes avro, struct arena *arena)
{
    *walk = (struct avro_walk){.reader = binary_reader_of(avro), .arena = arena};
}

sg_result avro_walk_enter(struct avro_walk *walk, const char *field)
{
    if (walk->depth == SCHEMA_DEPTH_MAX) {
        return sg_fail(SG_DROP, 0, "%s: nested deeper than %d", field, SCHEMA_DEPTH_MAX);
    }
    if (walk->values >= AVRO_WALK_VALUES_MAX) {
        return sg_fail(SG_DROP, 0, "%s: more than %d values", field, AVRO_WALK_VALUES_MAX);
    }
    walk->depth++;
    walk->values++;
    return sg_ok();
}

void avro_walk_leave(struct avro_walk *walk)
{
    walk->depth--;
}

sg_result avro_walk_keys(struct avro_walk *walk, const struct binary_list *keys)
{
    walk->values += keys->count * keys->count / 2;
    if (walk->values >= AVRO_WALK_VALUES_MAX) {
        return sg_fail(SG_DROP, 0, "%s: more than %d values", keys->field, AVRO_WALK_VALUES_MAX);
    }
    return binary_reader_unique_keys(keys);
}

static sg_result walk_array(struct avro_walk *walk, const struct schema_node *node,
                            const char *field)
{
    struct binary_list list = {.field = field, .items_max = BINARY_ITEMS_MAX};
    SG_TRY(binary_reader_next(&walk->reader, NULL, &list));
    while (list.has_item) {
        SG_TRY(avro_walk_value(walk, node->item, field));
        SG_TRY(binary_reader_next(&walk->reader, NULL, &list));
    }
    return sg_ok();
}

static sg_result walk_map(struct avro_walk *walk, const struct schema_node *node, const char *field)
{
    struct binary_list list = {
        .field = field, .item_size = sizeof(struct bytes), .items_max = BINARY_KEYS_MAX};
    SG_TRY(binary_reader_next(&walk->reader, walk->arena, &list));
    while (list.has_item) {
        SG_TRY(binary_reader_string(&walk->reader, field, binary_reader_item(&list)));
        SG_TRY(avro_walk_value(walk, node->item, field));
        SG_TRY(binary_reader_next(&walk->reader, walk->arena, &list));
    }
    return avro_walk_keys(walk, &list);
}

static sg_result walk_record(struct avro_walk *walk, const struct schema_node *node)
{
    for (size_t i = 0; i < node->field_count; i++) {
        SG_TRY(avro_walk_value(walk, node->fields[i].type, node->fields[i].name));
    }
    return sg_ok();
}

static sg_result walk_union(struct avro_walk *walk, const struct schema_node *node,
                            const char *field)
{
    unsigned branch = 0;
    SG_TRY(binary_reader_index(&walk->reader, field, node->branch_count, &branch));
    return avro_walk_value(walk, node->branches[branch], field);
}

static sg_result walk_number(struct binary_reader *reader, enum schema_kind kind, const char *field)
{
    int32_t narrow = 0;
    int64_t wide = 0;
    float single = 0;
    double real = 0;
    switch (kind) {
    case SCHEMA_INT:
        return binary_reader_int(reader, field, &narrow);
    case SCHEMA_LONG:
        return binary_reader_long(reader, field, &wide);
    case SCHEMA_FLOAT:
        return binary_reader_float(reader, field, &single);
    case SCHEMA_NULL:
    case SCHEMA_BOOLEAN:
    case SCHEMA_DOUBLE:
    case SCHEMA_BYTES:
    case SCHEMA_STRING:
    case SCHEMA_RECORD:
    case SCHEMA_ENUM:
    case SCHEMA_FIXED:
    case SCHEMA_ARRAY:
    case SCHEMA_MAP:
    case SCHEMA_UNION:
        break;
    }
    return binary_reader_double(reader, field, &real);
}

static sg_result walk_any(struct avro_walk *walk, const struct schema_node *node, const char *field)
{
    struct bytes raw;
    bool truth = false;
    unsigned index = 0;
    switch (node->kind) {
    case SCHEMA_NULL:
        return sg_ok();
    case SCHEMA_BOOLEAN:
        return binary_reader_boolean(&walk->reader, field, &truth);
    case SCHEMA_INT:
    case SCHEMA_LONG:
    case SCHEMA_FLOAT:
    case SCHEMA_DOUBLE:
        return walk_number(&walk->reader, node->kind, field);
    case SCHEMA_BYTES:
        return binary_reader_bytes(&walk->reader, field, &raw);
    case SCHEMA_STRING:
        return binary_reader_string(&walk->reader, field, &raw);
    case SCHEMA_RECORD:
        return walk_record(walk, node);
    case SCHEMA_ENUM:
        return binary_reader_index(&walk->reader, field, node->symbols.count, &index);
    case SCHEMA_FIXED:
        return binary_reader_fixed(&walk->reader, field, node->fixed_size, &raw);
    case SCHEMA_ARRAY:
        return walk_array(walk, node, field);
    case SCHEMA_MAP:
        return walk_map(walk, node, field);
    case SCHEMA_UNION:
        return walk_union(walk, node, field);
    }
    return sg_fail(SG_DROP, 0, "%s: unknown kind", field);
}

sg_result avro_walk_value(struct avro_walk *walk, const struct schema_node *node, const char *field)
{
    SG_TRY(avro_walk_enter(walk, field));
    sg_result result = walk_any(walk, node, field);
    avro_walk_leave(walk);
    return result;
}

sg_result avro_walk_message(const struct schema_node *node, struct bytes avro, struct arena *arena)
{
    struct avro_walk walk;
    avro_walk_start(&walk, avro, arena);
    SG_TRY(sg_explain(avro_walk_value(&walk, node, "value"), "%s", node->full_name));
    return sg_explain(binary_reader_end(&walk.reader), "%s", node->full_name);
}
