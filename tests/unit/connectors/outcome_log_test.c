// The log of outcomes: what survives, what is forgotten, torn ends, limits.
#include "connectors/outcome/outcome_log.h"
#include "core/service/clock.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 64, REWRITTEN_BYTES_MAX = 2 * 1024 * 1024 };

// A tmpfs obeys the limit on the size of files also when room is reserved.
static const char pattern[] = "/dev/shm/soglia-outcomes-XXXXXX";
static char folder[sizeof pattern];
static char path[PATH_SIZE];
static struct outcome_log *outcomes;

static void open_log(void)
{
    outcome_log_close(&outcomes);
    if (!sg_is_ok(outcome_log_open(folder, &outcomes))) {
        fail_msg("%s", sg_reason());
    }
}

static int make(void **state)
{
    (void)state;
    memcpy(folder, pattern, sizeof folder);
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/outcomes.log", folder);
    open_log();
    return 0;
}

static int drop(void **state)
{
    (void)state;
    char lock[PATH_SIZE];
    snprintf(lock, sizeof lock, "%s/outcomes.lock", folder);
    outcome_log_close(&outcomes);
    unlink(path);
    unlink(lock);
    return rmdir(folder);
}

static sg_result append_at(const char *id, int32_t attempt, int64_t at)
{
    const struct outcome_record record = {
        .notification_id = bytes_of_text(id),
        .attempt = attempt,
        .outcome = OUTCOME_SENT,
        .code = 250,
        .reply = bytes_of_text("250 Ok"),
        .at = at,
    };
    return outcome_log_append(outcomes, &record);
}

static void append(const char *id, int32_t attempt)
{
    assert_true(sg_is_ok(append_at(id, attempt, clock_wall_ms())));
}

static bool knows(const char *id, int32_t attempt)
{
    struct outcome_room room;
    struct outcome_record record;
    return outcome_log_find(outcomes, bytes_of_text(id), attempt, &room, &record);
}

static int64_t file_size(void)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_size;
}

static void outcomes_survive_the_end(void **state)
{
    (void)state;
    append("n-1", 1);
    append("n-2", 1);
    append("n-2", 2);
    open_log();
    struct outcome_room room;
    struct outcome_record got;
    assert_true(outcome_log_find(outcomes, bytes_of_text("n-2"), 2, &room, &got));
    assert_true(bytes_is_text(got.notification_id, "n-2") && bytes_is_text(got.reply, "250 Ok"));
    assert_true(got.attempt == 2 && got.outcome == OUTCOME_SENT && got.code == 250);
    assert_true(knows("n-1", 1) && knows("n-2", 1));
    assert_false(knows("n-1", 2) || knows("n-3", 1) || knows("", 0));
}

static void a_torn_end_is_cut_off(void **state)
{
    (void)state;
    append("n-1", 1);
    int64_t whole = file_size();
    append("n-2", 1);
    outcome_log_close(&outcomes);
    assert_int_equal(truncate(path, file_size() - 1), 0);
    open_log();
    assert_true(knows("n-1", 1));
    assert_false(knows("n-2", 1));
    assert_int_equal(file_size(), whole);
    append("n-3", 1);
    open_log();
    assert_true(knows("n-1", 1) && knows("n-3", 1));
}

static void garbage_is_an_empty_log(void **state)
{
    (void)state;
    outcome_log_close(&outcomes);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("this is not a log of outcomes, but long enough to look like one", file);
    fclose(file);
    open_log();
    assert_int_equal(outcome_log_count(outcomes), 0);
    assert_int_equal(file_size(), 0);
}

static void settled_ones_are_forgotten(void **state)
{
    (void)state;
    append("n-1", 1);
    append("n-2", 1);
    outcome_log_settle(outcomes, bytes_of_text("n-1"), 1);
    outcome_log_settle(outcomes, bytes_of_text("never"), 1);
    assert_false(knows("n-1", 1));
    assert_true(knows("n-2", 1));
    outcome_log_settle(outcomes, bytes_of_text("n-2"), 1);
    assert_int_equal(file_size(), 0);
    assert_int_equal(outcome_log_count(outcomes), 0);
}

static void the_same_attempt_counts_once(void **state)
{
    (void)state;
    append("n-1", 1);
    append("n-1", 1);
    assert_int_equal(outcome_log_count(outcomes), 1);
    open_log();
    assert_int_equal(outcome_log_count(outcomes), 1);
}

static void old_ones_are_forgotten_at_open(void **state)
{
    (void)state;
    const int64_t day_ms = 86400000;
    assert_true(sg_is_ok(append_at("old", 1, clock_wall_ms() - 8 * day_ms)));
    assert_true(sg_is_ok(append_at("young", 1, clock_wall_ms() - 6 * day_ms)));
    open_log();
    assert_false(knows("old", 1));
    assert_true(knows("young", 1));
}

// Most of a large file is no longer wanted: it is rewritten, and what is left survives.
static void a_large_file_is_rewritten(void **state)
{
    (void)state;
    char id[32];
    append("kept", 1);
    for (int i = 0; i < 30000; i++) {
        snprintf(id, sizeof id, "n-%d", i);
        append(id, 1);
        outcome_log_settle(outcomes, bytes_of_text(id), 1);
    }
    assert_true(file_size() < REWRITTEN_BYTES_MAX);
    append("after", 1);
    open_log();
    assert_true(knows("kept", 1) && knows("after", 1));
    assert_false(knows("n-1", 1));
}

static void the_oldest_give_way(void **state)
{
    (void)state;
    char id[32];
    for (int i = 0; i <= OUTCOME_LOG_MAX; i++) {
        snprintf(id, sizeof id, "n-%d", i);
        append(id, 1);
    }
    assert_int_equal(outcome_log_count(outcomes), OUTCOME_LOG_MAX);
    assert_false(knows("n-0", 1));
    assert_true(knows("n-1", 1));
}

static void only_one_may_have_it(void **state)
{
    (void)state;
    struct outcome_log *second = NULL;
    assert_int_equal(outcome_log_open(folder, &second).class, SG_FATAL);
    assert_null(second);
}

static void a_missing_folder_is_named(void **state)
{
    (void)state;
    struct outcome_log *second = NULL;
    assert_int_equal(outcome_log_open("/nowhere/at/all", &second).class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), "/nowhere/at/all"));
}

// A file that may not grow takes part of a record; what comes later must still be readable.
static void a_full_disk_hides_nothing(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    append("n-1", 1);
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit full = {.rlim_cur = (rlim_t)file_size() + 10, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    sg_result result = append_at("n-2", 1, clock_wall_ms());
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(result.class, SG_RETRY);
    assert_false(knows("n-2", 1));
    append("n-3", 1);
    open_log();
    assert_true(knows("n-1", 1) && knows("n-3", 1));
}

// The limit stands for a full disk. Returns what reserving gives under it.
static sg_result reserve_within(rlim_t bytes)
{
    struct rlimit old;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    struct rlimit full = {.rlim_cur = bytes, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    sg_result result = outcome_log_reserve(outcomes);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    return result;
}

static void room_is_reserved_while_there_is_some(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(reserve_within(1).class, SG_RETRY);
    assert_non_null(strstr(sg_reason(), path));
    assert_true(sg_is_ok(outcome_log_reserve(outcomes)));
    assert_int_equal(file_size(), 0);
    assert_true(sg_is_ok(reserve_within(1)));
    append("n-1", 1);
    outcome_log_settle(outcomes, bytes_of_text("n-1"), 1);
    assert_true(sg_is_ok(reserve_within(1)));
    append("n-2", 1);
    open_log();
    assert_true(knows("n-2", 1));
    assert_int_equal(reserve_within(1).class, SG_RETRY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(outcomes_survive_the_end, make, drop),
        cmocka_unit_test_setup_teardown(a_torn_end_is_cut_off, make, drop),
        cmocka_unit_test_setup_teardown(garbage_is_an_empty_log, make, drop),
        cmocka_unit_test_setup_teardown(settled_ones_are_forgotten, make, drop),
        cmocka_unit_test_setup_teardown(the_same_attempt_counts_once, make, drop),
        cmocka_unit_test_setup_teardown(old_ones_are_forgotten_at_open, make, drop),
        cmocka_unit_test_setup_teardown(a_large_file_is_rewritten, make, drop),
        cmocka_unit_test_setup_teardown(the_oldest_give_way, make, drop),
        cmocka_unit_test_setup_teardown(only_one_may_have_it, make, drop),
        cmocka_unit_test_setup_teardown(a_missing_folder_is_named, make, drop),
        cmocka_unit_test_setup_teardown(a_full_disk_hides_nothing, make, drop),
        cmocka_unit_test_setup_teardown(room_is_reserved_while_there_is_some, make, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
