// One store: what is read is what was written, in memory and in the file, the index in step.
#include "state/stores.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "schemas/user.h"
#include "shelf.h"

enum { TEXT_MAX = 64 };

static sg_result collect(void *context, struct bytes key, const void *record)
{
    const struct user *user = record;
    char *text = context;
    assert_true(user->email.size > 0);
    strncat(text, (const char *)key.data, key.size);
    return key.data[0] == 'z' ? sg_fail(SG_FATAL, 0, "enough") : sg_ok();
}

static void what_is_written_is_read_at_once(void **state)
{
    (void)state;
    assert_false(shelf_has_user("a", NULL));
    shelf_write_user("a", "a@x");
    assert_true(shelf_has_user("a", "a@x"));
    shelf_write_user("a", "b@x");
    assert_true(shelf_has_user("a", "b@x"));
    assert_string_equal(shelf_emails(), "b@x/a,");
    shelf_must(store_remove(shelf_users(), bytes_of_text("a")));
    shelf_must(store_remove(shelf_users(), bytes_of_text("never there")));
    assert_false(shelf_has_user("a", NULL));
    assert_string_equal(shelf_emails(), "");
    shelf_set_value("i", 3);
    assert_true(shelf_value("i") == 3);
    assert_null(store_index(shelf_instruments()));
}

static void scratch_is_zero_when_it_enters_memory(void **state)
{
    (void)state;
    shelf_set_value("i", 1);
    shelf_commit();
    shelf_reopen();
    struct store_slot slot;
    shelf_must(store_hold(shelf_instruments(), bytes_of_text("i"), &slot));
    static const uint8_t zero[8] = {0};
    assert_memory_equal(slot.scratch, zero, sizeof zero);
    assert_true(slot.found);
}

static void a_scan_visits_what_is_committed_in_order(void **state)
{
    (void)state;
    char seen[TEXT_MAX] = "";
    shelf_must(store_scan(shelf_users(), shelf.arena, collect, seen));
    assert_string_equal(seen, "");
    shelf_write_user("c", "c@x");
    shelf_write_user("a", "a@x");
    shelf_write_user("b", "b@x");
    shelf_commit();
    shelf_must(store_scan(shelf_users(), shelf.arena, collect, seen));
    assert_string_equal(seen, "abc");
    shelf_write_user("z", "z@x");
    shelf_commit();
    assert_int_equal(store_scan(shelf_users(), shelf.arena, collect, seen).class, SG_FATAL);
}

static void a_stored_value_that_cannot_be_read_is_our_own_fault(void **state)
{
    (void)state;
    shelf_set_value("fine", 1);
    shelf_commit();
    shelf_must(stores_apply(shelf.stores, SHELF_HOT, bytes_of_text("bad"), bytes_of_text("rubbish"),
                            true));
    shelf_must(stores_commit(shelf.stores, &shelf.place));
    struct store_slot slot;
    sg_result held = store_hold(shelf_instruments(), bytes_of_text("bad"), &slot);
    assert_int_equal(held.class, SG_FATAL); // A dead letter would lose an event.
    assert_non_null(strstr(sg_reason(), "store hot holds a value that cannot be read"));
}

static void records_of_an_older_schema_are_read(void **state)
{
    (void)state;
    // Wire format: 0, the id, then user_id, email, no channels, active, version, changed_at.
    static const uint8_t older[] = {0, 0, 0, 0, SHELF_OLDER_ID, 2, 'a', 6, 'a', '@', 'x',
                                    0, 1, 4, 6};
    shelf_must(stores_apply(shelf.stores, SHELF_USERS, bytes_of_text("a"),
                            bytes_of(older, sizeof older), true));
    shelf_must(stores_commit(shelf.stores, &shelf.place));
    assert_true(shelf_has_user("a", "a@x"));
    assert_string_equal(shelf_emails(), "a@x/a,");
    shelf_write_user("a", "new@x");
    shelf_commit();
    shelf_reopen();
    assert_true(shelf_has_user("a", "new@x"));
    assert_string_equal(shelf_emails(), "new@x/a,");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_read_at_once, shelf_begin, shelf_end),
        cmocka_unit_test_setup_teardown(scratch_is_zero_when_it_enters_memory, shelf_begin,
                                        shelf_end),
        cmocka_unit_test_setup_teardown(a_scan_visits_what_is_committed_in_order, shelf_begin,
                                        shelf_end),
        cmocka_unit_test_setup_teardown(a_stored_value_that_cannot_be_read_is_our_own_fault,
                                        shelf_begin, shelf_end),
        cmocka_unit_test_setup_teardown(records_of_an_older_schema_are_read, shelf_begin,
                                        shelf_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
