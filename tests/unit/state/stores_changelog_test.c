// What the changelog is told, and that it rebuilds the state and its index.
#include "state/stores.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "shelf.h"

enum { KEYS = 40, ROUNDS = 300, TEXT_MAX = 64, DUMP_BYTES = 1 << 18 };

static uint32_t dice(uint64_t *seed, uint32_t sides)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (uint32_t)(*seed % sides);
}

static void change_by_chance(uint64_t *seed)
{
    char key[TEXT_MAX];
    char email[TEXT_MAX];
    snprintf(key, sizeof key, "k%u", dice(seed, KEYS));
    snprintf(email, sizeof email, "%u@x", dice(seed, 1000));
    switch (dice(seed, 5)) {
    case 0:
        shelf_must(store_remove(shelf_users(), bytes_of_text(key)));
        break;
    case 1:
    case 2:
        shelf_write_user(key, email);
        break;
    default:
        shelf_set_value(key, dice(seed, 1000));
        break;
    }
}

// Every table of a file, one line a key.
static void dump(const char *path, char *ret_text, size_t size)
{
    static const char *const names[] = {"hot", "users", "emails"};
    struct environment *environment = NULL;
    size_t used = 0;
    shelf_must(environment_open(path, 64 << 20, ENVIRONMENT_SYNC_NONE, &environment));
    for (size_t i = 0; i < 3; i++) {
        struct table table;
        struct transaction *transaction = NULL;
        struct cursor *cursor = NULL;
        struct bytes key = bytes_of_text("\x01");
        struct bytes value;
        bool found = false;
        shelf_must(environment_table(environment, names[i], &table));
        shelf_must(transaction_begin(environment, false, &transaction));
        shelf_must(cursor_open(transaction, table, &cursor));
        shelf_must(cursor_at_least(cursor, key, &key, &value, &found));
        while (found) {
            used += (size_t)snprintf(ret_text + used, size - used, "%s %.*s =", names[i],
                                     (int)key.size, (const char *)key.data);
            for (size_t j = 0; j < value.size; j++) {
                used += (size_t)snprintf(ret_text + used, size - used, "%02x", value.data[j]);
            }
            used += (size_t)snprintf(ret_text + used, size - used, "\n");
            shelf_must(cursor_next(cursor, &key, &value, &found));
        }
        cursor_close(&cursor);
        transaction_abort(&transaction);
    }
    assert_true(used + 1 < size);
    environment_close(&environment);
}

static void each_changed_key_is_told_once_in_the_order_of_its_first_change(void **state)
{
    (void)state;
    shelf_write_user("c", "c@x");
    shelf_write_user("a", "a@x");
    shelf_write_user("c", "again@x");
    shelf_must(store_remove(shelf_users(), bytes_of_text("a")));
    shelf_set_value("i", 1);
    shelf_set_value("i", 2);
    shelf_commit();
    assert_int_equal(shelf.change_count, 3);
    assert_string_equal(shelf.changes[0].key, "i");
    assert_int_equal(shelf.changes[0].changelog, TOPIC_ALERTS_INSTRUMENTS_CHANGELOG);
    assert_string_equal(shelf.changes[1].key, "c");
    assert_true(shelf.changes[1].has_value);
    assert_string_equal(shelf.changes[2].key, "a");
    assert_false(shelf.changes[2].has_value);
    assert_int_equal(shelf.changes[2].value_bytes, 0);
    shelf_forget_changes();
    assert_true(shelf_has_user("c", "again@x"));
    shelf_commit();
    assert_int_equal(shelf.change_count, 0); // What is only read does not change.
}

// A file of many changes, some of them aborted; its tables as text.
static void live_through_changes(char *ret_text, size_t size)
{
    uint64_t seed = 42;
    for (int round = 0; round < ROUNDS; round++) {
        size_t before = shelf.change_count;
        for (uint32_t i = dice(&seed, 12); i > 0; i--) {
            change_by_chance(&seed);
        }
        if (dice(&seed, 4) == 0) {
            shelf_must(stores_abort(shelf.stores));
        } else {
            shelf_commit();
        }
        if (dice(&seed, 20) == 0) {
            shelf_reopen();
        }
        assert_true(shelf.change_count - before <= 12);
    }
    shelf_must(stores_abort(shelf.stores));
    stores_close(&shelf.stores);
    dump(shelf.folder, ret_text, size);
    assert_non_null(strstr(ret_text, "emails"));
    shelf.folder[strlen(shelf.folder) - 1] = '2';
    shelf_must(shelf_open(shelf.folder, "cluster/", "none"));
}

static void apply(size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        bool is_hot = shelf.changes[i].changelog == TOPIC_ALERTS_INSTRUMENTS_CHANGELOG;
        size_t at = is_hot ? SHELF_HOT : SHELF_USERS;
        shelf_must(stores_apply(shelf.stores, at, bytes_of_text(shelf.changes[i].key),
                                bytes_of(shelf.changes[i].value, shelf.changes[i].value_bytes),
                                shelf.changes[i].has_value));
    }
}

static void assert_file_is(const char *original)
{
    static char rebuilt[DUMP_BYTES];
    stores_close(&shelf.stores);
    dump(shelf.folder, rebuilt, sizeof rebuilt);
    assert_string_equal(rebuilt, original);
}

static void the_changelog_rebuilds_the_state_to_the_byte(void **state)
{
    (void)state;
    static char original[DUMP_BYTES];
    live_through_changes(original, sizeof original);
    apply(0, shelf.change_count);
    shelf_must(stores_commit(shelf.stores, &shelf.place));
    assert_file_is(original);
}

// In pieces, one of them lost, and by two processes: the second one finds the mark and goes on.
static void a_whole_restore_gives_the_same_bytes(void **state)
{
    (void)state;
    static char original[DUMP_BYTES];
    live_through_changes(original, sizeof original);
    size_t third = shelf.change_count / 3;
    assert_false(stores_is_restoring(shelf.stores));
    shelf_must(stores_begin_restore(shelf.stores));
    apply(0, third);
    shelf_must(stores_commit(shelf.stores, &shelf.place));
    apply(third, 2 * third);
    shelf_must(stores_abort(shelf.stores));
    shelf_reopen();
    assert_true(stores_is_restoring(shelf.stores));
    shelf_must(stores_begin_restore(shelf.stores));
    apply(third, shelf.change_count);
    shelf_must(stores_end_restore(shelf.stores, &shelf.place));
    assert_false(stores_is_restoring(shelf.stores));
    shelf_must(stores_commit(shelf.stores, &shelf.place));
    shelf_reopen();
    assert_false(stores_is_restoring(shelf.stores));
    assert_file_is(original);
}

// The end of a restore is not there before it is committed.
static void a_restore_that_is_not_committed_goes_on(void **state)
{
    (void)state;
    static char original[DUMP_BYTES];
    live_through_changes(original, sizeof original);
    shelf_must(stores_begin_restore(shelf.stores));
    apply(0, shelf.change_count);
    shelf_must(stores_end_restore(shelf.stores, &shelf.place));
    shelf_reopen();
    assert_true(stores_is_restoring(shelf.stores));
    shelf_must(stores_begin_restore(shelf.stores));
    assert_string_equal(shelf_emails(), "");
    shelf_must(stores_end_restore(shelf.stores, &shelf.place));
    shelf_must(stores_commit(shelf.stores, &shelf.place));
    assert_file_is(original);
}

static void clearing_empties_tables_index_and_memory(void **state)
{
    (void)state;
    shelf_write_user("a", "a@x");
    shelf_set_value("i", 1);
    shelf_commit();
    assert_true(shelf_has_user("a", "a@x"));
    shelf_must(stores_clear(shelf.stores));
    assert_false(shelf_has_user("a", NULL));
    assert_true(shelf_value("i") == -1);
    assert_string_equal(shelf_emails(), "");
    shelf_must(stores_commit(shelf.stores, &shelf.place));
    shelf_reopen();
    assert_false(shelf_has_user("a", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            each_changed_key_is_told_once_in_the_order_of_its_first_change, shelf_begin, shelf_end),
        cmocka_unit_test_setup_teardown(the_changelog_rebuilds_the_state_to_the_byte, shelf_begin,
                                        shelf_end),
        cmocka_unit_test_setup_teardown(a_whole_restore_gives_the_same_bytes, shelf_begin,
                                        shelf_end),
        cmocka_unit_test_setup_teardown(a_restore_that_is_not_committed_goes_on, shelf_begin,
                                        shelf_end),
        cmocka_unit_test_setup_teardown(clearing_empties_tables_index_and_memory, shelf_begin,
                                        shelf_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
