// The stores of a task: commit, abort and close, the place that is saved with them, and files of
// others.
#include "state/stores.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "shelf.h"

static void an_abort_goes_back_to_the_commit(void **state)
{
    (void)state;
    shelf_write_user("a", "a@x");
    shelf_set_value("i", 3);
    shelf_commit();
    shelf_write_user("a", "changed@x");
    shelf_write_user("b", "b@x");
    shelf_set_value("i", 4);
    shelf_set_value("j", 5);
    assert_int_equal(stores_dirty_count(shelf.stores), 4);
    shelf_must(stores_flush(shelf.stores, shelf_keep, NULL));
    shelf_must(stores_abort(shelf.stores));
    assert_true(shelf_has_user("a", "a@x"));
    assert_false(shelf_has_user("b", NULL));
    assert_true(shelf_value("i") == 3);
    assert_true(shelf_value("j") == -1);
    assert_string_equal(shelf_emails(), "a@x/a,");
}

static void a_close_without_a_commit_drops_the_changes(void **state)
{
    (void)state;
    shelf_write_user("a", "a@x");
    shelf_commit();
    shelf_write_user("b", "b@x");
    shelf_must(store_remove(shelf_users(), bytes_of_text("a")));
    shelf_must(stores_flush(shelf.stores, shelf_keep, NULL));
    shelf_reopen();
    assert_true(shelf_has_user("a", "a@x"));
    assert_false(shelf_has_user("b", NULL));
    assert_string_equal(shelf_emails(), "a@x/a,");
}

static void the_place_is_saved_with_the_state(void **state)
{
    (void)state;
    assert_int_equal(shelf.place.sequence, 0);
    assert_int_equal(shelf.place.next_offsets[0], KAFKA_OFFSET_NONE);
    assert_int_equal(shelf.place.saved_ms, 0);
    shelf.place = (struct stores_place){.stream_time_ms = 77, .saved_ms = 88};
    shelf.place.next_offsets[STORES_INPUTS_MAX - 1] = 12;
    shelf.place.changelog_offsets[STORES_MAX - 1] = 34;
    shelf_commit();
    struct stores_place saved = shelf.place;
    memset(&shelf.place, 0xEE, sizeof shelf.place);
    shelf_reopen();
    assert_memory_equal(&shelf.place, &saved, sizeof saved);
}

static void another_cluster_is_refused(void **state)
{
    (void)state;
    stores_close(&shelf.stores);
    assert_int_equal(shelf_open(shelf.folder, "other/", "none").class, SG_FATAL);
    assert_null(shelf.stores);
    assert_non_null(strstr(sg_reason(), "cluster/, here other/"));
    shelf_must(shelf_open(shelf.folder, "cluster/", "none"));
}

static void write_note(const char *text)
{
    char note[sizeof shelf.folder + 16];
    snprintf(note, sizeof note, "%s/unsynced", shelf.folder);
    FILE *file = fopen(note, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

// The note of another boot stands there until the process that has the folder has written its own.
static void a_refused_process_leaves_the_file_alone(void **state)
{
    (void)state;
    shelf_write_user("a", "a@x");
    shelf_commit();
    write_note("00000000-0000-0000-0000-000000000000");
    struct stores *first = shelf.stores;
    struct stores_place place = shelf.place;
    shelf.stores = NULL;
    assert_int_equal(shelf_open(shelf.folder, "cluster/", "none").class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), "is in use by process"));
    shelf.stores = first;
    shelf.place = place;
    shelf_reopen(); // The end of the first was clean: its file is to be trusted.
    assert_int_equal(shelf.place.sequence, 1);
    assert_true(shelf_has_user("a", "a@x"));
}

static void an_untrusted_file_is_emptied(void **state)
{
    (void)state;
    shelf_write_user("a", "a@x");
    shelf_commit();
    stores_close(&shelf.stores);
    write_note("00000000-0000-0000-0000-000000000000");
    shelf_must(shelf_open(shelf.folder, "cluster/", "none"));
    assert_int_equal(shelf.place.sequence, 0);
    assert_false(shelf_has_user("a", NULL));
}

static void another_format_is_refused(void **state)
{
    (void)state;
    shelf_commit();
    stores_close(&shelf.stores);
    struct environment *environment = NULL;
    struct table meta;
    for (int size_differs = 0; size_differs < 2; size_differs++) {
        struct transaction *transaction = NULL;
        int64_t stored[sizeof(struct stores_place) / sizeof(int64_t)] = {999}; // No time, a format.
        shelf_must(environment_open(shelf.folder, 64 << 20, ENVIRONMENT_SYNC_NONE, &environment));
        shelf_must(environment_table(environment, "meta", &meta));
        shelf_must(transaction_begin(environment, true, &transaction));
        shelf_must(table_put(transaction, meta, bytes_of_text("place"),
                             bytes_of(stored, sizeof stored - (size_t)size_differs)));
        shelf_must(transaction_commit(&transaction));
        environment_close(&environment);
        assert_int_equal(shelf_open(shelf.folder, "cluster/", "none").class, SG_FATAL);
        assert_non_null(strstr(sg_reason(), "move the folder away"));
    }
}

static void synced_state_leaves_no_note(void **state)
{
    (void)state;
    char note[sizeof shelf.folder + 16];
    snprintf(note, sizeof note, "%s/unsynced", shelf.folder);
    FILE *file = fopen(note, "rb");
    assert_non_null(file);
    fclose(file);
    stores_close(&shelf.stores);
    assert_null(fopen(note, "rb")); // A clean end has flushed.
    shelf_must(shelf_open(shelf.folder, "cluster/", "commit"));
    shelf_write_user("a", "a@x");
    shelf_commit();
    assert_null(fopen(note, "rb"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_abort_goes_back_to_the_commit, shelf_begin, shelf_end),
        cmocka_unit_test_setup_teardown(a_close_without_a_commit_drops_the_changes, shelf_begin,
                                        shelf_end),
        cmocka_unit_test_setup_teardown(the_place_is_saved_with_the_state, shelf_begin, shelf_end),
        cmocka_unit_test_setup_teardown(another_cluster_is_refused, shelf_begin, shelf_end),
        cmocka_unit_test_setup_teardown(a_refused_process_leaves_the_file_alone, shelf_begin,
                                        shelf_end),
        cmocka_unit_test_setup_teardown(an_untrusted_file_is_emptied, shelf_begin, shelf_end),
        cmocka_unit_test_setup_teardown(another_format_is_refused, shelf_begin, shelf_end),
        cmocka_unit_test_setup_teardown(synced_state_leaves_no_note, shelf_begin, shelf_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
