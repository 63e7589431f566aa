// Reads scalars by their descriptor, and says what was wanted where there is something else.
#include "schemas/record_json_scalar.h"

#include "core/number.h"
#include "core/timestamp.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *record_json_shown(struct bytes text, char ret_text[static RECORD_JSON_SHOWN_MAX + 1])
{
    size_t size = text.size < RECORD_JSON_SHOWN_MAX ? text.size : RECORD_JSON_SHOWN_MAX;
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

sg_result record_json_expect(struct json_reader *reader, enum json_reader_kind wanted)
{
    enum json_reader_kind found;
    SG_TRY(json_reader_peek(reader, &found));
    return found == wanted ? sg_ok() : fail_kind(json_reader_kind_name(wanted), found);
}

static sg_result read_boolean(struct json_reader *reader, void *place)
{
    bool value = false;
    SG_TRY(record_json_expect(reader, JSON_READER_BOOLEAN));
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
    char copy[RECORD_JSON_SHOWN_MAX + 1];
    SG_TRY(json_reader_string(reader, &text));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (bytes_is_text(text, names[i])) {
            memcpy(place, &values[i], sizeof values[i]);
            return sg_ok();
        }
    }
    return sg_fail(SG_DROP, 0, "wants a number, found a string \"%s\"",
                   record_json_shown(text, copy));
}

static sg_result read_double(struct json_reader *reader, void *place)
{
    struct bytes text;
    enum json_reader_kind kind;
    bool is_whole = false;
    double value = 0;
    char copy[RECORD_JSON_SHOWN_MAX + 1];
    SG_TRY(json_reader_peek(reader, &kind));
    if (kind == JSON_READER_STRING) {
        return read_double_text(reader, place);
    }
    SG_TRY(record_json_expect(reader, JSON_READER_NUMBER));
    SG_TRY(json_reader_number(reader, &text, &is_whole));
    if (!number_read_double(text, &value)) {
        return sg_fail(SG_DROP, 0, "wants a finite number, %s does not fit a double",
                       record_json_shown(text, copy));
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
    char copy[RECORD_JSON_SHOWN_MAX + 1];
    SG_TRY(record_json_expect(reader, JSON_READER_NUMBER));
    SG_TRY(json_reader_number(reader, &text, &is_whole));
    if (!is_whole) {
        return sg_fail(SG_DROP, 0, "wants a whole number, found %s", record_json_shown(text, copy));
    }
    if (!number_read_int(text, &value) || value < min || value > max) {
        return sg_fail(SG_DROP, 0, "wants a number from %" PRId64 " to %" PRId64 ", found %s", min,
                       max, record_json_shown(text, copy));
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
    char copy[RECORD_JSON_SHOWN_MAX + 1];
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
                       record_json_shown(text, copy));
    }
    memcpy(place, &ms, sizeof ms);
    return sg_ok();
}

static sg_result read_string(struct json_reader *reader, void *place)
{
    struct bytes text;
    SG_TRY(record_json_expect(reader, JSON_READER_STRING));
    SG_TRY(json_reader_string(reader, &text));
    memcpy(place, &text, sizeof text);
    return sg_ok();
}

static sg_result read_enum(const struct record_enum *names, struct json_reader *reader, void *place)
{
    struct bytes text;
    char copy[RECORD_JSON_SHOWN_MAX + 1];
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
    return sg_fail(SG_DROP, 0, "wants one of %s, found \"%s\"", known,
                   record_json_shown(text, copy));
}

sg_result record_json_scalar(const struct record_value *value, struct json_reader *reader,
                             void *place)
{
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
    case RECORD_ARRAY:
    case RECORD_MAP:
    case RECORD_UNION:
        break; // Only fields are lists or unions: read_field() reads them.
    }
    return sg_fail(SG_FATAL, 0, "a list within a list");
}
