// Schema resolution: every rule of Avro 1.11, the checks of the bytes, and compatibility.
#include "schemas/binary/avro_resolve.h"
#include "schemas/binary/schema_default.h"
#include "schemas/binary/schema_match.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>

#include <string.h>

enum { BYTES_MAX = 1 << 20 };

// A value of the writer and what the reader makes of it.
struct row {
    const char *reader;
    const char *writer;
    const char *written; // JSON.
    const char *read;    // JSON, NULL when it has to be refused.
    const char *reason;
};

#define RECORD(name, fields) "{\"type\":\"record\",\"name\":\"" name "\",\"fields\":[" fields "]}"
#define FIELD(name, type) "{\"name\":\"" name "\",\"type\":" type "}"
#define ENUM(rest) "{\"type\":\"enum\",\"name\":\"E\"," rest "}"
#define FIXED(size) "{\"type\":\"fixed\",\"name\":\"F\",\"size\":" size "}"

static const struct row rows[] = {
    {"\"int\"", "\"int\"", "-5", "-5", NULL},
    {"\"long\"", "\"int\"", "-5", "-5", NULL},
    {"\"float\"", "\"int\"", "3", "3", NULL},
    {"\"double\"", "\"int\"", "3", "3", NULL},
    {"\"float\"", "\"long\"", "3", "3", NULL},
    {"\"double\"", "\"long\"", "4503599627370496", "4503599627370496.0", NULL},
    {"\"double\"", "\"float\"", "1.5", "1.5", NULL},
    {"\"int\"", "\"long\"", "3", NULL, "int: value: was written as long and is read as int"},
    {"\"float\"", "\"double\"", "3", NULL,
     "float: value: was written as double and is read as float"},
    {"\"string\"", "\"bytes\"", "\"ab\"", "\"ab\"", NULL},
    {"\"bytes\"", "\"string\"", "\"ab\"", "\"ab\"", NULL},
    {"\"string\"", "\"bytes\"", "\"\\u00FF\"", NULL, "string: value: text that is not UTF-8"},
    {"\"string\"", "\"int\"", "1", NULL, "string: value: was written as int and is read as string"},
    {"[\"null\",\"long\"]", "\"int\"", "7", "[1,7]", NULL},
    {"[\"double\",\"long\"]", "\"long\"", "7", "[1,7]", NULL},
    {"[\"string\",\"double\"]", "\"long\"", "7", "[1,7]", NULL},
    {"\"long\"", "[\"long\",\"null\"]", "7", "7", NULL},
    {"\"long\"", "[\"null\",\"long\"]", "null", NULL,
     "long: value: was written as null and is read as long"},
    {"[\"null\",\"string\"]", "\"long\"", "7", NULL,
     "union: value: long is none of the types it may have"},
    {ENUM("\"symbols\":[\"B\",\"A\"]"), ENUM("\"symbols\":[\"A\",\"B\"]"), "\"A\"", "\"A\"", NULL},
    {ENUM("\"symbols\":[\"B\",\"X\"],\"default\":\"X\""), ENUM("\"symbols\":[\"A\",\"B\"]"),
     "\"A\"", "\"X\"", NULL},
    {ENUM("\"symbols\":[\"B\"]"), ENUM("\"symbols\":[\"A\",\"B\"]"), "\"A\"", NULL,
     "E: value: symbol A is not known here"},
    {FIXED("2"), FIXED("2"), "\"ab\"", "\"ab\"", NULL},
    {FIXED("3"), FIXED("2"), "\"ab\"", NULL, "F: value: was written as F and is read as F"},
    {RECORD("R", FIELD("b", "\"long\"") "," FIELD("a", "\"string\"")),
     RECORD("R", FIELD("a", "\"string\"") "," FIELD("x", "\"double\"") "," FIELD("b", "\"int\"")),
     "{\"a\":\"t\",\"x\":1.5,\"b\":3}", "{\"b\":3,\"a\":\"t\"}", NULL},
    {RECORD("R", "{\"name\":\"a\",\"type\":\"int\",\"aliases\":[\"old\"]}"),
     RECORD("R", FIELD("old", "\"int\"")), "{\"old\":3}", "{\"a\":3}", NULL},
    {RECORD("R",
            FIELD("a",
                  "\"int\"") ",{\"name\":\"b\",\"type\":[\"string\",\"null\"],\"default\":\"d\"}"),
     RECORD("R", FIELD("a", "\"int\"")), "{\"a\":3}", "{\"a\":3,\"b\":\"d\"}", NULL},
    {RECORD("R", FIELD("a", "\"int\"") "," FIELD("b", "\"int\"")),
     RECORD("R", FIELD("a", "\"int\"")), "{\"a\":3}", NULL,
     "R: b: the writer does not have it and it has no default"},
    {"{\"type\":\"record\",\"name\":\"N\",\"aliases\":[\"a.R\"],\"fields\":[" FIELD("a",
                                                                                    "\"int\"") "]}",
     "{\"type\":\"record\",\"name\":\"a.R\",\"fields\":[" FIELD("a", "\"int\"") "]}", "{\"a\":3}",
     "{\"a\":3}", NULL},
    {RECORD("x.R", FIELD("a", "\"int\"")), RECORD("y.R", FIELD("a", "\"int\"")), "{\"a\":3}",
     "{\"a\":3}", NULL},
    {RECORD("R", FIELD("a", "\"int\"")), RECORD("Q", FIELD("a", "\"int\"")), "{\"a\":3}", NULL,
     "R: value: was written as Q and is read as R"},
};

struct pair {
    struct schema_tree *reader;
    struct schema_tree *writer;
    struct arena *arena;
    struct buffer written;
    struct buffer wanted;
    struct buffer resolved;
};

static int set_up(void **state)
{
    static struct pair pair;
    pair = (struct pair){.arena = arena_new(BYTES_MAX)};
    buffer_init(&pair.written, BYTES_MAX);
    buffer_init(&pair.wanted, BYTES_MAX);
    buffer_init(&pair.resolved, BYTES_MAX);
    *state = &pair;
    return 0;
}

static void reset(struct pair *pair)
{
    schema_tree_free(&pair->reader);
    schema_tree_free(&pair->writer);
    buffer_clear(&pair->written);
    buffer_clear(&pair->wanted);
    buffer_clear(&pair->resolved);
    arena_reset(pair->arena);
}

static int tear_down(void **state)
{
    struct pair *pair = *state;
    reset(pair);
    arena_free(&pair->arena);
    buffer_done(&pair->written);
    buffer_done(&pair->wanted);
    buffer_done(&pair->resolved);
    return 0;
}

// Writes the JSON as Avro. For a union [branch, value] names the branch.
static void write_json(const struct schema_node *node, const char *text, struct buffer *out)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(json);
    json_t *value = json;
    if (node->kind == SCHEMA_UNION && json_is_array(json)) {
        json_int_t branch = json_integer_value(json_array_get(json, 0));
        assert_true(sg_is_ok(buffer_append_byte(out, (uint8_t)(branch * 2))));
        node = node->branches[branch];
        value = json_array_get(json, 1);
    }
    sg_result result = schema_default_write(node, value, out);
    json_decref(json);
    assert_true(sg_is_ok(result));
}

static void parse_pair(struct pair *pair, const char *reader, const char *writer)
{
    reset(pair);
    assert_true(sg_is_ok(schema_tree_parse(bytes_of_text(reader), &pair->reader)));
    assert_true(sg_is_ok(schema_tree_parse(bytes_of_text(writer), &pair->writer)));
}

static sg_result resolve(struct pair *pair)
{
    return avro_resolve_message(schema_tree_root(pair->reader), schema_tree_root(pair->writer),
                                buffer_bytes(&pair->written), pair->arena, &pair->resolved);
}

static void check_row(struct pair *pair, const struct row *row)
{
    parse_pair(pair, row->reader, row->writer);
    write_json(schema_tree_root(pair->writer), row->written, &pair->written);
    sg_result result = resolve(pair);
    if (row->read == NULL) {
        assert_int_equal(result.class, SG_DROP);
        assert_string_equal(sg_reason(), row->reason);
        return;
    }
    assert_true(sg_is_ok(result));
    write_json(schema_tree_root(pair->reader), row->read, &pair->wanted);
    assert_int_equal(pair->resolved.size, pair->wanted.size);
    assert_memory_equal(pair->resolved.data, pair->wanted.data, pair->wanted.size);
}

static void values_are_read_by_the_rules(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_row(*state, &rows[i]);
    }
}

static void lists_are_resolved_item_by_item(void **state)
{
    struct pair *pair = *state;
    parse_pair(pair, "{\"type\":\"array\",\"items\":\"long\"}",
               "{\"type\":\"array\",\"items\":\"int\"}");
    write_json(schema_tree_root(pair->writer), "[1,2]", &pair->written);
    assert_true(sg_is_ok(resolve(pair)));
    assert_memory_equal(pair->resolved.data, "\x02\x02\x02\x04\x00", 5);

    parse_pair(pair, "{\"type\":\"map\",\"values\":\"double\"}",
               "{\"type\":\"map\",\"values\":\"float\"}");
    write_json(schema_tree_root(pair->writer), "{\"k\":1.0}", &pair->written);
    assert_true(sg_is_ok(resolve(pair)));
    assert_int_equal(pair->resolved.size, 12);
    assert_memory_equal(pair->resolved.data, "\x02\x02k\0\0\0\0\0\0\xF0\x3F\0", 12);
}

// avro-c moves its reader wrongly over a dropped field with a negative length and succeeds.
static void dropped_fields_are_checked_too(void **state)
{
    struct pair *pair = *state;
    parse_pair(pair, RECORD("R", FIELD("b", "\"int\"")),
               RECORD("R", FIELD("a", "\"string\"") "," FIELD("b", "\"int\"")));
    assert_true(sg_is_ok(buffer_append(&pair->written, bytes_of("\x01\x02", 2))));
    assert_int_equal(resolve(pair).class, SG_DROP);
    assert_string_equal(sg_reason(), "R: a: a length of -1 with 1 bytes left");
    buffer_clear(&pair->written);
    assert_true(sg_is_ok(buffer_append(&pair->written, bytes_of("\x00\x02\x00", 3))));
    assert_int_equal(resolve(pair).class, SG_DROP);
    assert_string_equal(sg_reason(), "R: 1 bytes are left over");
}

static void bombs_end_soon(void **state)
{
    struct pair *pair = *state;
    // A type that contains itself, two million levels deep.
    parse_pair(pair, RECORD("L", FIELD("next", "[\"null\",\"L\"]")),
               RECORD("L", FIELD("next", "[\"null\",\"L\"]")));
    for (int i = 0; i < BYTES_MAX / 2; i++) {
        assert_true(sg_is_ok(buffer_append_byte(&pair->written, 2)));
    }
    assert_int_equal(resolve(pair).class, SG_DROP);
    assert_non_null(strstr(sg_reason(), "nested deeper than 64"));

    // Six bytes that stand for 2^27 values.
    parse_pair(pair, "{\"type\":\"array\",\"items\":\"null\"}",
               "{\"type\":\"array\",\"items\":\"null\"}");
    const struct bytes bomb = bytes_of("\x80\x80\x80\x80\x01\x00", 6);
    assert_true(sg_is_ok(buffer_append(&pair->written, bomb)));
    assert_int_equal(resolve(pair).class, SG_DROP);
    assert_int_equal(avro_walk_message(schema_tree_root(pair->writer), bomb, pair->arena).class,
                     SG_DROP);

    // Lists of lists of nothing: every level is within its limit.
    parse_pair(pair, "{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":\"null\"}}",
               "\"null\"");
    buffer_clear(&pair->written);
    assert_true(sg_is_ok(buffer_append(&pair->written, bytes_of("\x80\x80\x08", 3))));
    for (int i = 0; i < 65536; i++) {
        assert_true(sg_is_ok(buffer_append(&pair->written, bytes_of("\x80\x80\x08\x00", 4))));
    }
    assert_true(sg_is_ok(buffer_append_byte(&pair->written, 0)));
    assert_int_equal(
        avro_walk_message(schema_tree_root(pair->reader), buffer_bytes(&pair->written), pair->arena)
            .class,
        SG_DROP);
    assert_non_null(strstr(sg_reason(), "more than 4194304 values"));
}

// A newer schema, an older one, and what is wrong with the pair; NULL for nothing.
struct change {
    const char *reader;
    const char *writer;
    const char *reason;
};

static void incompatible_changes_are_named(void **state)
{
    struct pair *pair = *state;
    const struct change changes[] = {
        {RECORD("R", FIELD("a", "\"long\"")),
         RECORD("R", FIELD("a", "\"int\"") "," FIELD("b", "\"int\"")), NULL},
        {RECORD("R", FIELD("a", "\"int\"")), RECORD("R", FIELD("a", "\"long\"")),
         "R.a: was written as long and is read as int"},
        {RECORD("R", FIELD("a", "\"int\"") "," FIELD("b", "\"int\"")),
         RECORD("R", FIELD("a", "\"int\"")), "R.b: has no default and the writer does not have it"},
        {RECORD("R", FIELD("a", "\"int\"")), RECORD("R", FIELD("a", "[\"null\",\"int\"]")),
         "R.a: was written as null and is read as int"},
        {RECORD("R", FIELD("a", "[\"null\",\"int\"]")), RECORD("R", FIELD("a", "\"int\"")), NULL},
        {RECORD("R", FIELD("a", "[\"null\",\"int\"]")), RECORD("R", FIELD("a", "\"string\"")),
         "R.a: string is none of the types it may have"},
        {RECORD("R", FIELD("e", ENUM("\"symbols\":[\"A\"]"))),
         RECORD("R", FIELD("e", ENUM("\"symbols\":[\"A\",\"B\"]"))),
         "R.e: symbol B of enum E is not known and there is no default"},
        {RECORD("R", FIELD("e", ENUM("\"symbols\":[\"A\"],\"default\":\"A\""))),
         RECORD("R", FIELD("e", ENUM("\"symbols\":[\"A\",\"B\"]"))), NULL},
        {RECORD("R", FIELD("l", "{\"type\":\"array\",\"items\":\"int\"}")),
         RECORD("R", FIELD("l", "{\"type\":\"array\",\"items\":\"string\"}")),
         "R.l: was written as string and is read as int"},
        {RECORD("L", FIELD("next", "[\"null\",\"L\"]")),
         RECORD("L", FIELD("next", "[\"null\",\"L\"]")), NULL},
        {RECORD("R", FIELD("s", RECORD("S", FIELD("x", "\"int\"")))),
         RECORD("R", FIELD("s", RECORD("S", FIELD("y", "\"int\"")))),
         "R.s: S.x: has no default and the writer does not have it"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        parse_pair(pair, changes[i].reader, changes[i].writer);
        sg_result result =
            schema_match_check(schema_tree_root(pair->reader), schema_tree_root(pair->writer));
        assert_int_equal(result.class, changes[i].reason == NULL ? SG_OK : SG_DROP);
        if (changes[i].reason != NULL) {
            assert_string_equal(sg_reason(), changes[i].reason);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_are_read_by_the_rules, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lists_are_resolved_item_by_item, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dropped_fields_are_checked_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bombs_end_soon, set_up, tear_down),
        cmocka_unit_test_setup_teardown(incompatible_changes_are_named, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
