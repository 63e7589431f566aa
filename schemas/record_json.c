// Reads JSON by the descriptor of a record.
#include "schemas/record_json.h"

#include "core/json_reader.h"
#include "core/number.h"
#include "core/settings/nearest.h"
#include "core/timestamp.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    SHOWN_CHARS_MAX = 40, // Of a text from outside in a reason.
    KEYS_MAX = 1024,      // As many as a map has in Avro: see binary_reader.h.
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

// A text from outside, made fit for a reason: cut, and nothing but printable ASCII.
static const char *shown(struct bytes text, char ret_text[static SHOWN_CHARS_MAX + 1])
{
    size_t size = text.size < SHOWN_CHARS_MAX ? text.size : SHOWN_CHARS_MAX;
    for (size_t i = 0; i < size; i++) {
        ret_text[i] = (char)text.data[i];
        if (ret_text[i] < ' ' || ret_text[i] > '~') {
            ret_text[i] = '?';
        }
    }
    ret_text[size] = '\0';
    return ret_text;
}

static sg_result fail_kind(const char *wanted, enum json_reader_kind found)
{
    return sg_fail(SG_DROP, 0, "wants %s, found %s", wanted, json_reader_kind_name(found));
}

static sg_result expect(struct json_reader *reader, enum json_reader_kind wanted)
{
    enum json_reader_kind found;
    SG_TRY(json_reader_peek(reader, &found));
    return found == wanted ? sg_ok() : fail_kind(json_reader_kind_name(wanted), found);
}

static sg_result read_boolean(struct json_reader *reader, void *place)
{
    bool value = false;
    SG_TRY(expect(reader, JSON_READER_BOOLEAN));
    SG_TRY(json_reader_boolean(reader, &value));
    memcpy(place, &value, sizeof value);
    return sg_ok();
}

// Numbers that JSON has no form for are texts, as record_json_print() writes them.
static sg_result read_double_text(struct json_reader *reader, void *place)
{
    static const char *const names[] = {"NaN", "Infinity", "-Infinity"};
    static const double values[] = {NAN, INFINITY, -INFINITY};
    struct bytes text;
    char copy[SHOWN_CHARS_MAX + 1];
    SG_TRY(json_reader_string(reader, &text));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (bytes_is_text(text, names[i])) {
            memcpy(place, &values[i], sizeof values[i]);
            return sg_ok();
        }
    }
    return sg_fail(SG_DROP, 0, "wants a number, found a string \"%s\"", shown(text, copy));
}

static sg_result read_double(struct json_reader *reader, void *place)
{
    struct bytes text;
    enum json_reader_kind kind;
    bool is_whole = false;
    double value = 0;
    char copy[SHOWN_CHARS_MAX + 1];
    SG_TRY(json_reader_peek(reader, &kind));
    if (kind == JSON_READER_STRING) {
        return read_double_text(reader, place);
    }
    SG_TRY(expect(reader, JSON_READER_NUMBER));
    SG_TRY(json_reader_number(reader, &text, &is_whole));
    if (!number_read_double(text, &value)) {
        return sg_fail(SG_DROP, 0, "wants a finite number, %s does not fit a double",
                       shown(text, copy));
    }
    memcpy(place, &value, sizeof value);
    return sg_ok();
}

static sg_result read_whole(struct json_reader *reader, int64_t min, int64_t max,
                            int64_t *ret_value)
{
    struct bytes text;
    bool is_whole = false;
    int64_t value = 0;
    char copy[SHOWN_CHARS_MAX + 1];
    SG_TRY(expect(reader, JSON_READER_NUMBER));
    SG_TRY(json_reader_number(reader, &text, &is_whole));
    if (!is_whole) {
        return sg_fail(SG_DROP, 0, "wants a whole number, found %s", shown(text, copy));
    }
    if (!number_read_int(text, &value) || value < min || value > max) {
        return sg_fail(SG_DROP, 0, "wants a number from %" PRId64 " to %" PRId64 ", found %s", min,
                       max, shown(text, copy));
    }
    *ret_value = value;
    return sg_ok();
}

static sg_result read_int(struct json_reader *reader, void *place)
{
    int64_t value = 0;
    SG_TRY(read_whole(reader, INT32_MIN, INT32_MAX, &value));
    memcpy(place, &(int32_t){(int32_t)value}, sizeof(int32_t));
    return sg_ok();
}

static sg_result read_long(struct json_reader *reader, void *place)
{
    int64_t value = 0;
    SG_TRY(read_whole(reader, INT64_MIN, INT64_MAX, &value));
    memcpy(place, &value, sizeof value);
    return sg_ok();
}

static sg_result read_time(struct json_reader *reader, void *place)
{
    enum json_reader_kind kind;
    struct bytes text;
    int64_t ms = 0;
    char copy[SHOWN_CHARS_MAX + 1];
    SG_TRY(json_reader_peek(reader, &kind));
    if (kind == JSON_READER_NUMBER) {
        return read_long(reader, place);
    }
    if (kind != JSON_READER_STRING) {
        return fail_kind("ms since 1970 or a time like 2026-11-21T08:00:00Z", kind);
    }
    SG_TRY(json_reader_string(reader, &text));
    if (!timestamp_read(text, &ms)) {
        return sg_fail(SG_DROP, 0,
                       "wants ms since 1970 or a time like 2026-11-21T08:00:00Z, found \"%s\"",
                       shown(text, copy));
    }
    memcpy(place, &ms, sizeof ms);
    return sg_ok();
}

static sg_result read_string(struct json_reader *reader, void *place)
{
    struct bytes text;
    SG_TRY(expect(reader, JSON_READER_STRING));
    SG_TRY(json_reader_string(reader, &text));
    memcpy(place, &text, sizeof text);
    return sg_ok();
}

static sg_result read_enum(const struct record_enum *names, struct json_reader *reader, void *place)
{
    struct bytes text;
    char copy[SHOWN_CHARS_MAX + 1];
    SG_TRY(read_string(reader, &text));
    int index = record_type_symbol(names, text);
    if (index >= 0) {
        memcpy(place, &(unsigned){(unsigned)index}, sizeof(unsigned));
        return sg_ok();
    }
    char known[SG_REASON_MAX] = "";
    size_t used = 0;
    for (size_t i = 0; i < names->count && used < sizeof known; i++) {
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i == 0 ? "" : ", ",
                                 names->symbols[i]);
    }
    return sg_fail(SG_DROP, 0, "wants one of %s, found \"%s\"", known, shown(text, copy));
}

static sg_result read_value(const struct record_value *value, struct json_reader *reader,
                            void *place)
{
    uint64_t present = 0;
    switch (value->kind) {
    case RECORD_BOOLEAN:
        return read_boolean(reader, place);
    case RECORD_INT:
        return read_int(reader, place);
    case RECORD_LONG:
        return value->is_time ? read_time(reader, place) : read_long(reader, place);
    case RECORD_DOUBLE:
        return read_double(reader, place);
    case RECORD_STRING:
        return read_string(reader, place);
    case RECORD_ENUM:
        return read_enum(value->names, reader, place);
    case RECORD_RECORD:
        SG_TRY(read_record(value->record, reader, place, &present));
        return record_json_require(value->record, present, record_json_required(value->record));
    case RECORD_ARRAY:
    case RECORD_MAP:
        break; // Only fields are lists: read_array() and read_map() read them.
    }
    return sg_fail(SG_FATAL, 0, "a list within a list");
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
    SG_TRY(expect(reader, JSON_READER_ARRAY));
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
    char copy[SHOWN_CHARS_MAX + 1];
    SG_TRY(expect(reader, JSON_READER_OBJECT));
    SG_TRY(json_reader_enter(reader));
    SG_TRY(json_reader_member(reader, &has, &key));
    while (has) {
        SG_TRY(add_item(reader->arena, value->item_size, KEYS_MAX, list));
        uint8_t *item = list->items + (list->count - 1) * value->item_size;
        memcpy(item, &key, sizeof key);
        if (is_repeated(list, value->item_size, key)) {
            return sg_fail(SG_DROP, 0, "key \"%s\" is given twice", shown(key, copy));
        }
        SG_TRY(sg_explain(read_value(value->item, reader, item + value->item_offset), "\"%s\"",
                          shown(key, copy)));
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
    return read_value(&field->value, reader, record + field->offset);
}

static sg_result fail_unknown(const struct record_type *type, struct bytes name)
{
    char copy[SHOWN_CHARS_MAX + 1];
    struct nearest nearest = {.wanted = shown(name, copy)};
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
    SG_TRY(expect(reader, JSON_READER_OBJECT));
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
