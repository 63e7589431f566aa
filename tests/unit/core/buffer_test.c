// Buffers: content, limit, and what a refused addition leaves behind.
#include "core/buffer.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

enum { LIMIT = 1000 };

static struct buffer buffer;

static int make(void **state)
{
    (void)state;
    buffer_init(&buffer, LIMIT);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    buffer_done(&buffer);
    return 0;
}

static void additions_stand_in_order(void **state)
{
    (void)state;
    assert_true(sg_is_ok(buffer_append(&buffer, bytes_of_text("ab"))));
    assert_true(sg_is_ok(buffer_append_byte(&buffer, 'c')));
    assert_true(sg_is_ok(buffer_print(&buffer, "%d-%s", 42, "x")));
    assert_true(bytes_is_text(buffer_bytes(&buffer), "abc42-x"));
}

static void nothing_added_changes_nothing(void **state)
{
    (void)state;
    assert_true(sg_is_ok(buffer_append(&buffer, (struct bytes){NULL, 0})));
    assert_int_equal(buffer_bytes(&buffer).size, 0);
}

static void the_limit_is_reached_and_not_passed(void **state)
{
    (void)state;
    for (int i = 0; i < LIMIT; i++) {
        assert_true(sg_is_ok(buffer_append_byte(&buffer, (uint8_t)i)));
    }
    sg_result result = buffer_append_byte(&buffer, 'x');
    assert_int_equal(result.class, SG_DROP);
    assert_non_null(strstr(sg_reason(), "1000"));
    assert_int_equal(buffer_bytes(&buffer).size, LIMIT);
    for (int i = 0; i < LIMIT; i++) {
        assert_int_equal(buffer.data[i], (uint8_t)i);
    }
}

static void a_size_that_overflows_is_refused(void **state)
{
    (void)state;
    assert_true(sg_is_ok(buffer_append_byte(&buffer, 'x')));
    assert_int_equal(buffer_reserve(&buffer, SIZE_MAX).class, SG_DROP);
    assert_int_equal(buffer_reserve(&buffer, LIMIT).class, SG_DROP);
    assert_true(sg_is_ok(buffer_reserve(&buffer, LIMIT - 1)));
}

static void clear_keeps_memory_and_done_gives_it_back(void **state)
{
    (void)state;
    assert_true(sg_is_ok(buffer_append(&buffer, bytes_of_text("text"))));
    const uint8_t *before = buffer.data;
    buffer_clear(&buffer);
    assert_int_equal(buffer.size, 0);
    assert_ptr_equal(buffer.data, before);
    buffer_done(&buffer);
    assert_null(buffer.data);
    assert_true(sg_is_ok(buffer_append(&buffer, bytes_of_text("again"))));
    buffer_done(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(additions_stand_in_order, make, drop),
        cmocka_unit_test_setup_teardown(nothing_added_changes_nothing, make, drop),
        cmocka_unit_test_setup_teardown(the_limit_is_reached_and_not_passed, make, drop),
        cmocka_unit_test_setup_teardown(a_size_that_overflows_is_refused, make, drop),
        cmocka_unit_test_setup_teardown(clear_keeps_memory_and_done_gives_it_back, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
