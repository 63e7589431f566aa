// Cuts the line's object into its members without building a tree.
#include "tests/replay/replay_line.h"

#include <stddef.h>
#include <string.h>

#include <jansson.h>

#include "core/number.h"

enum { DEPTH_MAX = 64 };

// How a member is kept.
enum member_kind { MEMBER_TEXT, MEMBER_JSON, MEMBER_INT };

struct member {
    const char *name;
    size_t offset;
    size_t has_offset; // 0 for none.
    enum member_kind kind;
    enum replay_line_kind begins; // The kind of line that has this member, REPLAY_EMPTY for any.
};

static const struct member members[] = {
    {.name = "case", .offset = offsetof(struct replay_line, name), .begins = REPLAY_CASE},
    {.name = "default", .offset = offsetof(struct replay_line, name), .begins = REPLAY_DEFAULT},
    {.name = "given", .offset = offsetof(struct replay_line, name), .begins = REPLAY_GIVEN},
    {.name = "then", .offset = offsetof(struct replay_line, name), .begins = REPLAY_THEN},
    {.name = "processor", .offset = offsetof(struct replay_line, processor)},
    {.name = "settings", .offset = offsetof(struct replay_line, settings), .kind = MEMBER_JSON},
    {.name = "key",
     .offset = offsetof(struct replay_line, key),
     .has_offset = offsetof(struct replay_line, has_key)},
    {.name = "reason", .offset = offsetof(struct replay_line, reason)},
    {.name = "raw", .offset = offsetof(struct replay_line, raw)},
    {.name = "hex", .offset = offsetof(struct replay_line, hex)},
    {.name = "value", .offset = offsetof(struct replay_line, value), .kind = MEMBER_JSON},
    {.name = "like", .offset = offsetof(struct replay_line, like), .kind = MEMBER_JSON},
    {.name = "contains", .offset = offsetof(struct replay_line, contains), .kind = MEMBER_JSON},
    {.name = "at",
     .offset = offsetof(struct replay_line, at),
     .has_offset = offsetof(struct replay_line, has_at),
     .kind = MEMBER_INT},
    {.name = "offset",
     .offset = offsetof(struct replay_line, offset),
     .has_offset = offsetof(struct replay_line, has_offset),
     .kind = MEMBER_INT},
    {.name = "partition", .offset = offsetof(struct replay_line, partition), .kind = MEMBER_INT},
};

static const uint8_t *skip_space(const uint8_t *at, const uint8_t *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r')) {
        at++;
    }
    return at;
}

// Behind the string that begins at `at`, NULL if it has no end.
static const uint8_t *skip_string(const uint8_t *at, const uint8_t *end)
{
    for (at++; at < end; at++) {
        if (*at == '\\') {
            at++;
        } else if (*at == '"') {
            return at + 1;
        }
    }
    return NULL;
}

// Behind the value that begins at `at`: the comma or brace that ends it, NULL if there is none.
static const uint8_t *skip_value(const uint8_t *at, const uint8_t *end)
{
    int depth = 0;
    while (at != NULL && at < end) {
        if (*at == '"') {
            at = skip_string(at, end);
            continue;
        }
        if (depth == 0 && (*at == ',' || *at == '}')) {
            return at;
        }
        depth += *at == '{' || *at == '[';
        depth -= *at == '}' || *at == ']';
        if (depth < 0 || depth > DEPTH_MAX) {
            return NULL;
        }
        at++;
    }
    return NULL;
}

static sg_result broken(const char *what)
{
    return sg_fail(SG_DROP, 0, "the line is no JSON object: %s", what);
}

// The text of a JSON string; "null" gives no text.
static sg_result read_text(struct bytes json, struct arena *arena, struct bytes *ret_text)
{
    if (bytes_is_text(json, "null")) {
        return sg_ok();
    }
    if (json.size < 2 || json.data[0] != '"') {
        return broken("a text was expected");
    }
    if (memchr(json.data, '\\', json.size) == NULL) {
        *ret_text = bytes_of(json.data + 1, json.size - 2);
        return sg_ok();
    }
    json_t *string =
        json_loadb((const char *)json.data, json.size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (!json_is_string(string)) {
        json_decref(string);
        return broken("a text cannot be read");
    }
    size_t size = json_string_length(string);
    uint8_t *copy = arena_take(arena, size + 1);
    if (copy != NULL) {
        memcpy(copy, json_string_value(string), size);
        *ret_text = bytes_of(copy, size);
    }
    json_decref(string);
    return copy == NULL ? sg_fail(SG_FATAL, 0, "out of memory for a line") : sg_ok();
}

static sg_result keep_member(const struct member *member, struct bytes json, struct arena *arena,
                             struct replay_line *line)
{
    uint8_t *slot = (uint8_t *)line + member->offset;
    if (member->begins != REPLAY_EMPTY) {
        line->kind = member->begins;
    }
    if (member->has_offset != 0) {
        *((uint8_t *)line + member->has_offset) = true;
    }
    if (member->kind == MEMBER_INT) {
        int64_t number = 0;
        if (!number_read_int(json, &number)) {
            return sg_fail(SG_DROP, 0, "%s is no integer", member->name);
        }
        memcpy(slot, &number, sizeof number);
        return sg_ok();
    }
    struct bytes text = json;
    if (member->kind == MEMBER_TEXT) {
        text = bytes_of(NULL, 0);
        SG_TRY(read_text(json, arena, &text));
    }
    memcpy(slot, &text, sizeof text);
    return sg_ok();
}

static sg_result find_member(struct bytes name, const struct member **ret_member)
{
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (bytes_is_text(name, members[i].name)) {
            *ret_member = &members[i];
            return sg_ok();
        }
    }
    return sg_fail(SG_DROP, 0, "a line has no member %.*s", (int)name.size,
                   (const char *)name.data);
}

// Reads `"name": value` at `*at` and moves it behind.
static sg_result read_member(const uint8_t **at, const uint8_t *end, struct arena *arena,
                             struct replay_line *line)
{
    const uint8_t *name = skip_space(*at, end);
    const uint8_t *name_end = name < end && *name == '"' ? skip_string(name, end) : NULL;
    if (name_end == NULL) {
        return broken("a member's name was expected");
    }
    const struct member *member = NULL;
    SG_TRY(find_member(bytes_of(name + 1, (size_t)(name_end - name) - 2), &member));
    const uint8_t *colon = skip_space(name_end, end);
    if (colon == end || *colon != ':') {
        return broken("a colon was expected");
    }
    const uint8_t *value = skip_space(colon + 1, end);
    const uint8_t *value_end = skip_value(value, end);
    if (value_end == NULL) {
        return broken("a value has no end");
    }
    *at = value_end;
    while (value_end > value && (value_end[-1] == ' ' || value_end[-1] == '\t')) {
        value_end--;
    }
    return keep_member(member, bytes_of(value, (size_t)(value_end - value)), arena, line);
}

sg_result replay_line_read(struct bytes text, struct arena *arena, struct replay_line *ret_line)
{
    const uint8_t *end = text.data + text.size;
    const uint8_t *at = skip_space(text.data, end);
    *ret_line = (struct replay_line){.kind = REPLAY_EMPTY};
    if (at == end || *at == '#') {
        return sg_ok();
    }
    if (*at != '{') {
        return broken("it does not begin with {");
    }
    do {
        at++;
        SG_TRY(read_member(&at, end, arena, ret_line));
    } while (*at == ',');
    if (skip_space(at + 1, end) != end) {
        return broken("something follows it");
    }
    if (ret_line->kind == REPLAY_EMPTY) {
        return sg_fail(SG_DROP, 0, "a line is a case, default, given or then");
    }
    return sg_ok();
}
