// Reads JSON by the descriptor of a record.
#include "schemas/record_json.h"

#include "core/json_reader.h"
#include "core/settings/nearest.h"
#include "schemas/record_json_scalar.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum {
    KEYS_MAX = 1024, // As many as a map has in Avro: see binary_reader.h.
    ITEMS_MAX = 65536,
    FIRST_CAPACITY = 4,
};

// Where a list is being put together.
struct list {
    uint8_t *items;
    size_t count;
    size_t capacity;
};

static sg_result read_record(const struct record_type *type, struct json_reader *reader,
                             void *record, uint64_t *ret_present);

static sg_result read_value(const struct record_value *value, struct json_reader *reader,
                            void *place)
{
    uint64_t present = 0;
    if (value->kind != RECORD_RECORD) {
        return record_json_scalar(value, reader, place);
    }
    SG_TRY(read_record(value->record, reader, place, &present));
    return record_json_require(value->record, present, record_json_required(value->record));
}

// Makes room for one item more, zeroed.
static sg_result add_item(struct arena *arena, size_t item_size, size_t items_max,
                          struct list *list)
{
    if (list->count == items_max) {
        return sg_fail(SG_DROP, 0, "has more than %zu items", items_max);
    }
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? FIRST_CAPACITY : list->capacity * 2;
        uint8_t *items = arena_take(arena, capacity * item_size);
        if (items == NULL) {
            return sg_fail(SG_DROP, 0, "has more items than an event may hold");
        }
        if (list->count > 0) {
            memcpy(items, list->items, list->count * item_size);
        }
        list->items = items;
        list->capacity = capacity;
    }
    list->count++;
    return sg_ok();
}

static sg_result read_array(const struct record_value *value, struct json_reader *reader,
                            struct list *list)
{
    bool has = false;
    SG_TRY(record_json_expect(reader, JSON_READER_ARRAY));
    SG_TRY(json_reader_enter(reader));
    SG_TRY(json_reader_item(reader, &has));
    while (has) {
        SG_TRY(add_item(reader->arena, value->item_size, ITEMS_MAX, list));
        uint8_t *item = list->items + (list->count - 1) * value->item_size;
        SG_TRY(sg_explain(read_value(value->item, reader, item), "[%zu]", list->count - 1));
        SG_TRY(json_reader_item(reader, &has));
    }
    return sg_ok();
}

// Whether the last key is among the ones before it.
static bool is_repeated(const struct list *list, size_t item_size, struct bytes key)
{
    for (size_t i = 0; i + 1 < list->count; i++) {
        struct bytes earlier;
        memcpy(&earlier, list->items + i * item_size, sizeof earlier);
        if (bytes_equal(earlier, key)) {
            return true;
        }
    }
    return false;
}

static sg_result read_map(const struct record_value *value, struct json_reader *reader,
                          struct list *list)
{
    bool has = false;
    struct bytes key;
    char copy[RECORD_JSON_SHOWN_MAX + 1];
    SG_TRY(record_json_expect(reader, JSON_READER_OBJECT));
    SG_TRY(json_reader_enter(reader));
    SG_TRY(json_reader_member(reader, &has, &key));
    while (has) {
        SG_TRY(add_item(reader->arena, value->item_size, KEYS_MAX, list));
        uint8_t *item = list->items + (list->count - 1) * value->item_size;
        memcpy(item, &key, sizeof key);
        if (is_repeated(list, value->item_size, key)) {
            return sg_fail(SG_DROP, 0, "key \"%s\" is given twice", record_json_shown(key, copy));
        }
        SG_TRY(sg_explain(read_value(value->item, reader, item + value->item_offset), "\"%s\"",
                          record_json_shown(key, copy)));
        SG_TRY(json_reader_member(reader, &has, &key));
    }
    return sg_ok();
}

static sg_result read_list(const struct record_field *field, struct json_reader *reader,
                           uint8_t *record)
{
    struct list list = {0};
    SG_TRY(field->value.kind == RECORD_ARRAY ? read_array(&field->value, reader, &list)
                                             : read_map(&field->value, reader, &list));
    memcpy(record + field->offset, &list.items, sizeof list.items);
    memcpy(record + field->count_offset, &list.count, sizeof list.count);
    return sg_ok();
}

static sg_result fail_branch(const struct record_value *value, const char *found)
{
    char known[SG_REASON_MAX] = "";
    size_t used = 0;
    for (size_t i = 0; i < value->branch_count && used < sizeof known; i++) {
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i == 0 ? "" : ", ",
                                 value->branches[i]->name);
    }
    return sg_fail(SG_DROP, 0, "wants an object with one of %s as its only key, found %s", known,
                   found);
}

static int find_branch(const struct record_value *value, struct bytes name)
{
    for (size_t i = 0; i < value->branch_count; i++) {
        if (bytes_is_text(name, value->branches[i]->name)) {
            return (int)i;
        }
    }
    return -1;
}

static sg_result read_union(const struct record_field *field, struct json_reader *reader,
                            uint8_t *record)
{
    bool has = false;
    struct bytes name = {NULL, 0};
    char copy[RECORD_JSON_SHOWN_MAX + 1];
    SG_TRY(record_json_expect(reader, JSON_READER_OBJECT));
    SG_TRY(json_reader_enter(reader));
    SG_TRY(json_reader_member(reader, &has, &name));
    int branch = has ? find_branch(&field->value, name) : -1;
    if (branch < 0) {
        char found[RECORD_JSON_SHOWN_MAX + 3] = "none";
        if (has) {
            snprintf(found, sizeof found, "\"%s\"", record_json_shown(name, copy));
        }
        return fail_branch(&field->value, found);
    }
    const struct record_type *type = field->value.branches[branch];
    uint64_t present = 0;
    memcpy(record + field->branch_offset, &(unsigned){(unsigned)branch}, sizeof(unsigned));
    SG_TRY(
        sg_explain(read_record(type, reader, record + field->offset, &present), "%s", type->name));
    SG_TRY(record_json_require(type, present, record_json_required(type)));
    SG_TRY(json_reader_member(reader, &has, &name));
    return has ? fail_branch(&field->value, "two") : sg_ok();
}

static sg_result read_field(const struct record_field *field, struct json_reader *reader,
                            uint8_t *record)
{
    if (field->is_optional) {
        enum json_reader_kind kind;
        SG_TRY(json_reader_peek(reader, &kind));
        bool has = kind != JSON_READER_NULL;
        memcpy(record + field->has_offset, &has, sizeof has);
        if (!has) {
            return json_reader_null(reader);
        }
    }
    if (field->value.kind == RECORD_ARRAY || field->value.kind == RECORD_MAP) {
        return read_list(field, reader, record);
    }
    if (field->value.kind == RECORD_UNION) {
        return read_union(field, reader, record);
    }
    return read_value(&field->value, reader, record + field->offset);
}

static sg_result fail_unknown(const struct record_type *type, struct bytes name)
{
    char copy[RECORD_JSON_SHOWN_MAX + 1];
    struct nearest nearest = {.wanted = record_json_shown(name, copy)};
    for (size_t i = 0; i < type->field_count; i++) {
        nearest_offer(&nearest, type->fields[i].name);
    }
    const char *meant = nearest_word(&nearest);
    if (meant != NULL) {
        return sg_fail(SG_DROP, 0, "%s has no field \"%s\": did you mean \"%s\"?", type->name, copy,
                       meant);
    }
    return sg_fail(SG_DROP, 0, "%s has no field \"%s\"", type->name, copy);
}

// The field of that name. Most senders keep the order of the schema, so `guess` is tried first.
static int find_field(const struct record_type *type, struct bytes name, size_t guess)
{
    if (guess < type->field_count && bytes_is_text(name, type->fields[guess].name)) {
        return (int)guess;
    }
    return record_type_field(type, name);
}

static sg_result read_record(const struct record_type *type, struct json_reader *reader,
                             void *record, uint64_t *ret_present)
{
    bool has = false;
    struct bytes name;
    uint64_t present = 0;
    size_t guess = 0;
    record_type_defaults(type, record);
    SG_TRY(record_json_expect(reader, JSON_READER_OBJECT));
    SG_TRY(json_reader_enter(reader));
    SG_TRY(json_reader_member(reader, &has, &name));
    while (has) {
        int index = find_field(type, name, guess);
        if (index < 0) {
            return fail_unknown(type, name);
        }
        const struct record_field *field = &type->fields[index];
        uint64_t bit = UINT64_C(1) << (unsigned)index;
        if ((present & bit) != 0) {
            return sg_fail(SG_DROP, 0, "%s: is given twice", field->name);
        }
        present |= bit;
        SG_TRY(sg_explain(read_field(field, reader, record), "%s", field->name));
        guess = (size_t)index + 1;
        SG_TRY(json_reader_member(reader, &has, &name));
    }
    *ret_present = present;
    return sg_ok();
}

sg_result record_json_read(const struct record_type *type, struct bytes json, struct arena *arena,
                           void *ret_record, uint64_t *ret_present)
{
    uint64_t present = 0;
    if (json.size > RECORD_JSON_BYTES_MAX) {
        return sg_fail(SG_DROP, 0, "JSON of %zu bytes, the limit is %d", json.size,
                       RECORD_JSON_BYTES_MAX);
    }
    void *record = arena_take(arena, type->size);
    if (record == NULL) {
        return sg_fail(SG_DROP, 0, "%s: no room in the arena", type->name);
    }
    struct json_reader reader;
    json_reader_start(&reader, json, arena);
    SG_TRY(read_record(type, &reader, record, &present));
    SG_TRY(json_reader_end(&reader));
    memcpy(ret_record, record, type->size);
    *ret_present = present;
    return sg_ok();
}
