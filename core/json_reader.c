// RFC 8259 to the letter; what is inside a string is the work of json_string.c.
#include "core/json_reader.h"

#include "core/json_string.h"

#include <string.h>

void json_reader_start(struct json_reader *reader, struct bytes text, struct arena *arena)
{
    static const uint8_t nothing[1] = {0};
    const uint8_t *start = text.size == 0 ? nothing : text.data;
    *reader = (struct json_reader){start, start, start + text.size, arena, 0, false};
}

static sg_result fail_at(const struct json_reader *reader, const char *wanted)
{
    size_t position = (size_t)(reader->at - reader->start);
    if (reader->at == reader->end) {
        return sg_fail(SG_DROP, 0, "JSON ends at byte %zu, %s is missing", position, wanted);
    }
    return sg_fail(SG_DROP, 0, "JSON byte %zu (0x%02X) is not %s", position, *reader->at, wanted);
}

static void skip_space(struct json_reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\n' ||
                                        *reader->at == '\r' || *reader->at == '\t')) {
        reader->at++;
    }
}

// Takes the character if it comes next.
static bool take(struct json_reader *reader, uint8_t character)
{
    if (reader->at == reader->end || *reader->at != character) {
        return false;
    }
    reader->at++;
    return true;
}

const char *json_reader_kind_name(enum json_reader_kind kind)
{
    static const char *const names[] = {
        [JSON_READER_NULL] = "null",       [JSON_READER_BOOLEAN] = "a boolean",
        [JSON_READER_NUMBER] = "a number", [JSON_READER_STRING] = "a string",
        [JSON_READER_ARRAY] = "an array",  [JSON_READER_OBJECT] = "an object",
    };
    return names[kind];
}

sg_result json_reader_peek(struct json_reader *reader, enum json_reader_kind *ret_kind)
{
    skip_space(reader);
    uint8_t first = reader->at == reader->end ? 0 : *reader->at;
    switch (first) {
    case 'n':
        *ret_kind = JSON_READER_NULL;
        return sg_ok();
    case 't':
    case 'f':
        *ret_kind = JSON_READER_BOOLEAN;
        return sg_ok();
    case '"':
        *ret_kind = JSON_READER_STRING;
        return sg_ok();
    case '[':
        *ret_kind = JSON_READER_ARRAY;
        return sg_ok();
    case '{':
        *ret_kind = JSON_READER_OBJECT;
        return sg_ok();
    default:
        break;
    }
    if (first != '-' && (first < '0' || first > '9')) {
        return fail_at(reader, "a value");
    }
    *ret_kind = JSON_READER_NUMBER;
    return sg_ok();
}

static sg_result read_word(struct json_reader *reader, const char *word)
{
    for (const char *character = word; *character != '\0'; character++) {
        if (!take(reader, (uint8_t)*character)) {
            return fail_at(reader, word);
        }
    }
    return sg_ok();
}

sg_result json_reader_null(struct json_reader *reader)
{
    return read_word(reader, "null");
}

sg_result json_reader_boolean(struct json_reader *reader, bool *ret_value)
{
    bool value = reader->at < reader->end && *reader->at == 't';
    SG_TRY(read_word(reader, value ? "true" : "false"));
    *ret_value = value;
    return sg_ok();
}

static sg_result read_digits(struct json_reader *reader)
{
    const uint8_t *start = reader->at;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') {
        reader->at++;
    }
    return reader->at == start ? fail_at(reader, "a digit") : sg_ok();
}

sg_result json_reader_number(struct json_reader *reader, struct bytes *ret_text, bool *ret_whole)
{
    const uint8_t *start = reader->at;
    bool is_whole = true;
    take(reader, '-');
    if (!take(reader, '0')) {
        SG_TRY(read_digits(reader));
    }
    if (take(reader, '.')) {
        is_whole = false;
        SG_TRY(read_digits(reader));
    }
    if (take(reader, 'e') || take(reader, 'E')) {
        is_whole = false;
        if (!take(reader, '-')) {
            take(reader, '+');
        }
        SG_TRY(read_digits(reader));
    }
    *ret_text = bytes_of(start, (size_t)(reader->at - start));
    *ret_whole = is_whole;
    return sg_ok();
}

sg_result json_reader_string(struct json_reader *reader, struct bytes *ret_text)
{
    const uint8_t *start = reader->at;
    if (!take(reader, '"')) {
        return fail_at(reader, "a string");
    }
    struct bytes text;
    const uint8_t *behind = NULL;
    struct bytes rest = bytes_of(reader->at, (size_t)(reader->end - reader->at));
    SG_TRY(sg_explain(json_string_read(rest, reader->arena, &text, &behind),
                      "JSON string at byte %zu", (size_t)(start - reader->start)));
    reader->at = behind;
    *ret_text = text;
    return sg_ok();
}

sg_result json_reader_enter(struct json_reader *reader)
{
    if (reader->depth == JSON_READER_DEPTH_MAX) {
        return sg_fail(SG_DROP, 0, "JSON is nested deeper than %d", JSON_READER_DEPTH_MAX);
    }
    if (!take(reader, '[') && !take(reader, '{')) {
        return fail_at(reader, "an array or an object");
    }
    reader->depth++;
    reader->is_first = true;
    return sg_ok();
}

// Goes over the comma, or out of the list behind `close`.
static sg_result next(struct json_reader *reader, uint8_t close, bool *ret_has)
{
    bool was_first = reader->is_first;
    reader->is_first = false;
    skip_space(reader);
    if (take(reader, close)) {
        reader->depth--;
        *ret_has = false;
        return sg_ok();
    }
    if (!was_first && !take(reader, ',')) {
        return fail_at(reader, close == ']' ? "a comma or the end of the array"
                                            : "a comma or the end of the object");
    }
    skip_space(reader);
    *ret_has = true;
    return sg_ok();
}

sg_result json_reader_item(struct json_reader *reader, bool *ret_has)
{
    return next(reader, ']', ret_has);
}

sg_result json_reader_member(struct json_reader *reader, bool *ret_has, struct bytes *ret_name)
{
    bool has = false;
    SG_TRY(next(reader, '}', &has));
    if (has) {
        SG_TRY(json_reader_string(reader, ret_name));
        skip_space(reader);
        if (!take(reader, ':')) {
            return fail_at(reader, "a colon");
        }
    }
    *ret_has = has;
    return sg_ok();
}

static sg_result skip_array(struct json_reader *reader)
{
    bool has = false;
    SG_TRY(json_reader_enter(reader));
    SG_TRY(json_reader_item(reader, &has));
    while (has) {
        SG_TRY(json_reader_skip(reader));
        SG_TRY(json_reader_item(reader, &has));
    }
    return sg_ok();
}

static sg_result skip_object(struct json_reader *reader)
{
    bool has = false;
    struct bytes name;
    SG_TRY(json_reader_enter(reader));
    SG_TRY(json_reader_member(reader, &has, &name));
    while (has) {
        SG_TRY(json_reader_skip(reader));
        SG_TRY(json_reader_member(reader, &has, &name));
    }
    return sg_ok();
}

sg_result json_reader_skip(struct json_reader *reader)
{
    enum json_reader_kind kind;
    bool truth = false;
    struct bytes text;
    SG_TRY(json_reader_peek(reader, &kind));
    switch (kind) {
    case JSON_READER_NULL:
        return json_reader_null(reader);
    case JSON_READER_BOOLEAN:
        return json_reader_boolean(reader, &truth);
    case JSON_READER_NUMBER:
        return json_reader_number(reader, &text, &truth);
    case JSON_READER_STRING:
        return json_reader_string(reader, &text);
    case JSON_READER_ARRAY:
        return skip_array(reader);
    case JSON_READER_OBJECT:
        break;
    }
    return skip_object(reader);
}

sg_result json_reader_end(struct json_reader *reader)
{
    skip_space(reader);
    if (reader->at != reader->end) {
        return fail_at(reader, "the end");
    }
    return sg_ok();
}
