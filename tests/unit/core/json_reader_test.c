// The JSON reader: what is JSON and what is not, to the letter of RFC 8259, and strings.
#include "core/json_reader.h"

#include "core/buffer.h"
#include "core/json_string.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

enum { BYTES_MAX = 1 << 16 };

static int set_up(void **state)
{
    *state = arena_new(BYTES_MAX);
    return *state == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    struct arena *arena = *state;
    arena_free(&arena);
    return 0;
}

static bool is_json(struct bytes text, struct arena *arena)
{
    struct json_reader reader;
    json_reader_start(&reader, text, arena);
    return sg_is_ok(json_reader_skip(&reader)) && sg_is_ok(json_reader_end(&reader));
}

static const char *const good[] = {
    "null",
    "true",
    "false",
    "0",
    "-0",
    "12.50e+3",
    "1E5",
    "\"\"",
    "[]",
    "{}",
    " [ 1 , [ ] , { } ] ",
    "{\"a\":{\"b\":[true,null]},\"c\":\"d\"}",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\"",
    "\t\r\n1",
};

static const char *const bad[] = {
    "",
    " ",
    "nul",
    "nulll",
    "True",
    "+1",
    "01",
    "-",
    "1.",
    ".5",
    "1e",
    "1e+",
    "0x10",
    "NaN",
    "Infinity",
    "'a'",
    "\"a",
    "\"\\x41\"",
    "\"\\u12\"",
    "\"\\uDE00\"",
    "\"\\uD83D\"",
    "\"\\uD83D\\n\"",
    "\"\\u0000\"",
    "\"a\tb\"",
    "\"\xC3\x28\"",
    "\"\xED\xA0\x80\"",
    "[1",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{a:1}",
    "{1:2}",
    "{\"a\":1]",
    "1 2",
    "[] //",
    "\"\\",
};

static void json_is_accepted_and_nothing_else(void **state)
{
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(is_json(bytes_of_text(good[i]), *state));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(is_json(bytes_of_text(bad[i]), *state));
    }
    assert_false(is_json(bytes_of("1\0", 2), *state));
    assert_false(is_json(bytes_of("\"a\0\"", 4), *state));
}

static void depth_is_bounded(void **state)
{
    char text[2 * (JSON_READER_DEPTH_MAX + 1)];
    memset(text, '[', sizeof text / 2);
    memset(text + sizeof text / 2, ']', sizeof text / 2);
    assert_true(is_json(bytes_of(text + 1, sizeof text - 2), *state));
    assert_false(is_json(bytes_of(text, sizeof text), *state));
    assert_string_equal(sg_reason(), "JSON is nested deeper than 64");
}

static void a_document_is_read_in_its_order(void **state)
{
    struct json_reader reader;
    struct bytes text;
    bool has = false;
    bool value = false;
    const char *json = "{\"plain\":\"x\", \"n\" : [ -1.5e3, 7 ],\"t\":true}";
    json_reader_start(&reader, bytes_of_text(json), *state);
    assert_true(sg_is_ok(json_reader_enter(&reader)));
    assert_true(sg_is_ok(json_reader_member(&reader, &has, &text)));
    assert_true(has && bytes_is_text(text, "plain"));
    assert_ptr_equal(text.data, json + 2); // A slice of the input.
    assert_true(sg_is_ok(json_reader_string(&reader, &text)));
    assert_true(bytes_is_text(text, "x"));

    enum json_reader_kind kind;
    assert_true(sg_is_ok(json_reader_member(&reader, &has, &text)));
    assert_true(sg_is_ok(json_reader_peek(&reader, &kind)));
    assert_int_equal(kind, JSON_READER_ARRAY);
    assert_true(sg_is_ok(json_reader_enter(&reader)));
    assert_true(sg_is_ok(json_reader_item(&reader, &has)));
    assert_true(sg_is_ok(json_reader_number(&reader, &text, &value)));
    assert_true(bytes_is_text(text, "-1.5e3") && !value);
    assert_true(sg_is_ok(json_reader_item(&reader, &has)));
    assert_true(sg_is_ok(json_reader_number(&reader, &text, &value)));
    assert_true(bytes_is_text(text, "7") && value);
    assert_true(sg_is_ok(json_reader_item(&reader, &has)));
    assert_false(has);

    assert_true(sg_is_ok(json_reader_member(&reader, &has, &text)));
    assert_true(sg_is_ok(json_reader_boolean(&reader, &value)));
    assert_true(value);
    assert_true(sg_is_ok(json_reader_member(&reader, &has, &text)));
    assert_false(has);
    assert_true(sg_is_ok(json_reader_end(&reader)));
}

static void strings_are_read_as_they_were_written(void **state)
{
    struct json_reader reader;
    struct bytes text;
    struct buffer out;
    const char *wanted = "q\" b\\ c\x01 l\n t\t é€\U0001F600 \x7F\xC2\x80\xC2\x9F\xC2\xA0";
    buffer_init(&out, BYTES_MAX);
    sg_result result = json_string_write(bytes_of_text(wanted), &out);
    bool is_right = bytes_is_text(
        buffer_bytes(&out),
        "\"q\\\" b\\\\ c\\u0001 l\\n t\\t é€\U0001F600 \\u007F\\u0080\\u009F\xC2\xA0\"");
    json_reader_start(&reader, buffer_bytes(&out), *state);
    sg_result back = json_reader_string(&reader, &text);
    buffer_done(&out);
    assert_true(sg_is_ok(result) && is_right && sg_is_ok(back));
    assert_true(bytes_is_text(text, wanted));
    json_reader_start(&reader, bytes_of_text("\"\\u00e9\\u20AC\\ud83d\\ude00\\/\""), *state);
    assert_true(sg_is_ok(json_reader_string(&reader, &text)));
    assert_true(bytes_is_text(text, "é€\U0001F600/"));
}

static void a_full_arena_refuses_the_string(void **state)
{
    (void)state;
    struct json_reader reader;
    struct bytes text;
    struct arena *small = arena_new(16);
    json_reader_start(&reader, bytes_of_text("\"\\n 1234567890 1234567890\""), small);
    sg_result result = json_reader_string(&reader, &text);
    arena_free(&small);
    assert_int_equal(result.class, SG_DROP);
    assert_string_equal(sg_reason(), "JSON string at byte 0: is longer than an event may be");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(json_is_accepted_and_nothing_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(depth_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_document_is_read_in_its_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(strings_are_read_as_they_were_written, set_up, tear_down),
        cmocka_unit_test(a_full_arena_refuses_the_string),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
