// Whether a file written without sync is believed: in the same boot only, and never on a note that
// cannot be read.
#include "state/file/trust.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "temporary_folder.h"

static char path[TEMPORARY_FOLDER_MAX + 16];

static const char *in_folder(const char *file)
{
    snprintf(path, sizeof path, "%s/%s", temporary_folder, file);
    return path;
}

static void write_text(const char *file, const char *text)
{
    FILE *out = fopen(in_folder(file), "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    fclose(out);
}

static bool exists(const char *file)
{
    return access(in_folder(file), F_OK) == 0;
}

static bool is_removed(void)
{
    bool removed = false;
    assert_true(sg_is_ok(trust_check(temporary_folder, &removed)));
    assert_true(exists("data.mdb") == !removed);
    return removed;
}

static int begin(void **state)
{
    if (temporary_folder_make(state) != 0) {
        return -1;
    }
    write_text("data.mdb", "data");
    write_text("lock.mdb", "lock");
    return 0;
}

static void a_synced_file_is_believed(void **state)
{
    (void)state;
    assert_false(is_removed());
}

static void an_unsynced_file_of_this_boot_is_believed(void **state)
{
    (void)state;
    assert_true(sg_is_ok(trust_begin_unsynced(temporary_folder)));
    assert_true(exists("unsynced"));
    assert_false(is_removed());
    assert_true(sg_is_ok(trust_end_unsynced(temporary_folder)));
    assert_false(exists("unsynced"));
    assert_true(sg_is_ok(trust_end_unsynced(temporary_folder)));
    assert_false(is_removed());
}

static void an_unsynced_file_of_another_boot_is_removed(void **state)
{
    (void)state;
    write_text("unsynced", "00000000-0000-0000-0000-000000000000");
    assert_true(is_removed());
    assert_false(exists("lock.mdb"));
    assert_false(exists("unsynced"));
}

// The system died while the note was written.
static void a_note_that_is_cut_is_no_trust(void **state)
{
    (void)state;
    write_text("unsynced", "0000");
    assert_true(is_removed());
}

static void an_empty_note_is_no_trust(void **state)
{
    (void)state;
    write_text("unsynced", "");
    assert_true(is_removed());
}

static void a_folder_that_is_not_there_has_nothing_to_remove(void **state)
{
    (void)state;
    bool removed = true;
    assert_true(sg_is_ok(trust_check(in_folder("none"), &removed)));
    assert_false(removed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_synced_file_is_believed, begin, temporary_folder_remove),
        cmocka_unit_test_setup_teardown(an_unsynced_file_of_this_boot_is_believed, begin,
                                        temporary_folder_remove),
        cmocka_unit_test_setup_teardown(an_unsynced_file_of_another_boot_is_removed, begin,
                                        temporary_folder_remove),
        cmocka_unit_test_setup_teardown(a_note_that_is_cut_is_no_trust, begin,
                                        temporary_folder_remove),
        cmocka_unit_test_setup_teardown(an_empty_note_is_no_trust, begin, temporary_folder_remove),
        cmocka_unit_test_setup_teardown(a_folder_that_is_not_there_has_nothing_to_remove, begin,
                                        temporary_folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
