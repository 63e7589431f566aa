// The file under all state: lock, transactions, cursors, growth, sudden death.
#include "state/file/environment.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "temporary_folder.h"

enum {
    MAP_BYTES = 64 << 20,
    SMALL_MAP_BYTES = 128 << 10,
    ROUNDS = 50,
    PAIRS = 20,
    READS = 1000000
};

static struct environment *environment;
static struct table table;

static int begin(void **state)
{
    if (temporary_folder_make(state) != 0) {
        return -1;
    }
    sg_result opened =
        environment_open(temporary_folder, MAP_BYTES, ENVIRONMENT_SYNC_NONE, &environment);
    return sg_is_ok(opened) && sg_is_ok(environment_table(environment, "t", &table)) ? 0 : -1;
}

static int end(void **state)
{
    environment_close(&environment);
    return temporary_folder_remove(state);
}

static void put(struct transaction *transaction, const char *key, const char *value)
{
    assert_true(sg_is_ok(table_put(transaction, table, bytes_of_text(key), bytes_of_text(value))));
}

static void commit_keys(const char *const *keys)
{
    struct transaction *transaction = NULL;
    assert_true(sg_is_ok(transaction_begin(environment, true, &transaction)));
    for (size_t i = 0; keys[i] != NULL; i++) {
        put(transaction, keys[i], keys[i]);
    }
    assert_true(sg_is_ok(transaction_commit(&transaction)));
    assert_null(transaction);
}

static bool holds(struct transaction *transaction, const char *key, const char *value)
{
    struct bytes found_value;
    bool found = false;
    assert_true(sg_is_ok(table_get(transaction, table, bytes_of_text(key), &found_value, &found)));
    return found && bytes_is_text(found_value, value);
}

static void a_second_process_is_refused_and_named_the_first(void **state)
{
    (void)state;
    char reason[SG_REASON_MAX];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        struct environment *second = NULL;
        sg_result opened =
            environment_open(temporary_folder, MAP_BYTES, ENVIRONMENT_SYNC_NONE, &second);
        size_t length = strlen(sg_reason());
        bool told = write(ends[1], sg_reason(), length) == (ssize_t)length;
        _exit(opened.class == SG_FATAL && second == NULL && told ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    ssize_t got = read(ends[0], reason, sizeof reason - 1);
    assert_true(got > 0);
    reason[got] = '\0';
    char own[32];
    snprintf(own, sizeof own, "process %ld", (long)getpid());
    assert_non_null(strstr(reason, own));
    close(ends[0]);
    close(ends[1]);
    // It is free again once the first has closed it.
    environment_close(&environment);
    assert_true(sg_is_ok(
        environment_open(temporary_folder, MAP_BYTES, ENVIRONMENT_SYNC_NONE, &environment)));
}

static void an_abort_leaves_nothing(void **state)
{
    (void)state;
    struct transaction *transaction = NULL;
    assert_true(sg_is_ok(transaction_begin(environment, true, &transaction)));
    put(transaction, "a", "1");
    assert_true(holds(transaction, "a", "1"));
    transaction_abort(&transaction);
    assert_null(transaction);
    transaction_abort(&transaction);
    assert_true(sg_is_ok(transaction_begin(environment, false, &transaction)));
    assert_false(holds(transaction, "a", "1"));
    transaction_abort(&transaction);
}

static void a_reader_sees_what_was_committed_when_it_began(void **state)
{
    (void)state;
    commit_keys((const char *const[]){"a", NULL});
    struct transaction *reader = NULL;
    struct transaction *writer = NULL;
    assert_true(sg_is_ok(transaction_begin(environment, false, &reader)));
    assert_true(sg_is_ok(transaction_begin(environment, true, &writer)));
    put(writer, "a", "new");
    put(writer, "b", "new");
    assert_true(holds(reader, "a", "a"));
    assert_true(sg_is_ok(transaction_commit(&writer)));
    assert_true(holds(reader, "a", "a"));
    assert_false(holds(reader, "b", "new"));
    transaction_abort(&reader);
    assert_true(sg_is_ok(transaction_begin(environment, false, &reader)));
    assert_true(holds(reader, "a", "new"));
    transaction_abort(&reader);
}

static void keys_up_to_511_bytes_are_taken(void **state)
{
    (void)state;
    char key[ENVIRONMENT_KEY_MAX + 1];
    memset(key, 'k', sizeof key);
    struct transaction *transaction = NULL;
    assert_true(sg_is_ok(transaction_begin(environment, true, &transaction)));
    struct bytes value = bytes_of_text("v");
    assert_true(sg_is_ok(table_put(transaction, table, bytes_of(key, ENVIRONMENT_KEY_MAX), value)));
    assert_int_equal(table_put(transaction, table, bytes_of(key, sizeof key), value).class,
                     SG_FATAL);
    assert_int_equal(table_put(transaction, table, bytes_of(key, 0), value).class, SG_FATAL);
    // A refused key spoils nothing.
    assert_true(sg_is_ok(transaction_commit(&transaction)));
    assert_true(sg_is_ok(transaction_begin(environment, true, &transaction)));
    bool found = false;
    assert_true(sg_is_ok(
        table_get(transaction, table, bytes_of(key, ENVIRONMENT_KEY_MAX), &value, &found)));
    assert_true(found);
    assert_true(sg_is_ok(table_delete(transaction, table, bytes_of(key, ENVIRONMENT_KEY_MAX))));
    assert_true(sg_is_ok(table_delete(transaction, table, bytes_of_text("never there"))));
    assert_true(sg_is_ok(table_clear(transaction, table)));
    transaction_abort(&transaction);
}

static const char *move(struct cursor *cursor, char how, const char *key)
{
    static char text[64];
    struct bytes place = {NULL, 0};
    struct bytes value = {NULL, 0};
    bool found = true;
    sg_result moved;
    switch (how) {
    case '>':
        moved = cursor_at_least(cursor, bytes_of_text(key), &place, &value, &found);
        break;
    case '<':
        moved = cursor_at_most(cursor, bytes_of_text(key), &place, &value, &found);
        break;
    case '+':
        moved = cursor_next(cursor, &place, &value, &found);
        break;
    default:
        moved = cursor_previous(cursor, &place, &value, &found);
        break;
    }
    assert_true(sg_is_ok(moved));
    if (!found) {
        return "none";
    }
    assert_true(bytes_equal(place, value));
    snprintf(text, sizeof text, "%.*s", (int)place.size, (const char *)place.data);
    return text;
}

static void cursors_find_the_edges(void **state)
{
    (void)state;
    struct transaction *transaction = NULL;
    struct cursor *cursor = NULL;
    assert_true(sg_is_ok(transaction_begin(environment, false, &transaction)));
    assert_true(sg_is_ok(cursor_open(transaction, table, &cursor)));
    assert_string_equal(move(cursor, '>', "a"), "none");
    assert_string_equal(move(cursor, '<', "a"), "none");
    cursor_close(&cursor);
    transaction_abort(&transaction);

    commit_keys((const char *const[]){"b", "d", "dd", "f", NULL});
    static const struct {
        const char *key;
        const char *at_least;
        const char *at_most;
    } rows[] = {
        {"a", "b", "none"},  {"b", "b", "b"},    {"c", "d", "b"},  {"d", "d", "d"},
        {"da", "dd", "d"},   {"dd", "dd", "dd"}, {"e", "f", "dd"}, {"f", "f", "f"},
        {"ff", "none", "f"}, {"z", "none", "f"},
    };
    assert_true(sg_is_ok(transaction_begin(environment, false, &transaction)));
    assert_true(sg_is_ok(cursor_open(transaction, table, &cursor)));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(move(cursor, '>', rows[i].key), rows[i].at_least);
        assert_string_equal(move(cursor, '<', rows[i].key), rows[i].at_most);
    }
    assert_string_equal(move(cursor, '<', "z"), "f");
    assert_string_equal(move(cursor, '-', NULL), "dd");
    assert_string_equal(move(cursor, '-', NULL), "d");
    assert_string_equal(move(cursor, '-', NULL), "b");
    assert_string_equal(move(cursor, '-', NULL), "none");
    assert_string_equal(move(cursor, '>', "e"), "f");
    assert_string_equal(move(cursor, '+', NULL), "none");
    cursor_close(&cursor);
    cursor_close(&cursor);
    transaction_abort(&transaction);
}

// Writes until the map is full; returns how many keys.
static int fill(struct transaction *transaction, sg_result *ret_failure)
{
    char value[1000] = {0};
    for (int i = 0;; i++) {
        char key[16];
        snprintf(key, sizeof key, "%08d", i);
        *ret_failure =
            table_put(transaction, table, bytes_of_text(key), bytes_of(value, sizeof value));
        if (!sg_is_ok(*ret_failure)) {
            return i;
        }
    }
}

static void a_full_map_is_an_abort_and_grows(void **state)
{
    (void)state;
    environment_close(&environment);
    assert_true(sg_is_ok(
        environment_open(temporary_folder, SMALL_MAP_BYTES, ENVIRONMENT_SYNC_NONE, &environment)));
    assert_true(sg_is_ok(environment_table(environment, "t", &table)));
    int before = 0;
    for (int growths = 0; growths < 3; growths++) {
        struct transaction *transaction = NULL;
        sg_result failure = sg_ok();
        assert_true(sg_is_ok(transaction_begin(environment, true, &transaction)));
        int keys = fill(transaction, &failure);
        assert_int_equal(failure.class, SG_ABORT);
        assert_true(environment_was_full(environment));
        // Whatever is called afterwards says the same.
        assert_int_equal(transaction_commit(&transaction).class, SG_ABORT);
        assert_true(keys > before + before / 2);
        before = keys;
        assert_true(sg_is_ok(environment_grow(environment)));
        assert_false(environment_was_full(environment));
    }
    commit_keys((const char *const[]){"a", NULL});
}

static void room_is_made_before_the_map_is_full(void **state)
{
    (void)state;
    environment_close(&environment);
    assert_true(sg_is_ok(
        environment_open(temporary_folder, SMALL_MAP_BYTES, ENVIRONMENT_SYNC_NONE, &environment)));
    assert_true(sg_is_ok(environment_table(environment, "t", &table)));
    char value[1000] = {0};
    for (int i = 0; i < 2000; i++) {
        char key[16];
        snprintf(key, sizeof key, "%08d", i);
        struct transaction *transaction = NULL;
        assert_true(sg_is_ok(environment_make_room(environment)));
        assert_true(sg_is_ok(transaction_begin(environment, true, &transaction)));
        assert_true(sg_is_ok(
            table_put(transaction, table, bytes_of_text(key), bytes_of(value, sizeof value))));
        assert_true(sg_is_ok(transaction_commit(&transaction)));
    }
    assert_true(environment_used_bytes(environment) > 2000 * 1000);
}

// The file opened anew with so small a map that room is made before anything is written.
static void open_tight(void)
{
    environment_close(&environment);
    assert_true(sg_is_ok(
        environment_open(temporary_folder, SMALL_MAP_BYTES, ENVIRONMENT_SYNC_NONE, &environment)));
    assert_true(sg_is_ok(environment_table(environment, "t", &table)));
    commit_keys((const char *const[]){"a", "b", "c", NULL});
}

static void a_map_that_is_read_stays_where_it_is(void **state)
{
    (void)state;
    open_tight();
    struct transaction *reader = NULL;
    struct bytes value;
    bool found = false;
    assert_true(sg_is_ok(transaction_begin(environment, false, &reader)));
    assert_true(sg_is_ok(table_get(reader, table, bytes_of_text("a"), &value, &found)));
    for (int i = 0; i < ROUNDS; i++) {
        assert_true(sg_is_ok(environment_make_room(environment)));
    }
    assert_true(bytes_is_text(value, "a"));
    assert_true(holds(reader, "b", "b"));
    transaction_abort(&reader);
}

struct reading {
    sem_t begun;
    atomic_bool ended;
};

static void *read_for_a_while(void *context)
{
    struct reading *reading = context;
    struct transaction *reader = NULL;
    sg_ignore(transaction_begin(environment, false, &reader));
    sem_post(&reading->begun);
    for (int i = 0; i < READS; i++) {
        struct bytes value;
        bool found = false;
        sg_ignore(table_get(reader, table, bytes_of_text("a"), &value, &found));
    }
    atomic_store(&reading->ended, true);
    transaction_abort(&reader);
    return NULL;
}

static void growth_waits_for_the_readers_of_other_threads(void **state)
{
    (void)state;
    open_tight();
    struct reading reading = {.ended = false};
    pthread_t thread;
    assert_int_equal(sem_init(&reading.begun, 0, 0), 0);
    assert_int_equal(pthread_create(&thread, NULL, read_for_a_while, &reading), 0);
    assert_int_equal(sem_wait(&reading.begun), 0);
    assert_true(sg_is_ok(environment_grow(environment)));
    assert_true(atomic_load(&reading.ended));
    assert_int_equal(pthread_join(thread, NULL), 0);
    sem_destroy(&reading.begun);
}

static void write_pairs_until_killed(void)
{
    struct environment *own = NULL;
    struct table pairs;
    if (!sg_is_ok(environment_open(temporary_folder, MAP_BYTES, ENVIRONMENT_SYNC_NONE, &own)) ||
        !sg_is_ok(environment_table(own, "t", &pairs))) {
        _exit(1);
    }
    for (uint32_t round = 1;; round++) {
        struct transaction *transaction = NULL;
        if (!sg_is_ok(transaction_begin(own, true, &transaction))) {
            _exit(1);
        }
        for (uint32_t i = 0; i < PAIRS; i++) {
            sg_ignore(table_put(transaction, pairs, bytes_of(&i, sizeof i),
                                bytes_of(&round, sizeof round)));
        }
        sg_ignore(transaction_commit(&transaction));
    }
}

// Every key has the number of one and the same transaction.
static void expect_whole_transaction(void)
{
    struct transaction *transaction = NULL;
    uint32_t first = 0;
    assert_true(sg_is_ok(transaction_begin(environment, false, &transaction)));
    for (uint32_t i = 0; i < PAIRS; i++) {
        struct bytes value = {NULL, 0};
        bool found = false;
        uint32_t round = 0;
        assert_true(
            sg_is_ok(table_get(transaction, table, bytes_of(&i, sizeof i), &value, &found)));
        if (found) {
            memcpy(&round, value.data, sizeof round);
        }
        first = i == 0 ? round : first;
        assert_int_equal(round, first);
    }
    transaction_abort(&transaction);
}

static void a_killed_writer_leaves_whole_transactions(void **state)
{
    (void)state;
    environment_close(&environment);
    for (unsigned round = 0; round < ROUNDS; round++) {
        pid_t child = fork();
        if (child == 0) {
            write_pairs_until_killed();
        }
        usleep(500 + round * 977 % 9000); // Any moment will do: nothing is waited for.
        assert_int_equal(kill(child, SIGKILL), 0);
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        assert_true(sg_is_ok(
            environment_open(temporary_folder, MAP_BYTES, ENVIRONMENT_SYNC_NONE, &environment)));
        assert_true(sg_is_ok(environment_table(environment, "t", &table)));
        expect_whole_transaction();
        environment_close(&environment);
    }
}

static void a_damaged_file_is_refused_with_the_way_out(void **state)
{
    (void)state;
    environment_close(&environment);
    char path[TEMPORARY_FOLDER_MAX + 16];
    snprintf(path, sizeof path, "%s/data.mdb", temporary_folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    char garbage[8192];
    memset(garbage, 'x', sizeof garbage);
    assert_int_equal(fwrite(garbage, 1, sizeof garbage, file), sizeof garbage);
    fclose(file);
    sg_result opened =
        environment_open(temporary_folder, MAP_BYTES, ENVIRONMENT_SYNC_NONE, &environment);
    assert_int_equal(opened.class, SG_FATAL);
    assert_null(environment);
    assert_non_null(strstr(sg_reason(), "move the folder away"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_second_process_is_refused_and_named_the_first, begin,
                                        end),
        cmocka_unit_test_setup_teardown(an_abort_leaves_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_reader_sees_what_was_committed_when_it_began, begin, end),
        cmocka_unit_test_setup_teardown(keys_up_to_511_bytes_are_taken, begin, end),
        cmocka_unit_test_setup_teardown(cursors_find_the_edges, begin, end),
        cmocka_unit_test_setup_teardown(a_full_map_is_an_abort_and_grows, begin, end),
        cmocka_unit_test_setup_teardown(room_is_made_before_the_map_is_full, begin, end),
        cmocka_unit_test_setup_teardown(a_map_that_is_read_stays_where_it_is, begin, end),
        cmocka_unit_test_setup_teardown(growth_waits_for_the_readers_of_other_threads, begin, end),
        cmocka_unit_test_setup_teardown(a_killed_writer_leaves_whole_transactions, begin, end),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_refused_with_the_way_out, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
