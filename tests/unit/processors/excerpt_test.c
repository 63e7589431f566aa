// Excerpts are short, on one line, and valid UTF-8 whatever they show.
#include "streams/processors/excerpt.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/utf8.h"

#include <string.h>

static void assert_shown(struct bytes text, const char *expected)
{
    char shown[EXCERPT_MAX];
    excerpt_of(text, shown);
    assert_string_equal(shown, expected);
}

static void plain_text_is_shown_as_it_is(void **state)
{
    (void)state;
    assert_shown(bytes_of_text("stock:AAPL"), "\"stock:AAPL\"");
    assert_shown(bytes_of_text("città €📈"), "\"città €📈\"");
    assert_shown(bytes_of_text(""), "\"\"");
    assert_shown(bytes_of(NULL, 0), "\"\"");
}

static void what_would_break_a_line_is_shown_as_numbers(void **state)
{
    (void)state;
    assert_shown(bytes_of("a\nb\0c\x7f", 6), "\"a\\x0ab\\x00c\\x7f\"");
    assert_shown(bytes_of_text("say \"x\\y\""), "\"say \\x22x\\x5cy\\x22\"");
    assert_shown(bytes_of("\xff\xc3", 2), "\"\\xff\\xc3\"");
}

static void a_long_text_is_cut_between_characters(void **state)
{
    (void)state;
    // One byte, then characters of two: the limit falls inside one.
    static const char text[] = "a"
                               "éééééééééé"
                               "éééééééééé"
                               "éééééééééé"
                               "éééééééééé";
    char shown[EXCERPT_MAX];
    excerpt_of(bytes_of_text(text), shown);
    assert_true(utf8_is_valid(bytes_of_text(shown)));
    assert_int_equal(strlen(shown), 1 + 47 + 1 + 3);
    assert_string_equal(shown + strlen(shown) - 4, "\"...");
}

static void the_worst_text_fits(void **state)
{
    (void)state;
    uint8_t text[1000];
    memset(text, 0xff, sizeof text);
    char shown[EXCERPT_MAX];
    excerpt_of(bytes_of(text, sizeof text), shown);
    assert_int_equal(strlen(shown), 4 * EXCERPT_SHOWN_MAX + 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_is_shown_as_it_is),
        cmocka_unit_test(what_would_break_a_line_is_shown_as_numbers),
        cmocka_unit_test(a_long_text_is_cut_between_characters),
        cmocka_unit_test(the_worst_text_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
