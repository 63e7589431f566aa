// Results: reasons, who adds to them, and pointers handed over.
#include "core/result.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static sg_result fail_inside(int *ret_steps)
{
    *ret_steps = 1;
    SG_TRY(sg_ok());
    *ret_steps = 2;
    SG_TRY(sg_fail(SG_RETRY, 42, "topic %s: away", "quotes"));
    *ret_steps = 3;
    return sg_ok();
}

static void try_returns_the_failure_as_it_is(void **state)
{
    (void)state;
    int steps = 0;
    sg_result result = fail_inside(&steps);
    assert_int_equal(steps, 2);
    assert_int_equal(result.class, SG_RETRY);
    assert_int_equal(result.code, 42);
    assert_string_equal(sg_reason(), "topic quotes: away");
    assert_false(sg_is_ok(result));
    assert_true(sg_is_ok(sg_ok()));
}

static void explain_puts_words_in_front(void **state)
{
    (void)state;
    sg_result result = sg_explain(sg_fail(SG_DROP, 7, "no number"), "field %s", "value");
    assert_int_equal(result.class, SG_DROP);
    assert_int_equal(result.code, 7);
    assert_string_equal(sg_reason(), "field value: no number");
    assert_true(sg_is_ok(sg_explain(sg_ok(), "unused")));
    assert_string_equal(sg_reason(), "field value: no number");
}

static void a_reason_may_quote_the_last_one(void **state)
{
    (void)state;
    sg_ignore(sg_fail(SG_RETRY, 0, "inner"));
    sg_ignore(sg_fail(SG_FATAL, 0, "outer: %s", sg_reason()));
    assert_string_equal(sg_reason(), "outer: inner");
}

static void long_reasons_are_cut(void **state)
{
    (void)state;
    char text[2 * SG_REASON_MAX];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    sg_result result = sg_fail(SG_DROP, 0, "%s", text);
    assert_int_equal(strlen(sg_reason()), SG_REASON_MAX - 1);
    sg_ignore(sg_explain(result, "%s", text));
    assert_int_equal(strlen(sg_reason()), SG_REASON_MAX - 1);
}

// Reasons go into JSON and into headers of dead letters, and quote what came from outside.
static void reasons_are_utf8(void **state)
{
    (void)state;
    sg_result result =
        sg_fail(SG_DROP, 0, "key %.*s, \xC3\xA8 %s", 3, "ab\xC3\xA8", "\xFF\xE2\x82x");
    assert_string_equal(sg_reason(), "key ab?, \xC3\xA8 ???x");
    char text[SG_REASON_MAX + 1];
    memset(text, 'x', sizeof text - 1);
    memcpy(text + SG_REASON_MAX - 2, "\xC3\xA8", 3);
    sg_ignore(sg_fail(SG_DROP, 0, "%s", text));
    assert_int_equal(sg_reason()[SG_REASON_MAX - 2], '?');
    text[SG_REASON_MAX - 4] = '\0';
    sg_ignore(sg_fail(SG_DROP, 0, "\xC3\xA8"));
    sg_ignore(sg_explain(result, "%s", text));
    assert_int_equal(sg_reason()[SG_REASON_MAX - 2], '?');
}

static void *fail_elsewhere(void *context)
{
    sg_ignore(sg_fail(SG_FATAL, 0, "other thread"));
    return context;
}

static void each_thread_has_its_reason(void **state)
{
    (void)state;
    sg_ignore(sg_fail(SG_FATAL, 0, "this thread"));
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, NULL), 0);
    pthread_join(thread, NULL);
    assert_string_equal(sg_reason(), "this thread");
}

static void move_leaves_null(void **state)
{
    (void)state;
    int number = 5;
    int *from = &number;
    int *to = SG_MOVE(from);
    assert_null(from);
    assert_ptr_equal(to, &number);
}

static void classes_have_names(void **state)
{
    (void)state;
    assert_string_equal(sg_class_name(SG_OK), "ok");
    assert_string_equal(sg_class_name(SG_RETRY), "retry");
    assert_string_equal(sg_class_name(SG_DROP), "drop");
    assert_string_equal(sg_class_name(SG_ABORT), "abort");
    assert_string_equal(sg_class_name(SG_FATAL), "fatal");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(try_returns_the_failure_as_it_is),
        cmocka_unit_test(explain_puts_words_in_front),
        cmocka_unit_test(a_reason_may_quote_the_last_one),
        cmocka_unit_test(long_reasons_are_cut),
        cmocka_unit_test(reasons_are_utf8),
        cmocka_unit_test(each_thread_has_its_reason),
        cmocka_unit_test(move_leaves_null),
        cmocka_unit_test(classes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
