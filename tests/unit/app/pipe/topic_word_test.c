// Topics by their names.
#include "app/pipe/topic_word.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

static void names_are_those_of_the_table(void **state)
{
    (void)state;
    enum topic topic = TOPIC_COUNT;
    assert_true(sg_is_ok(topic_word_read("dead-letters", &topic)));
    assert_int_equal(topic, TOPIC_DEAD_LETTERS);
    assert_true(sg_is_ok(topic_word_read("quotes.json", &topic)));
    assert_int_equal(topic, TOPIC_QUOTES_JSON);
}

static void unknown_names_lead_to_the_nearest(void **state)
{
    (void)state;
    enum topic topic = TOPIC_ALERTS;
    assert_int_equal(topic_word_read("quots", &topic).code, COMMAND_BAD_WORDS);
    assert_string_equal(sg_reason(), "no topic quots; did you mean quotes?");
    assert_int_equal(topic_word_read("banana", &topic).code, COMMAND_BAD_WORDS);
    assert_string_equal(sg_reason(), "no topic banana; `soglia topics describe` lists them");
    assert_int_equal(topic, TOPIC_ALERTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_of_the_table),
        cmocka_unit_test(unknown_names_lead_to_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
