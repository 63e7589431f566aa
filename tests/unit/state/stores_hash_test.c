// The content hash of the stores follows what they hold, and nothing else: not the order of the
// changes, not where transactions end, not the way the content got there.
#include "state/entries/content_hash.h"
#include "state/stores.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "shelf.h"

enum { KEYS = 40, ROUNDS = 200, TEXT_MAX = 64, MAP_BYTES = 64 << 20 };

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

static void compute(void)
{
    bool computed = false;
    shelf_must(stores_hash_all(shelf.stores, &computed));
    assert_true(computed);
    shelf_must(stores_commit(shelf.stores, &shelf.place));
}

static void hash_of(size_t at, char ret_text[static DIGEST_CHARS + 1])
{
    stores_hash(shelf.stores, at, ret_text);
}

// The hash of a table of the closed file, from its bytes.
static void hash_table(const char *name, char ret_text[static DIGEST_CHARS + 1])
{
    struct environment *environment = NULL;
    struct table table;
    struct transaction *transaction = NULL;
    struct cursor *cursor = NULL;
    struct bytes key = bytes_of_text("\x01");
    struct bytes value;
    bool found = false;
    struct content_hash sum = {{0}};
    shelf_must(environment_open(shelf.folder, MAP_BYTES, ENVIRONMENT_SYNC_NONE, &environment));
    shelf_must(environment_table(environment, name, &table));
    shelf_must(transaction_begin(environment, false, &transaction));
    shelf_must(cursor_open(transaction, table, &cursor));
    shelf_must(cursor_at_least(cursor, key, &key, &value, &found));
    while (found) {
        struct content_hash entry = content_hash_entry(key, value);
        content_hash_add(&sum, &entry);
        shelf_must(cursor_next(cursor, &key, &value, &found));
    }
    cursor_close(&cursor);
    transaction_abort(&transaction);
    environment_close(&environment);
    content_hash_print(&sum, ret_text);
}

static void expect_hashes_of_the_tables(void)
{
    char kept[2][DIGEST_CHARS + 1];
    char found[2][DIGEST_CHARS + 1];
    hash_of(SHELF_HOT, kept[0]);
    hash_of(SHELF_USERS, kept[1]);
    stores_close(&shelf.stores);
    hash_table("hot", found[0]);
    hash_table("users", found[1]);
    shelf_must(shelf_open(shelf.folder, "cluster/", "none"));
    assert_string_equal(kept[0], found[0]);
    assert_string_equal(kept[1], found[1]);
    hash_of(SHELF_HOT, kept[0]);
    assert_string_equal(kept[0], found[0]); // It was saved, too.
}

static void it_is_in_step_with_the_tables(void **state)
{
    (void)state;
    compute();
    uint64_t seed = 11;
    for (int round = 0; round < ROUNDS; round++) {
        for (uint32_t i = dice(&seed, 12); i > 0; i--) {
            change_by_chance(&seed);
        }
        switch (dice(&seed, 4)) {
        case 0:
            shelf_must(stores_abort(shelf.stores));
            break;
        case 1: // As when Kafka refuses the commit.
            shelf_must(stores_flush(shelf.stores, shelf_keep, NULL));
            shelf_must(stores_abort(shelf.stores));
            shelf_forget_changes();
            break;
        default:
            shelf_commit();
            shelf_forget_changes();
            break;
        }
        if (dice(&seed, 10) == 0) {
            expect_hashes_of_the_tables();
        }
    }
    expect_hashes_of_the_tables();
}

static void an_abort_takes_it_back(void **state)
{
    (void)state;
    compute();
    shelf_write_user("a", "a@x");
    shelf_commit();
    char before[DIGEST_CHARS + 1];
    char after[DIGEST_CHARS + 1];
    hash_of(SHELF_USERS, before);
    shelf_write_user("a", "changed@x");
    shelf_must(stores_flush(shelf.stores, shelf_keep, NULL));
    hash_of(SHELF_USERS, after);
    assert_string_not_equal(before, after);
    shelf_must(stores_abort(shelf.stores));
    hash_of(SHELF_USERS, after);
    assert_string_equal(before, after);
}

static void transactions_leave_no_trace(void **state)
{
    (void)state;
    compute();
    char one_by_one[DIGEST_CHARS + 1];
    char at_once[DIGEST_CHARS + 1];
    char empty[DIGEST_CHARS + 1];
    hash_of(SHELF_USERS, empty);
    shelf_write_user("a", "first@x");
    shelf_commit();
    shelf_write_user("b", "b@x");
    shelf_commit();
    shelf_write_user("a", "a@x");
    shelf_commit();
    hash_of(SHELF_USERS, one_by_one);
    shelf_must(store_remove(shelf_users(), bytes_of_text("a")));
    shelf_must(store_remove(shelf_users(), bytes_of_text("b")));
    shelf_commit();
    hash_of(SHELF_USERS, at_once);
    assert_string_equal(at_once, empty);
    shelf_write_user("b", "b@x");
    shelf_write_user("a", "a@x");
    shelf_commit();
    hash_of(SHELF_USERS, at_once);
    assert_string_equal(one_by_one, at_once);
}

static void apply_changes(void)
{
    for (size_t i = 0; i < shelf.change_count; i++) {
        const struct shelf_change *change = &shelf.changes[i];
        size_t at =
            change->changelog == TOPIC_ALERTS_INSTRUMENTS_CHANGELOG ? SHELF_HOT : SHELF_USERS;
        shelf_must(stores_apply(shelf.stores, at, bytes_of_text(change->key),
                                bytes_of(change->value, change->value_bytes), change->has_value));
    }
}

// Whether it is computed at the end of a restore or kept in step with one.
static void a_restore_has_the_hash_of_the_original(void **state)
{
    (void)state;
    compute();
    uint64_t seed = 5;
    for (int round = 0; round < ROUNDS; round++) {
        change_by_chance(&seed);
        if (dice(&seed, 5) == 0) {
            shelf_commit();
        }
    }
    shelf_commit();
    char original[2][DIGEST_CHARS + 1];
    hash_of(SHELF_HOT, original[0]);
    hash_of(SHELF_USERS, original[1]);
    for (int known = 0; known <= 1; known++) {
        stores_close(&shelf.stores);
        char path[SHELF_FOLDER_MAX + 8];
        snprintf(path, sizeof path, "%s/%d", shelf.folder, known);
        shelf_must(shelf_open(path, "cluster/", "none"));
        if (known == 1) {
            compute();
            apply_changes();
        } else {
            apply_changes();
            compute();
        }
        char restored[DIGEST_CHARS + 1];
        hash_of(SHELF_HOT, restored);
        assert_string_equal(restored, original[0]);
        hash_of(SHELF_USERS, restored);
        assert_string_equal(restored, original[1]);
    }
}

static void until_it_is_computed_nothing_of_it_is_kept(void **state)
{
    (void)state;
    shelf_write_user("a", "a@x");
    shelf_commit();
    shelf_write_user("a", "b@x");
    shelf_commit();
    compute();
    shelf_write_user("a", "c@x");
    shelf_commit();
    expect_hashes_of_the_tables();
    bool computed = true;
    shelf_must(stores_hash_all(shelf.stores, &computed));
    assert_false(computed);
}

static void emptied_stores_have_the_hash_of_nothing(void **state)
{
    (void)state;
    compute();
    char empty[DIGEST_CHARS + 1];
    char cleared[DIGEST_CHARS + 1];
    hash_of(SHELF_USERS, empty);
    shelf_write_user("a", "a@x");
    shelf_commit();
    shelf_must(stores_clear(shelf.stores));
    shelf_must(stores_commit(shelf.stores, &shelf.place));
    hash_of(SHELF_USERS, cleared);
    assert_string_equal(cleared, empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_in_step_with_the_tables, shelf_begin, shelf_end),
        cmocka_unit_test_setup_teardown(an_abort_takes_it_back, shelf_begin, shelf_end),
        cmocka_unit_test_setup_teardown(transactions_leave_no_trace, shelf_begin, shelf_end),
        cmocka_unit_test_setup_teardown(a_restore_has_the_hash_of_the_original, shelf_begin,
                                        shelf_end),
        cmocka_unit_test_setup_teardown(until_it_is_computed_nothing_of_it_is_kept, shelf_begin,
                                        shelf_end),
        cmocka_unit_test_setup_teardown(emptied_stores_have_the_hash_of_nothing, shelf_begin,
                                        shelf_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
