// Forms of browsers, mail programs and anybody else.
#include "query/accounts/form_body.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

enum { ARENA_BYTES = 4096 };

static int setup(void **state)
{
    *state = arena_new(ARENA_BYTES);
    return *state == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    struct arena *arena = *state;
    arena_free(&arena);
    return 0;
}

static void expect(void **state, const char *form, const char *name, const char *wanted)
{
    struct bytes value = {NULL, 0};
    bool found = false;
    assert_true(sg_is_ok(form_body_find(bytes_of_text(form), name, *state, &value, &found)));
    assert_int_equal(found, wanted != NULL);
    if (wanted != NULL) {
        assert_true(bytes_is_text(value, wanted));
    }
}

static void expect_refused(void **state, const char *form, const char *name)
{
    struct bytes value = {NULL, 0};
    bool found = false;
    sg_result result = form_body_find(bytes_of_text(form), name, *state, &value, &found);
    assert_true(result.class == SG_DROP && result.code == 0);
}

static void fields_are_found(void **state)
{
    expect(state, "List-Unsubscribe=One-Click", "List-Unsubscribe", "One-Click");
    expect(state, "do=change&low=1%2C5&high=", "low", "1,5");
    expect(state, "do=change&low=1&high=", "high", "");
    expect(state, "low=1&low=2", "low", "1");
    expect(state, "l%6Fw=a+b%20c%2B", "low", "a b c+");
    expect(state, "low", "low", "");
    expect(state, "&&low=1=2&", "low", "1=2");
    expect(state, "=x&low=1", "", "x");
    expect(state, "low=gr%C3%BC%c3%9fe", "low", "grüße");
}

static void what_is_not_there_is_not_found(void **state)
{
    expect(state, "", "low", NULL);
    expect(state, "&", "low", NULL);
    expect(state, "LOW=1&lo=1&loww=2", "low", NULL);
    expect(state, "do=end", "low", NULL);
}

static void broken_ones_are_refused(void **state)
{
    expect_refused(state, "low=%", "low");
    expect_refused(state, "low=%2", "low");
    expect_refused(state, "low=%zz", "low");
    expect_refused(state, "%=1&low=2", "low");
    expect_refused(state, "low=%00", "low");
    expect_refused(state, "low=a%0Ab", "low");
    expect_refused(state, "low=%ff", "low");
    expect_refused(state, "low=%C3", "low");
}

static void too_many_are_too_large(void **state)
{
    char form[2 * ARENA_BYTES];
    struct bytes value = {NULL, 0};
    bool found = false;
    memset(form, 'a', sizeof form);
    sg_result result = form_body_find(bytes_of(form, sizeof form), "low", *state, &value, &found);
    assert_true(result.class == SG_DROP && result.code == 413);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fields_are_found, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_not_found, setup, teardown),
        cmocka_unit_test_setup_teardown(broken_ones_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many_are_too_large, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
