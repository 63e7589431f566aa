// Groups of keys in memory against a plain list: changed, written, committed and dropped by chance.
#include "state/index_group.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "state/entries/cache.h"
#include "state/index_table.h"
#include "temporary_folder.h"

enum { MAP_BYTES = 64 << 20, NAMES = 4, KEYS = 90, OPERATIONS = 20000, NAME_BYTES = 8 };

static struct batch batch;
static struct index set;
static bool now[NAMES][KEYS];
static bool committed[NAMES][KEYS];
static uint64_t seed;

static uint32_t dice(uint32_t sides)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 20) % sides;
}

static void must(sg_result result)
{
    assert_true(sg_is_ok(result));
}

static int begin(void **state)
{
    seed = 88172645463325252U;
    memset(now, 0, sizeof now);
    memset(committed, 0, sizeof committed);
    if (temporary_folder_make(state) != 0) {
        return -1;
    }
    sg_result opened =
        environment_open(temporary_folder, MAP_BYTES, ENVIRONMENT_SYNC_NONE, &batch.environment);
    set = (struct index){.batch = &batch};
    return sg_is_ok(opened) && sg_is_ok(environment_table(batch.environment, "set", &set.table)) &&
                   sg_is_ok(index_groups_init(&set))
               ? 0
               : -1;
}

static int end(void **state)
{
    index_release(&set);
    cache_free(&set.groups);
    transaction_abort(&batch.transaction);
    environment_close(&batch.environment);
    return temporary_folder_remove(state);
}

// Names that begin with each other, but for their ends.
static struct bytes name_of(uint32_t at)
{
    static const char names[NAMES][NAME_BYTES] = {"a", "aa", "b", ""};
    return bytes_of(names[at], strlen(names[at]) + 1);
}

static struct bytes key_of(uint32_t name, uint32_t key, char text[static 32])
{
    struct bytes head = name_of(name);
    memcpy(text, head.data, head.size);
    int size = snprintf(text + head.size, 32 - head.size, "%03u", key);
    return bytes_of(text, head.size + (size_t)size);
}

static struct index_group *hold(uint32_t name)
{
    struct index_group *group = NULL;
    must(index_group_hold(&set, name_of(name), &group));
    return group;
}

static void change(uint32_t name, uint32_t key, bool added)
{
    char text[32];
    struct bytes bytes = key_of(name, key, text);
    struct index_group *group = hold(name);
    if (group == NULL) {
        must(added ? index_add(&set, bytes) : index_remove(&set, bytes));
    } else {
        must(added ? index_group_add(&set, group, bytes) : index_group_remove(&set, group, bytes));
    }
    now[name][key] = added;
}

static void expect_group(uint32_t name)
{
    const struct index_group *group = hold(name);
    if (group == NULL) {
        return;
    }
    size_t at = 0;
    for (uint32_t key = 0; key < KEYS; key++) {
        char text[32];
        struct bytes bytes = key_of(name, key, text);
        assert_int_equal(index_group_find(group, bytes), at);
        if (now[name][key]) {
            assert_true(bytes_equal(index_group_key(group, at), bytes));
            at++;
        }
    }
    assert_int_equal(index_group_count(group), at);
}

// What the file holds, when nothing waits in memory.
static void expect_file(void)
{
    for (uint32_t name = 0; name < NAMES; name++) {
        for (uint32_t key = 0; key < KEYS; key++) {
            char text[32];
            struct bytes bytes = key_of(name, key, text);
            struct index_key at;
            bool found = false;
            must(index_at_least(&set, bytes, &at, &found));
            bool is_there = found && bytes_equal(index_key_bytes(&at), bytes);
            assert_true(is_there == now[name][key]);
        }
    }
}

static void commit(void)
{
    must(index_groups_write(&set));
    expect_file();
    index_release(&set);
    must(transaction_commit(&batch.transaction));
    index_groups_clean(&set);
    memcpy(committed, now, sizeof now);
}

static void drop(void)
{
    if (dice(2) == 0) {
        must(index_groups_write(&set));
    }
    index_release(&set);
    transaction_abort(&batch.transaction);
    index_groups_drop(&set, false);
    memcpy(now, committed, sizeof now);
}

// Few keys of three names, so that they stay in memory; of the last one more than it takes.
static void groups_are_those_of_a_plain_list(void **state)
{
    (void)state;
    for (int i = 0; i < OPERATIONS; i++) {
        uint32_t name = dice(NAMES);
        change(name, dice(name == NAMES - 1 ? KEYS : KEYS / 4), dice(3) > 0);
        expect_group(dice(NAMES));
        switch (dice(40)) {
        case 0:
            commit();
            break;
        case 1:
            drop();
            break;
        default:
            break;
        }
    }
    assert_null(hold(NAMES - 1));
    assert_non_null(hold(0));
}

// What was added and removed again is not written at all.
static void only_the_difference_is_written(void **state)
{
    (void)state;
    change(0, 1, true);
    change(0, 2, true);
    change(0, 2, false);
    commit();
    change(0, 1, false);
    change(0, 1, true);
    struct index_key key;
    bool found = false;
    must(index_at_least(&set, name_of(0), &key, &found));
    char text[32];
    assert_true(found && bytes_equal(index_key_bytes(&key), key_of(0, 1, text)));
    commit();
    change(0, 1, false);
    must(index_at_least(&set, name_of(0), &key, &found));
    assert_true(found); // Not before the end of the transaction.
    commit();
    must(index_at_least(&set, name_of(0), &key, &found));
    assert_false(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(groups_are_those_of_a_plain_list, begin, end),
        cmocka_unit_test_setup_teardown(only_the_difference_is_written, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
