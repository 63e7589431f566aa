// Command lines taken apart.
#include "app/command_line.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static struct command_line line;

// Reads the words behind "soglia", which end with NULL.
static sg_result read_line(char *const *words)
{
    char *arguments[400] = {NULL};
    int count = 1;
    for (; words[count - 1] != NULL; count++) {
        arguments[count] = words[count - 1];
    }
    return command_line_read(count, arguments, &line);
}

static void words_and_settings_are_kept_apart(void **state)
{
    (void)state;
    char *words[] = {"--kafka.brokers=b:1", "tail", "quotes", "--follow", "alerts", "-", NULL};
    assert_true(sg_is_ok(read_line(words)));
    assert_string_equal(line.name, "tail");
    assert_int_equal(line.word_count, 3);
    assert_string_equal(line.words[0], "quotes");
    assert_string_equal(line.words[2], "-");
    assert_int_equal(line.setting_count, 2);
    assert_string_equal(line.settings[0], "--kafka.brokers=b:1");
    assert_string_equal(line.settings[1], "--follow");
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    char *words[] = {"tail", "--", "--odd", "-x", "--", NULL};
    assert_true(sg_is_ok(read_line(words)));
    assert_int_equal(line.word_count, 3);
    assert_string_equal(line.words[0], "--odd");
    assert_string_equal(line.words[2], "--");
    assert_int_equal(line.setting_count, 0);
}

static void the_program_s_own_options_are_taken_out(void **state)
{
    (void)state;
    char *words[] = {"run", "--config=/etc/soglia.conf", "-h", "--version", NULL};
    assert_true(sg_is_ok(read_line(words)));
    assert_string_equal(line.config, "/etc/soglia.conf");
    assert_true(line.wants_help);
    assert_true(line.wants_version);
    assert_int_equal(line.setting_count, 0);
    char *none[] = {NULL};
    assert_true(sg_is_ok(read_line(none)));
    assert_null(line.name);
    assert_false(line.wants_help);
}

static void short_options_are_refused(void **state)
{
    (void)state;
    char *words[] = {"tail", "-f", NULL};
    sg_result result = read_line(words);
    assert_int_equal(result.code, COMMAND_BAD_WORDS);
    assert_string_equal(sg_reason(), "-f: options have the form --name=value");
}

static void there_is_a_limit(void **state)
{
    (void)state;
    char *words[COMMAND_WORDS_MAX + 3] = {NULL};
    for (size_t i = 0; i < COMMAND_WORDS_MAX + 1; i++) {
        words[i] = "w";
    }
    assert_true(sg_is_ok(read_line(words)));
    assert_int_equal(line.word_count, COMMAND_WORDS_MAX);
    words[COMMAND_WORDS_MAX + 1] = "w";
    assert_int_equal(read_line(words).code, COMMAND_BAD_WORDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_settings_are_kept_apart),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(the_program_s_own_options_are_taken_out),
        cmocka_unit_test(short_options_are_refused),
        cmocka_unit_test(there_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
