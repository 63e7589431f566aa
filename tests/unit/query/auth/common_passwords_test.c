// The table made at build, and the search in it.
#include "query/auth/common_passwords.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static void the_table_is_in_order(void **state)
{
    (void)state;
    assert_int_equal(common_passwords_count, 10000);
    for (size_t i = 1; i < common_passwords_count; i++) {
        assert_true(strcmp(common_passwords_table[i - 1], common_passwords_table[i]) < 0);
    }
}

static void every_row_is_found_in_any_case(void **state)
{
    (void)state;
    for (size_t i = 0; i < common_passwords_count; i++) {
        char word[256];
        size_t size = strlen(common_passwords_table[i]);
        assert_true(size >= 8 && size < sizeof word);
        memcpy(word, common_passwords_table[i], size + 1);
        assert_true(common_passwords_have(bytes_of(word, size)));
        for (size_t at = 0; at < size; at += 2) {
            word[at] = (char)(word[at] >= 'a' && word[at] <= 'z' ? word[at] - 'a' + 'A' : word[at]);
        }
        assert_true(common_passwords_have(bytes_of(word, size)));
    }
}

static void others_are_not(void **state)
{
    (void)state;
    static const char *const others[] = {"",
                                         "a",
                                         "passwordpasswordpassword1",
                                         "~~~~~~~~~~",
                                         "correct horse battery staple",
                                         "p\xc3\xa4ssword12"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(common_passwords_have(bytes_of_text(others[i])));
    }
    // With one byte more or less than a row.
    assert_true(common_passwords_have(bytes_of_text("trustno1")));
    assert_false(common_passwords_have(bytes_of_text("trustno1\x01")));
    assert_false(common_passwords_have(bytes_of("trustno1", 7)));
    assert_false(common_passwords_have(bytes_of("trustno1", 9)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_in_order),
        cmocka_unit_test(every_row_is_found_in_any_case),
        cmocka_unit_test(others_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
