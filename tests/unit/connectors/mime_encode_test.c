// Encodings: their lines, their borders. What they carry is judged by Python's parser, in
// tests/integration/test_mail_sender.py.
#include "connectors/mail/mime_encode.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

enum { LIMIT = 64 * 1024, LINE_MAX_CHARS = 76 };

static struct buffer out;

static int make(void **state)
{
    (void)state;
    buffer_init(&out, LIMIT);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    buffer_done(&out);
    return 0;
}

static void quoted(const char *text, const char *expected)
{
    buffer_clear(&out);
    assert_true(sg_is_ok(mime_encode_quoted(&out, bytes_of_text(text))));
    assert_true(sg_is_ok(buffer_append_byte(&out, 0)));
    assert_string_equal((const char *)out.data, expected);
}

static void lines_end_with_crlf(void **state)
{
    (void)state;
    quoted("", "\r\n");
    quoted("a", "a\r\n");
    quoted("a\n", "a\r\n");
    quoted("a\rb\nc\r\n\r\nd", "a\r\nb\r\nc\r\n\r\nd\r\n");
}

static void blanks_at_the_end_are_quoted(void **state)
{
    (void)state;
    quoted("a b \n\t\n ", "a b=20\r\n=09\r\n=20\r\n");
}

static void odd_bytes_are_quoted(void **state)
{
    (void)state;
    quoted("a=b\x01\xc3\xa9", "a=3Db=01=C3=A9\r\n");
}

static void lines_are_short(void **state)
{
    (void)state;
    char text[1000];
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < sizeof text; i += 7) {
        text[i] = '=';
    }
    assert_true(sg_is_ok(mime_encode_quoted(&out, bytes_of(text, sizeof text))));
    size_t begin = 0;
    for (size_t i = 0; i + 1 < out.size; i++) {
        if (out.data[i] == '\r' && out.data[i + 1] == '\n') {
            assert_true(i - begin <= LINE_MAX_CHARS);
            begin = i + 2;
        }
    }
    assert_int_equal(begin, out.size);
}

static void words(const char *text, size_t column, const char *expected)
{
    buffer_clear(&out);
    assert_true(sg_is_ok(mime_encode_words(&out, bytes_of_text(text), column)));
    assert_true(sg_is_ok(buffer_append_byte(&out, 0)));
    assert_string_equal((const char *)out.data, expected);
}

static void words_are_base64(void **state)
{
    (void)state;
    words("", 9, "");
    words("a", 9, "=?UTF-8?B?YQ==?=");
    words("ab", 9, "=?UTF-8?B?YWI=?=");
    words("abc\xc3\xbf", 9, "=?UTF-8?B?YWJjw78=?=");
}

// 39 bytes fit behind nine characters of "Subject: "; the last letter has the 39th and the 40th.
static void words_do_not_divide_a_character(void **state)
{
    (void)state;
    words("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9", 9,
          "=?UTF-8?B?YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=?=\r\n"
          " =?UTF-8?B?w6k=?=");
}

static void words_begin_a_line_where_none_fits(void **state)
{
    (void)state;
    words("\xc3\xa9", 70, "\r\n =?UTF-8?B?w6k=?=");
}

static void what_is_not_utf8_ends(void **state)
{
    (void)state;
    char text[200];
    memset(text, 0x80, sizeof text);
    assert_int_equal(mime_encode_words(&out, bytes_of(text, sizeof text), 9).class, SG_DROP);
}

static void a_full_buffer_is_said(void **state)
{
    (void)state;
    struct buffer small;
    buffer_init(&small, 4);
    assert_int_equal(mime_encode_quoted(&small, bytes_of_text("abcdef")).class, SG_DROP);
    assert_int_equal(mime_encode_words(&small, bytes_of_text("abcdef"), 0).class, SG_DROP);
    buffer_done(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_end_with_crlf, make, drop),
        cmocka_unit_test_setup_teardown(blanks_at_the_end_are_quoted, make, drop),
        cmocka_unit_test_setup_teardown(odd_bytes_are_quoted, make, drop),
        cmocka_unit_test_setup_teardown(lines_are_short, make, drop),
        cmocka_unit_test_setup_teardown(words_are_base64, make, drop),
        cmocka_unit_test_setup_teardown(words_do_not_divide_a_character, make, drop),
        cmocka_unit_test_setup_teardown(words_begin_a_line_where_none_fits, make, drop),
        cmocka_unit_test_setup_teardown(what_is_not_utf8_ends, make, drop),
        cmocka_unit_test_setup_teardown(a_full_buffer_is_said, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
