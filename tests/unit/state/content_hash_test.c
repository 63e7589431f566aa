// The sum of entries, against one computed in Python with integers without bounds.
#include "state/entries/content_hash.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

static void expect(const struct content_hash *hash, const char *wanted)
{
    char text[DIGEST_CHARS + 1];
    content_hash_print(hash, text);
    assert_string_equal(text, wanted);
}

static struct content_hash entry_of(int i)
{
    char key[16];
    char value[16];
    snprintf(key, sizeof key, "k%d", i);
    snprintf(value, sizeof value, "v%d", i);
    return content_hash_entry(bytes_of_text(key), bytes_of_text(value));
}

static void key_and_value_are_told_apart(void **state)
{
    (void)state;
    struct content_hash left = content_hash_entry(bytes_of_text("ab"), bytes_of_text("c"));
    struct content_hash right = content_hash_entry(bytes_of_text("a"), bytes_of_text("bc"));
    expect(&left, "cd63b7367a1ba7a0dd18f3604538219008e8ad9b3c9e28ce1b1668640a156e36");
    expect(&right, "60e58b00e92dcc17c4dea777c629421e2aa4fe7578a56c6b48d3f98e15e72580");
}

static void the_sum_carries_and_wraps(void **state)
{
    (void)state;
    struct content_hash sum = {{0}};
    for (int i = 0; i < 100; i++) {
        struct content_hash entry = entry_of(i);
        content_hash_add(&sum, &entry);
    }
    expect(&sum, "e497f53747bc723cc20d44498c7fe3fc860651df8ba568e601d803846b3f80e3");
}

static void what_leaves_leaves_no_trace(void **state)
{
    (void)state;
    struct content_hash sum = {{0}};
    for (int i = 0; i < 100; i++) {
        struct content_hash entry = entry_of(i);
        content_hash_add(&sum, &entry);
    }
    for (int i = 99; i >= 0; i--) { // In another order than they came.
        struct content_hash entry = entry_of((i * 37) % 100);
        content_hash_remove(&sum, &entry);
    }
    assert_memory_equal(&sum, &(struct content_hash){{0}}, sizeof sum);
}

static void a_borrow_goes_through_every_word(void **state)
{
    (void)state;
    struct content_hash sum = {{0, 0, 0, 1}};
    const struct content_hash one = {{1}};
    content_hash_remove(&sum, &one);
    assert_memory_equal(&sum, &((struct content_hash){{UINT64_MAX, UINT64_MAX, UINT64_MAX, 0}}),
                        sizeof sum);
    content_hash_add(&sum, &one);
    assert_memory_equal(&sum, &((struct content_hash){{0, 0, 0, 1}}), sizeof sum);
    const struct content_hash most = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
    content_hash_add(&sum, &most);
    content_hash_add(&sum, &one);
    assert_memory_equal(&sum, &((struct content_hash){{0, 0, 0, 1}}), sizeof sum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_and_value_are_told_apart),
        cmocka_unit_test(the_sum_carries_and_wraps),
        cmocka_unit_test(what_leaves_leaves_no_trace),
        cmocka_unit_test(a_borrow_goes_through_every_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
