// A disk without room: said in words, and what was committed stays.
#include "state/file/disk.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "state/file/environment.h"
#include "temporary_folder.h"

enum { MAP_BYTES = 64 << 20 };

static struct environment *environment;
static struct table table;

static void open_environment(void)
{
    assert_true(sg_is_ok(
        environment_open(temporary_folder, MAP_BYTES, ENVIRONMENT_SYNC_NONE, &environment)));
    assert_true(sg_is_ok(environment_table(environment, "t", &table)));
}

static void put(struct transaction *transaction, const char *key, struct bytes value)
{
    assert_true(sg_is_ok(table_put(transaction, table, bytes_of_text(key), value)));
}

static bool holds(const char *key)
{
    struct transaction *transaction = NULL;
    struct bytes value;
    bool found = false;
    assert_true(sg_is_ok(transaction_begin(environment, false, &transaction)));
    assert_true(sg_is_ok(table_get(transaction, table, bytes_of_text(key), &value, &found)));
    transaction_abort(&transaction);
    return found;
}

// The limit of a process on the size of its files cuts a write short as a full disk does.
static sg_result commit_with_files_limited(struct transaction **transaction, rlim_t bytes)
{
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit limit = {.rlim_cur = bytes, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    sg_result committed = transaction_commit(transaction);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    return committed;
}

static void a_write_that_finds_no_room_says_so_and_leaves_what_was(void **state)
{
    (void)state;
    open_environment();
    struct transaction *transaction = NULL;
    assert_true(sg_is_ok(transaction_begin(environment, true, &transaction)));
    put(transaction, "before", bytes_of_text("x"));
    assert_true(sg_is_ok(transaction_commit(&transaction)));

    char value[64 << 10] = {0};
    assert_true(sg_is_ok(transaction_begin(environment, true, &transaction)));
    for (int i = 0; i < 16; i++) {
        char key[16];
        snprintf(key, sizeof key, "%08d", i);
        put(transaction, key, bytes_of(value, sizeof value));
    }
    assert_int_equal(commit_with_files_limited(&transaction, 256 << 10).class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), "KiB are free on its disk"));

    environment_close(&environment);
    open_environment();
    assert_true(holds("before"));
    assert_false(holds("00000000"));
    environment_close(&environment);
}

// LMDB maps this file: a page of it that the disk has no room for would be a SIGBUS.
static void the_file_that_readers_map_has_no_holes(void **state)
{
    (void)state;
    char name[TEMPORARY_FOLDER_MAX + 16];
    snprintf(name, sizeof name, "%s/lock.mdb", temporary_folder);
    open_environment();
    struct stat facts;
    assert_int_equal(stat(name, &facts), 0);
    assert_true(facts.st_size > 0);
    assert_true(facts.st_blocks * 512 >= facts.st_size);
    environment_close(&environment);
    open_environment();
    off_t size = facts.st_size;
    assert_int_equal(stat(name, &facts), 0);
    assert_int_equal(facts.st_size, size);
    environment_close(&environment);
}

static void a_file_that_has_no_room_is_refused(void **state)
{
    (void)state;
    char name[TEMPORARY_FOLDER_MAX + 16];
    snprintf(name, sizeof name, "%s/file", temporary_folder);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit limit = {.rlim_cur = 4096, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    sg_result reserved = disk_reserve(temporary_folder, "file", 1 << 16);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(reserved.class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), name));
    assert_true(sg_is_ok(disk_reserve(temporary_folder, "file", 1 << 16)));
}

static void a_disk_without_room_is_refused(void **state)
{
    (void)state;
    assert_true(sg_is_ok(disk_check(temporary_folder)));
    // A file system that never has a free block.
    assert_int_equal(disk_check("/proc").class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), "the disk is full"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_write_that_finds_no_room_says_so_and_leaves_what_was,
                                        temporary_folder_make, temporary_folder_remove),
        cmocka_unit_test_setup_teardown(the_file_that_readers_map_has_no_holes,
                                        temporary_folder_make, temporary_folder_remove),
        cmocka_unit_test_setup_teardown(a_file_that_has_no_room_is_refused, temporary_folder_make,
                                        temporary_folder_remove),
        cmocka_unit_test_setup_teardown(a_disk_without_room_is_refused, temporary_folder_make,
                                        temporary_folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
