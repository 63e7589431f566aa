// Values of settings: what each type takes, what it refuses, and how it says so.
#include "core/settings/option.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct target {
    int64_t before;
    int64_t number;
    double real;
    const char *text;
    bool is_on;
};

static struct option option_of(enum option_type type, size_t offset)
{
    return (struct option){.key = "a.b", .type = type, .offset = offset, .help = "Help."};
}

static void quantities_are_read_with_their_units(void **state)
{
    (void)state;
    const struct {
        enum option_type type;
        const char *text;
        int64_t value;
    } known[] = {
        {OPTION_INT, "42", 42},
        {OPTION_INT, "-1", -1},
        {OPTION_DURATION, "100ms", 100},
        {OPTION_DURATION, "10s", 10000},
        {OPTION_DURATION, "5m", 300000},
        {OPTION_DURATION, "24h", 86400000},
        {OPTION_DURATION, "7d", 604800000},
        {OPTION_DURATION, "0", 0},
        {OPTION_SIZE, "4096", 4096},
        {OPTION_SIZE, "64KiB", 65536},
        {OPTION_SIZE, "1GiB", INT64_C(1) << 30},
        {OPTION_SIZE, "1TiB", INT64_C(1) << 40},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct option option = option_of(known[i].type, offsetof(struct target, number));
        struct target target = {.before = 77};
        assert_true(sg_is_ok(option_read(&option, known[i].text, &target)));
        assert_int_equal(target.number, known[i].value);
        assert_int_equal(target.before, 77);
    }
}

static void other_quantities_are_refused(void **state)
{
    (void)state;
    const struct {
        enum option_type type;
        const char *text;
    } refused[] = {
        {OPTION_INT, ""},
        {OPTION_INT, "4k"},
        {OPTION_INT, "1.5"},
        {OPTION_DURATION, "10"},
        {OPTION_DURATION, "s"},
        {OPTION_DURATION, "10 s"},
        {OPTION_DURATION, "10sec"},
        {OPTION_SIZE, "1KB"},
        {OPTION_SIZE, "1G"},
        {OPTION_SIZE, "99999999TiB"},
        {OPTION_SIZE, "9223372036854775808"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct option option = option_of(refused[i].type, offsetof(struct target, number));
        struct target target = {.number = 5};
        assert_int_equal(option_read(&option, refused[i].text, &target).class, SG_FATAL);
        assert_int_equal(target.number, 5);
    }
}

static void limits_hold_and_are_named(void **state)
{
    (void)state;
    struct option option = option_of(OPTION_DURATION, offsetof(struct target, number));
    option.min = 1000;
    option.max = 3600000;
    struct target target = {0};
    assert_true(sg_is_ok(option_read(&option, "1s", &target)));
    assert_true(sg_is_ok(option_read(&option, "60m", &target)));
    assert_int_equal(option_read(&option, "999ms", &target).class, SG_FATAL);
    assert_int_equal(option_read(&option, "2h", &target).class, SG_FATAL);
    assert_string_equal(sg_reason(),
                        "\"2h\" is not a duration as 100ms, 10s, 5m, 24h or 7d from 1s to 1h");
}

static void the_other_types_are_read(void **state)
{
    (void)state;
    struct target target = {0};
    struct option real = option_of(OPTION_DOUBLE, offsetof(struct target, real));
    assert_true(sg_is_ok(option_read(&real, "2.5", &target)));
    assert_true(fabs(target.real - 2.5) < DBL_EPSILON);
    assert_int_equal(option_read(&real, "nan", &target).class, SG_FATAL);
    struct option is_on = option_of(OPTION_BOOL, offsetof(struct target, is_on));
    assert_true(sg_is_ok(option_read(&is_on, "true", &target)));
    assert_true(target.is_on);
    assert_true(sg_is_ok(option_read(&is_on, "false", &target)));
    assert_false(target.is_on);
    assert_int_equal(option_read(&is_on, "yes", &target).class, SG_FATAL);
    struct option text = option_of(OPTION_TEXT, offsetof(struct target, text));
    assert_true(sg_is_ok(option_read(&text, "any = thing", &target)));
    assert_string_equal(target.text, "any = thing");
}

static void choices_are_whole_words(void **state)
{
    (void)state;
    struct target target = {.text = "old"};
    struct option option = option_of(OPTION_CHOICE, offsetof(struct target, text));
    option.choices = "raw|hex|length";
    assert_true(sg_is_ok(option_read(&option, "length", &target)));
    assert_string_equal(target.text, "length");
    assert_int_equal(option_read(&option, "he", &target).class, SG_FATAL);
    assert_int_equal(option_read(&option, "", &target).class, SG_FATAL);
    assert_int_equal(option_read(&option, "raw|hex", &target).class, SG_FATAL);
    assert_string_equal(sg_reason(), "\"raw|hex\" is not raw, hex or length");
}

static void limits_print_in_their_units(void **state)
{
    (void)state;
    struct option option = option_of(OPTION_SIZE, 0);
    option.min = 0;
    option.max = INT64_C(3) << 20;
    struct buffer out;
    char text[64] = "";
    buffer_init(&out, 100);
    sg_result result = option_print_limits(&option, &out);
    snprintf(text, sizeof text, "%.*s", (int)out.size, (const char *)out.data);
    buffer_done(&out);
    assert_true(sg_is_ok(result));
    assert_string_equal(text, "from 0 to 3MiB");
}

static void assert_kind(struct option option, const char *wanted)
{
    struct buffer out;
    char text[64] = "";
    buffer_init(&out, sizeof text);
    sg_result result = option_print_kind(&option, &out);
    snprintf(text, sizeof text, "%.*s", (int)out.size, (const char *)out.data);
    buffer_done(&out);
    assert_true(sg_is_ok(result));
    assert_string_equal(text, wanted);
}

static void kinds_print_in_a_word_or_two(void **state)
{
    (void)state;
    assert_kind((struct option){.type = OPTION_DURATION}, "duration");
    assert_kind((struct option){.type = OPTION_SIZE}, "size");
    assert_kind((struct option){.type = OPTION_SECRET}, "secret");
    assert_kind((struct option){.type = OPTION_CHOICE, .choices = "a"}, "a");
    assert_kind((struct option){.type = OPTION_CHOICE, .choices = "a|b|c"}, "a, b or c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantities_are_read_with_their_units),
        cmocka_unit_test(other_quantities_are_refused),
        cmocka_unit_test(limits_hold_and_are_named),
        cmocka_unit_test(the_other_types_are_read),
        cmocka_unit_test(choices_are_whole_words),
        cmocka_unit_test(limits_print_in_their_units),
        cmocka_unit_test(kinds_print_in_a_word_or_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
