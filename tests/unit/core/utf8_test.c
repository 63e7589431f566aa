// UTF-8 against the table of RFC 3629, and control characters.
#include "core/utf8.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static bool is_valid(const char *text, size_t size)
{
    return utf8_is_valid(bytes_of(text, size));
}

static void well_formed_text_is_valid(void **state)
{
    (void)state;
    assert_true(is_valid("", 0));
    assert_true(is_valid("plain", 5));
    assert_true(is_valid("\xC2\x80", 2));
    assert_true(is_valid("\xE0\xA0\x80", 3));
    assert_true(is_valid("\xED\x9F\xBF", 3));
    assert_true(is_valid("\xF0\x90\x80\x80", 4));
    assert_true(is_valid("\xF4\x8F\xBF\xBF", 4));
    assert_true(is_valid("a\0b", 3));
}

static void malformed_text_is_not(void **state)
{
    (void)state;
    assert_false(is_valid("\x80", 1));
    assert_false(is_valid("\xC0\x80", 2));
    assert_false(is_valid("\xC1\xBF", 2));
    assert_false(is_valid("\xE0\x9F\xBF", 3));
    assert_false(is_valid("\xED\xA0\x80", 3));
    assert_false(is_valid("\xF0\x8F\xBF\xBF", 4));
    assert_false(is_valid("\xF4\x90\x80\x80", 4));
    assert_false(is_valid("\xF5\x80\x80\x80", 4));
    assert_false(is_valid("\xFF", 1));
    assert_false(is_valid("ok\xC3", 3));
    assert_false(is_valid("\xE2\x82", 2));
    assert_false(is_valid("\xE2\x82X", 3));
    assert_false(is_valid("\xF0\x9F\x98\xC0", 4));
}

static void the_first_character_has_a_size(void **state)
{
    (void)state;
    assert_int_equal(utf8_character(bytes_of_text("a\xC3\xA8")), 1);
    assert_int_equal(utf8_character(bytes_of_text("\xC3\xA8"
                                                  "a")),
                     2);
    assert_int_equal(utf8_character(bytes_of_text("\xE2\x82\xAC")), 3);
    assert_int_equal(utf8_character(bytes_of_text("\xF0\x9F\x98\x80")), 4);
    assert_int_equal(utf8_character(bytes_of("\0", 1)), 1);
    assert_int_equal(utf8_character(bytes_of_text("\xE2\x82")), 0);
    assert_int_equal(utf8_character(bytes_of_text("\x80")), 0);
    assert_int_equal(utf8_character(bytes_of_text("")), 0);
}

// Eight bytes are looked at together: each byte in each place, with neighbours at both bounds.
static void every_byte_is_judged_in_every_place(void **state)
{
    (void)state;
    static const char neighbours[] = {' ', 'a', '~'};
    for (size_t which = 0; which < sizeof neighbours; which++) {
        for (size_t at = 0; at < 17; at++) {
            for (unsigned byte = 0; byte <= UINT8_MAX; byte++) {
                uint8_t text[17];
                memset(text, neighbours[which], sizeof text);
                text[at] = (uint8_t)byte;
                bool is_printable = byte >= 0x20 && byte < 0x7F;
                assert_int_equal(utf8_is_printable(bytes_of(text, sizeof text)), is_printable);
            }
        }
    }
}

static void control_characters_are_not_printable(void **state)
{
    (void)state;
    assert_true(utf8_is_printable(bytes_of_text("stock:AAPL \xE2\x82\xAC")));
    assert_true(utf8_is_printable(bytes_of(NULL, 0)));
    assert_false(utf8_is_printable(bytes_of_text("a\tb")));
    assert_false(utf8_is_printable(bytes_of_text("a\x7F")));
    assert_false(utf8_is_printable(bytes_of("a\0", 2)));
    assert_false(utf8_is_printable(bytes_of_text("\xC3")));
}

static void what_terminals_obey_is_not_visible(void **state)
{
    (void)state;
    assert_true(utf8_is_printable(bytes_of_text("\xC2\x80")));
    assert_false(utf8_is_visible(bytes_of_text("\x1B[2J")));
    // Terminals take U+009B for the beginning of a command, as they do ESC [.
    assert_false(utf8_is_visible(bytes_of_text("\xC2\x80")));
    assert_false(utf8_is_visible(bytes_of_text("a\xC2\x9B"
                                               "2J")));
    assert_false(utf8_is_visible(bytes_of_text("a\xC2\x9F")));
    assert_true(utf8_is_visible(bytes_of_text("\xC2\xA0\xC3\x80")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_text_is_valid),
        cmocka_unit_test(malformed_text_is_not),
        cmocka_unit_test(the_first_character_has_a_size),
        cmocka_unit_test(every_byte_is_judged_in_every_place),
        cmocka_unit_test(control_characters_are_not_printable),
        cmocka_unit_test(what_terminals_obey_is_not_visible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
