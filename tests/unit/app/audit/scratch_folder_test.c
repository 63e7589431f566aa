// What is put into the folder goes with it.
#include "app/audit/fold/scratch_folder.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void it_goes_with_all_that_is_in_it(void **state)
{
    (void)state;
    struct scratch_folder folder;
    char path[SCRATCH_PATH_MAX + 64];
    assert_true(sg_is_ok(scratch_folder_make(&folder)));
    snprintf(path, sizeof path, "%s/alerts", folder.path);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/alerts/data", folder.path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    snprintf(path, sizeof path, "%s", folder.path);
    scratch_folder_remove(&folder);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_string_equal(folder.path, "");
    scratch_folder_remove(&folder);
}

static void a_place_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct scratch_folder folder = {.path = "kept"};
    char before[SCRATCH_PATH_MAX] = "";
    const char *parent = getenv("TMPDIR");
    snprintf(before, sizeof before, "%s", parent == NULL ? "" : parent);
    setenv("TMPDIR", "/nowhere", 1);
    assert_int_equal(scratch_folder_make(&folder).class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), "/nowhere"));
    assert_string_equal(folder.path, "kept");
    setenv("TMPDIR", before, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_goes_with_all_that_is_in_it),
        cmocka_unit_test(a_place_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
