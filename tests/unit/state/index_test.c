// The ordered key set: steps in both directions, within a transaction that writes.
#include "state/index_table.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "temporary_folder.h"

enum { MAP_BYTES = 64 << 20, KEYS = 200, OPERATIONS = 5000 };

static struct batch batch;
static struct index set;

static int begin(void **state)
{
    if (temporary_folder_make(state) != 0) {
        return -1;
    }
    sg_result opened =
        environment_open(temporary_folder, MAP_BYTES, ENVIRONMENT_SYNC_NONE, &batch.environment);
    set = (struct index){.batch = &batch};
    return sg_is_ok(opened) && sg_is_ok(environment_table(batch.environment, "set", &set.table))
               ? 0
               : -1;
}

static int end(void **state)
{
    index_release(&set);
    transaction_abort(&batch.transaction);
    environment_close(&batch.environment);
    return temporary_folder_remove(state);
}

static void add(const char *key)
{
    assert_true(sg_is_ok(index_add(&set, bytes_of_text(key))));
}

// The keys from `from` on, upwards or downwards, each as one letter.
static void expect_walk(const char *from, bool down, const char *wanted)
{
    struct index_key key;
    bool found = false;
    char seen[16] = "";
    size_t size = 0;
    struct bytes start = bytes_of_text(from);
    assert_true(sg_is_ok(down ? index_at_most(&set, start, &key, &found)
                              : index_at_least(&set, start, &key, &found)));
    while (found) {
        assert_int_equal(key.size, 1);
        assert_true(size < sizeof seen - 1);
        seen[size++] = (char)index_key_bytes(&key).data[0];
        assert_true(
            sg_is_ok(down ? index_previous(&set, &key, &found) : index_next(&set, &key, &found)));
    }
    seen[size] = '\0';
    assert_string_equal(seen, wanted);
}

static void walks_go_both_ways_from_anywhere(void **state)
{
    (void)state;
    expect_walk("a", false, "");
    expect_walk("z", true, "");
    add("d");
    add("b");
    add("f");
    add("b"); // Twice is once.
    expect_walk("a", false, "bdf");
    expect_walk("b", false, "bdf");
    expect_walk("c", false, "df");
    expect_walk("g", false, "");
    expect_walk("g", true, "fdb");
    expect_walk("d", true, "db");
    expect_walk("c", true, "b");
    expect_walk("a", true, "");
}

// LMDB takes no key without bytes. What the caller had stays, and is not looked at.
static void a_step_that_fails_leaves_its_results_alone(void **state)
{
    (void)state;
    struct index_key key = {.size = 77};
    union {
        uint8_t byte;
        bool is_found;
    } result = {.byte = 0xEE};
    add("b");
    struct bytes none = bytes_of_text("");
    assert_int_equal(index_at_least(&set, none, &key, &result.is_found).class, SG_FATAL);
    assert_int_equal(index_at_most(&set, none, &key, &result.is_found).class, SG_FATAL);
    assert_int_equal(result.byte, 0xEE);
    assert_int_equal(key.size, 77);
}

static void a_search_sees_what_was_just_written(void **state)
{
    (void)state;
    add("b");
    expect_walk("a", false, "b");
    add("a");
    expect_walk("a", false, "ab");
    assert_true(sg_is_ok(index_remove(&set, bytes_of_text("a"))));
    assert_true(sg_is_ok(index_remove(&set, bytes_of_text("a"))));
    expect_walk("a", false, "b");
}

static void a_kept_key_outlives_the_writes_after_it(void **state)
{
    (void)state;
    char longest[INDEX_KEY_MAX];
    memset(longest, 'k', sizeof longest);
    struct bytes name = bytes_of(longest, sizeof longest);
    assert_true(sg_is_ok(index_add(&set, name)));
    struct index_key key;
    bool found = false;
    assert_true(sg_is_ok(index_at_least(&set, bytes_of_text("a"), &key, &found)));
    assert_true(sg_is_ok(index_remove(&set, name)));
    assert_true(found && bytes_equal(index_key_bytes(&key), name));
}

static void random_keys_are_those_of_a_plain_list(void **state)
{
    (void)state;
    static bool is_in[KEYS];
    memset(is_in, 0, sizeof is_in);
    uint64_t seed = 88172645463325252U;
    for (int i = 0; i < OPERATIONS; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        uint8_t at = (uint8_t)((seed >> 20) % KEYS);
        struct bytes name = bytes_of(&at, 1);
        switch ((seed >> 40) % 3) {
        case 0:
            assert_true(sg_is_ok(index_add(&set, name)));
            is_in[at] = true;
            break;
        case 1:
            assert_true(sg_is_ok(index_remove(&set, name)));
            is_in[at] = false;
            break;
        default: {
            struct index_key key;
            bool found = false;
            size_t above = at;
            while (above < KEYS && !is_in[above]) {
                above++;
            }
            assert_true(sg_is_ok(index_at_least(&set, name, &key, &found)));
            assert_true(found == (above < KEYS));
            assert_true(!found || key.data[0] == above);
            break;
        }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(walks_go_both_ways_from_anywhere, begin, end),
        cmocka_unit_test_setup_teardown(a_step_that_fails_leaves_its_results_alone, begin, end),
        cmocka_unit_test_setup_teardown(a_search_sees_what_was_just_written, begin, end),
        cmocka_unit_test_setup_teardown(a_kept_key_outlives_the_writes_after_it, begin, end),
        cmocka_unit_test_setup_teardown(random_keys_are_those_of_a_plain_list, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
