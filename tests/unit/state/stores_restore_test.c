// The end of a restore, when the indexes are derived: tables are read while the file grows.
#include "state/stores.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "shelf.h"

// Keys of the index that take more room than is gathered before it is written.
enum { USERS = 40000, USERS_A_COMMIT = 2000, EMAIL_CHARS = 300 };
enum { MAP_BYTES_MIN = 16 << 20, MAP_BYTES_MAX = 32 << 20, MAP_BYTES_STEP = 2 << 20 };

static char email[EMAIL_CHARS + 1];

// Every user is a copy of one, as the index tells them apart by their keys.
static void restore_users(void)
{
    shelf_must(stores_begin_restore(shelf.stores));
    const struct shelf_change *change = &shelf.changes[0];
    struct bytes value = bytes_of(change->value, change->value_bytes);
    for (int i = 0; i < USERS; i++) {
        char key[16];
        snprintf(key, sizeof key, "%08d", i);
        shelf_must(stores_apply(shelf.stores, SHELF_USERS, bytes_of_text(key), value, true));
        if ((i + 1) % USERS_A_COMMIT == 0) {
            shelf_must(stores_commit(shelf.stores, &shelf.place));
        }
    }
    shelf_must(stores_end_restore(shelf.stores, &shelf.place));
    shelf_must(stores_commit(shelf.stores, &shelf.place));
}

static void expect_an_index_of_all(void)
{
    struct index *index = store_index(shelf_users());
    struct index_key found_key;
    bool found = false;
    shelf_must(index_at_least(index, bytes_of_text(email), &found_key, &found));
    for (int i = 0; i < USERS; i++) {
        char key[EMAIL_CHARS + 16];
        snprintf(key, sizeof key, "%s/%08d", email, i);
        assert_true(found && bytes_is_text(index_key_bytes(&found_key), key));
        shelf_must(index_next(index, &found_key, &found));
    }
    assert_false(found);
}

static void an_index_outgrows_a_map_of_any_size(void **state)
{
    (void)state;
    memset(email, 'e', EMAIL_CHARS);
    shelf_write_user("a", email);
    shelf_commit();
    for (int64_t size = MAP_BYTES_MIN; size < MAP_BYTES_MAX; size += MAP_BYTES_STEP) {
        stores_close(&shelf.stores);
        snprintf(shelf.folder, sizeof shelf.folder, "%s/task-%d", temporary_folder,
                 (int)(size / MAP_BYTES_STEP));
        shelf.map_bytes = size;
        shelf_must(shelf_open(shelf.folder, "cluster/", "none"));
        restore_users();
        expect_an_index_of_all();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_index_outgrows_a_map_of_any_size, shelf_begin,
                                        shelf_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
