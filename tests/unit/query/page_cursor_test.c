// Cursors come back as they went, and no other text is one.
#include "query/page_cursor.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static uint8_t key[PAGE_CURSOR_KEY_MAX];
static size_t size;

static bool reads(const char *scope, const char *text, size_t text_size)
{
    return sg_is_ok(page_cursor_read(bytes_of_text(scope), bytes_of(text, text_size), key, &size));
}

static void a_cursor_comes_back(void **state)
{
    (void)state;
    char text[PAGE_CURSOR_TEXT_MAX];
    uint8_t longest[PAGE_CURSOR_KEY_MAX];
    memset(longest, 0xFF, sizeof longest);
    page_cursor_print(bytes_of_text("list"), bytes_of(longest, sizeof longest), text);
    assert_true(reads("list", text, strlen(text)));
    assert_int_equal(size, sizeof longest);
    assert_memory_equal(key, longest, size);
    page_cursor_print(bytes_of_text("list"), bytes_of_text("stock:AAPL"), text);
    assert_int_equal(
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
        strlen(text));
    assert_true(reads("list", text, strlen(text)));
    assert_memory_equal(key, "stock:AAPL", size);
}

static void another_list_refuses_it(void **state)
{
    (void)state;
    char text[PAGE_CURSOR_TEXT_MAX];
    page_cursor_print(bytes_of_text("kind=stock"), bytes_of_text("stock:AAPL"), text);
    assert_false(reads("kind=fx", text, strlen(text)));
}

static void a_changed_one_is_refused(void **state)
{
    (void)state;
    char text[PAGE_CURSOR_TEXT_MAX];
    page_cursor_print(bytes_of_text("list"), bytes_of_text("stock:AAPL"), text);
    size_t whole = strlen(text);
    for (size_t i = 0; i < whole; i++) {
        char kept = text[i];
        text[i] = kept == 'A' ? 'B' : 'A';
        assert_false(reads("list", text, whole));
        text[i] = kept;
        assert_false(reads("list", text, i));
    }
    static const char *const others[] = {"",     "=",        "AAAA",
                                         "%%%%", "\xff\xff", "AAAAAAAAAAAAAAAAAAAA"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(reads("list", others[i], strlen(others[i])));
    }
    char huge[1000];
    memset(huge, 'A', sizeof huge);
    assert_false(reads("list", huge, sizeof huge));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cursor_comes_back),
        cmocka_unit_test(another_list_refuses_it),
        cmocka_unit_test(a_changed_one_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
