// The first difference is kept, named by field, and told.
#include "app/audit/verify/difference.h"

#include "schemas/quote.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static struct quote quote_of(double value)
{
    struct quote quote = quote_default;
    quote.instrument = bytes_of_text("stock:A");
    quote.source = bytes_of_text("test");
    quote.value = value;
    return quote;
}

static void the_first_field_that_differs_is_named(void **state)
{
    (void)state;
    struct quote there = quote_of(188);
    struct quote expected = quote_of(191.5);
    struct difference difference = {.topic = TOPIC_QUOTES};
    expected.event_time = 7;
    assert_true(difference_of_records(&quote_type, &there, &expected, &difference));
    assert_string_equal(difference.field, "value");
    assert_string_equal(difference.there, "188");
    assert_string_equal(difference.expected, "191.5");
    assert_int_equal(difference_equal_fields(&quote_type, &there, &expected),
                     quote_type.field_count - 2);
    assert_false(difference_of_records(&quote_type, &there, &there, &difference));
}

static void only_the_first_difference_counts(void **state)
{
    (void)state;
    struct difference kept = {.is_found = false};
    struct difference first = {.what = "one", .topic = TOPIC_QUOTES, .partition = 1, .offset = 42};
    struct difference second = {.what = "another"};
    assert_int_equal(difference_found(&kept, &first).code, DIFFERENCE_FOUND);
    assert_int_equal(difference_found(&kept, &second).code, DIFFERENCE_FOUND);
    assert_string_equal(kept.what, "one");
    struct buffer out;
    buffer_init(&out, 4096);
    assert_true(sg_is_ok(difference_print(&kept, &out)));
    assert_true(sg_is_ok(buffer_append_byte(&out, 0)));
    assert_string_equal((const char *)out.data, "different: one\n  where       quotes/1@42\n");
    buffer_clear(&out);
    assert_true(sg_is_ok(difference_print_json(&kept, &out)));
    assert_true(sg_is_ok(buffer_append_byte(&out, 0)));
    assert_non_null(
        strstr((const char *)out.data, "\"topic\":\"quotes\",\"partition\":1,\"offset\":42"));
    assert_non_null(strstr((const char *)out.data, "\"task\":null"));
    buffer_done(&out);
}

static void long_texts_end_between_characters(void **state)
{
    (void)state;
    char name[3000];
    char text[DIFFERENCE_TEXT_MAX];
    struct quote quote = quote_of(1);
    for (size_t shift = 0; shift < 2; shift++) {
        memset(name, 'x', shift);
        for (size_t i = shift; i + 2 <= sizeof name; i += 2) {
            memcpy(name + i, "\xC3\xA9", 2);
        }
        quote.source = bytes_of(name, sizeof name - 2 + (shift == 0 ? 2 : 1));
        difference_text(&quote_type, &quote, text);
        size_t size = strlen(text);
        assert_in_range(size, DIFFERENCE_TEXT_MAX - 2, DIFFERENCE_TEXT_MAX - 1);
        assert_int_equal((uint8_t)text[size - 1], 0xA9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_field_that_differs_is_named),
        cmocka_unit_test(only_the_first_difference_counts),
        cmocka_unit_test(long_texts_end_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
