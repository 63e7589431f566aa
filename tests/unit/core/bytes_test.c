// Slices: equality, order and copies, the empty and the NULL slice included.
#include "core/bytes.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static void null_text_is_the_empty_slice(void **state)
{
    (void)state;
    assert_int_equal(bytes_of_text(NULL).size, 0);
    assert_true(bytes_equal(bytes_of_text(NULL), bytes_of_text("")));
    assert_true(bytes_is_text(bytes_of_text(NULL), ""));
}

static void equality_looks_at_size_and_bytes(void **state)
{
    (void)state;
    assert_true(bytes_equal(bytes_of("a\0b", 3), bytes_of("a\0b", 3)));
    assert_false(bytes_equal(bytes_of("a\0b", 3), bytes_of("a\0c", 3)));
    assert_false(bytes_equal(bytes_of_text("ab"), bytes_of_text("a")));
    assert_false(bytes_is_text(bytes_of("a\0", 2), "a"));
}

static void order_is_that_of_bytes(void **state)
{
    (void)state;
    const char *const ordered[] = {"", "a", "aa", "ab", "b", "\xC3\xA9"};
    for (size_t i = 0; i < 6; i++) {
        for (size_t j = 0; j < 6; j++) {
            int order = bytes_compare(bytes_of_text(ordered[i]), bytes_of_text(ordered[j]));
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    }
}

static void copies_end_with_a_nul(void **state)
{
    (void)state;
    char *copy = bytes_to_text(bytes_of("abcd", 2));
    char *empty = bytes_to_text((struct bytes){NULL, 0});
    bool is_right = copy != NULL && strcmp(copy, "ab") == 0 && empty != NULL && empty[0] == '\0';
    free(copy);
    free(empty);
    assert_true(is_right);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_text_is_the_empty_slice),
        cmocka_unit_test(equality_looks_at_size_and_bytes),
        cmocka_unit_test(order_is_that_of_bytes),
        cmocka_unit_test(copies_end_with_a_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
