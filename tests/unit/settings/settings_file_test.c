// The configuration file: sections, comments, and errors with their line.
#include "core/settings/settings_file.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/soglia-file-XXXXXX";
static char taken[1024];

static int make(void **state)
{
    (void)state;
    int file = mkstemp(path);
    return file < 0 || close(file) != 0;
}

static int drop(void **state)
{
    (void)state;
    return unlink(path);
}

// Lists what is taken as "key=value@line ".
static sg_result take(void *context, const char *key, const char *value, const char *place)
{
    (void)context;
    if (strcmp(key, "refused") == 0) {
        return sg_fail(SG_FATAL, 0, "no");
    }
    size_t used = strlen(taken);
    snprintf(taken + used, sizeof taken - used, "%s=%s@%s ", key, value, strrchr(place, ':') + 1);
    return sg_ok();
}

static sg_result read_text(const char *text)
{
    FILE *file = fopen(path, "w");
    if (file != NULL) {
        fputs(text, file);
        fclose(file);
    }
    taken[0] = '\0';
    return settings_file_read(path, take, NULL);
}

static void sections_are_prefixes(void **state)
{
    (void)state;
    assert_true(sg_is_ok(read_text("# first\na.b = 1\n\n[kafka]\nbrokers = x:1,y:2\n"
                                   "[smtp]\nfrom=a <a@b>\nempty =\n")));
    assert_string_equal(taken,
                        "a.b=1@2 kafka.brokers=x:1,y:2@5 smtp.from=a <a@b>@7 smtp.empty=@8 ");
}

// What stands behind a value is part of it: nobody could tell a comment from a password.
static void a_value_goes_to_the_end_of_its_line(void **state)
{
    (void)state;
    assert_true(sg_is_ok(read_text("; one\n# two\n[smtp]\npassword = a ;b #c\nfrom = x ;\n")));
    assert_string_equal(taken, "smtp.password=a ;b #c@4 smtp.from=x ;@5 ");
}

static void errors_name_the_line(void **state)
{
    (void)state;
    char wanted[256];
    assert_int_equal(read_text("a = 1\nnonsense\nb = 2\n").class, SG_FATAL);
    snprintf(wanted, sizeof wanted,
             "%s:2: not a line of the form \"name = value\" or \"[section]\"", path);
    assert_string_equal(sg_reason(), wanted);
    assert_int_equal(read_text("a = 1\n[open\n").class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), ":2: "));
}

static void a_long_line_is_not_cut(void **state)
{
    (void)state;
    char text[400] = "a = ";
    memset(text + 4, 'x', 300);
    assert_int_equal(read_text(text).class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), ":1: the line is longer than"));
    assert_string_equal(taken, "");
}

// To inih an indented line goes on with the value before it: people indent to be read.
static void an_indented_line_is_a_setting_of_its_own(void **state)
{
    (void)state;
    assert_true(sg_is_ok(read_text("[kafka]\nbrokers = x:1\n  topic = y\n\t# no\n \n [smtp]\n")));
    assert_string_equal(taken, "kafka.brokers=x:1@2 kafka.topic=y@3 ");
    assert_int_equal(read_text("a = 1\n  more of it\n").class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), ":2: not a line of the form"));
}

static void a_refusal_ends_the_reading(void **state)
{
    (void)state;
    assert_int_equal(read_text("a = 1\nrefused = 1\nb = 2\n").class, SG_FATAL);
    assert_string_equal(sg_reason(), "no");
    assert_string_equal(taken, "a=1@1 ");
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    assert_int_equal(settings_file_read("/nowhere/soglia.conf", take, NULL).class, SG_FATAL);
    assert_string_equal(sg_reason(), "/nowhere/soglia.conf: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_are_prefixes),
        cmocka_unit_test(a_value_goes_to_the_end_of_its_line),
        cmocka_unit_test(errors_name_the_line),
        cmocka_unit_test(a_long_line_is_not_cut),
        cmocka_unit_test(a_refusal_ends_the_reading),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(an_indented_line_is_a_setting_of_its_own),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
