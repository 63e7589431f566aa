// The journal where work moves, where an older program did the first part, and of a processor
// without state.
#include "streams/tasks/task_journal.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "alert_events.h"
#include "fake_kafka.h"
#include "journal_check.h"
#include "life.h"
#include "state/file/environment.h"

enum { PARTITIONS = 2, EVENTS = 80, SEED = 5, LINES = 40, MAP_BYTES = 64 << 20 };

static char folder[LIFE_FOLDER_MAX];
static char other_folder[LIFE_FOLDER_MAX];

static int begin(void **state)
{
    (void)state;
    life_make_folder(folder);
    life_make_folder(other_folder);
    life_new_world(PARTITIONS);
    fake_kafka_limit(3);
    return 0;
}

static int end(void **state)
{
    (void)state;
    life_remove_folder(folder);
    life_remove_folder(other_folder);
    return 0;
}

static void live(const struct life *life)
{
    fake_kafka_restart();
    enum life_end ended = life_run(life);
    if (ended != LIFE_STOPPED) {
        fail_msg("%s", life_reason());
    }
}

// The journal is in no changelog, and is one chain all the same.
static void it_goes_on_on_another_machine(void **state)
{
    (void)state;
    struct life life = {.processor = "alerts", .folder = folder};
    alert_events_put(SEED, EVENTS);
    live(&life);
    size_t records = journal_check("alerts", folder, PARTITIONS);
    alert_events_put(SEED + 1, EVENTS);
    life.folder = other_folder;
    live(&life);
    assert_true(journal_check("alerts", other_folder, PARTITIONS) > records);
}

// The same state and outputs of a life that was moved in the middle as of one that was not.
static void the_state_has_the_same_hash_wherever_it_was_restored(void **state)
{
    (void)state;
    struct life life = {.processor = "alerts", .folder = folder, .changes = 1 << 20};
    alert_events_put(SEED, EVENTS);
    fake_kafka_limit(0);
    live(&life);
    // Checked against the tables, which a restore rebuilds from the changelog.
    size_t records = journal_check("alerts", folder, PARTITIONS);
    assert_int_equal(records, PARTITIONS);
    life.folder = other_folder;
    live(&life);
    assert_int_equal(journal_check("alerts", other_folder, PARTITIONS), records);
}

static void must(sg_result result)
{
    if (!sg_is_ok(result)) {
        fail_msg("%s", sg_reason());
    }
}

// Cuts the place to what the older format had.
static void make_place_older(int32_t partition)
{
    enum { BYTES_WITHOUT_HASH = 120 };
    char path[LIFE_FOLDER_MAX + 32];
    snprintf(path, sizeof path, "%s/alerts/%d", folder, (int)partition);
    SG_CLEANUP(environment_close) struct environment *environment = NULL;
    must(environment_open(path, MAP_BYTES, ENVIRONMENT_SYNC_NONE, &environment));
    struct table meta;
    must(environment_table(environment, "meta", &meta));
    SG_CLEANUP(transaction_abort) struct transaction *transaction = NULL;
    must(transaction_begin(environment, true, &transaction));
    struct bytes value;
    bool found = false;
    must(table_get(transaction, meta, bytes_of_text("place"), &value, &found));
    assert_true(found && value.size > BYTES_WITHOUT_HASH);
    uint8_t older[BYTES_WITHOUT_HASH];
    const int64_t format = 1;
    memcpy(older, value.data, sizeof older);
    memcpy(older, &format, sizeof format);
    must(table_put(transaction, meta, bytes_of_text("place"), bytes_of(older, sizeof older)));
    must(transaction_commit(&transaction));
}

static void make_notes_older(int32_t partition)
{
    static const char *const topics[] = {"quotes", "subscriptions"};
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        struct kafka_position position =
            fake_kafka_committed("soglia-alerts", topics[i], partition);
        struct commit_note note = commit_note_read(position.metadata);
        assert_true(note.sequence > 0 && note.journal[0] != '\0');
        char text[COMMIT_NOTE_MAX];
        snprintf(text, sizeof text, "sequence=%lld", (long long)note.sequence);
        position.metadata = text;
        fake_kafka_set_committed("soglia-alerts", &position);
    }
}

static void forget_records(const char *topic, int32_t partition)
{
    int64_t next = 0;
    struct fake_record record;
    for (size_t at = 0; fake_kafka_read(topic, partition, at, &record); at++) {
        next = record.offset + 1;
    }
    fake_kafka_delete_before(topic, partition, next);
}

static void state_of_an_older_program_is_taken_over(void **state)
{
    (void)state;
    struct life life = {.processor = "alerts", .folder = folder};
    alert_events_put(SEED, EVENTS);
    live(&life);
    for (int32_t partition = 0; partition < PARTITIONS; partition++) {
        make_place_older(partition);
        make_notes_older(partition);
        forget_records("soglia-journal", partition);
        forget_records("alerts", partition);
        forget_records("dead-letters", partition);
    }
    alert_events_put(SEED + 1, EVENTS);
    live(&life);
    assert_true(journal_check_late("alerts", folder, PARTITIONS) > PARTITIONS);
}

static void put_lines(int first)
{
    for (int i = first; i < first + LINES; i++) {
        char line[128];
        snprintf(line, sizeof line, "{\"instrument\":\"stock:%d\",\"value\":%d}", i % 7, i);
        const char *text = i % 9 == 0 ? "not a record" : line;
        fake_kafka_put("quotes.json", i % PARTITIONS, (struct bytes){NULL, 0}, bytes_of_text(text),
                       1700000000000 + i);
    }
}

// Without state, the chain lives in the group's positions and moves with its partition.
static void it_is_one_chain_without_state_too(void **state)
{
    (void)state;
    struct life life = {.processor = "ingest", .folder = folder};
    put_lines(0);
    live(&life);
    size_t records = journal_check("ingest", NULL, PARTITIONS);
    assert_true(records >= PARTITIONS);
    put_lines(LINES);
    life.crash_at = "after_kafka_commit";
    life.crash_nth = 1;
    fake_kafka_restart();
    assert_int_equal(life_run(&life), LIFE_CRASHED);
    life.crash_at = NULL;
    live(&life);
    assert_true(journal_check("ingest", NULL, PARTITIONS) > records);
}

// A record holds what a transaction took in runs, so a transaction must end while it has room.
static void a_transaction_ends_before_its_record_is_too_large(void **state)
{
    (void)state;
    enum { ALTERNATIONS = 20000, RECORD_BYTES_MAX = 1000000 };
    for (int i = 0; i < ALTERNATIONS; i++) {
        int64_t at_ms = INT64_C(1700000000000) + 2 * i;
        alert_events_quote("stock:A", i, at_ms);
        alert_events_subscription("stock:A", "s", 1e9, at_ms + 1);
    }
    fake_kafka_limit(0);
    struct life life = {.processor = "alerts", .folder = folder, .changes = 1 << 20};
    live(&life);
    assert_int_equal(journal_check("alerts", folder, PARTITIONS), 2);
    for (int32_t partition = 0; partition < PARTITIONS; partition++) {
        struct fake_record record;
        for (size_t at = 0; fake_kafka_read("soglia-journal", partition, at, &record); at++) {
            assert_in_range(record.value.size, LEDGER_RUNS_MAX / 2, RECORD_BYTES_MAX);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_goes_on_on_another_machine, begin, end),
        cmocka_unit_test_setup_teardown(the_state_has_the_same_hash_wherever_it_was_restored, begin,
                                        end),
        cmocka_unit_test_setup_teardown(state_of_an_older_program_is_taken_over, begin, end),
        cmocka_unit_test_setup_teardown(it_is_one_chain_without_state_too, begin, end),
        cmocka_unit_test_setup_teardown(a_transaction_ends_before_its_record_is_too_large, begin,
                                        end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
