// What a start makes of the state it finds, the positions the group has and what Kafka still keeps.
#include "streams/tasks/recovery.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "alert_events.h"
#include "core/hash.h"
#include "fake_kafka.h"
#include "fake_process.h"
#include "life.h"
#include "schemas/instrument_state.h"
#include "world_picture.h"

enum { PARTITIONS = 2, EVENTS = 80, SEED = 5, PICTURE_BYTES_MAX = 16 << 20 };

static const char group[] = "soglia-alerts";
static char folder[LIFE_FOLDER_MAX];
static char other_folder[LIFE_FOLDER_MAX];
static struct buffer expected;
static struct buffer found;

static struct life new_life(void)
{
    return (struct life){.processor = "alerts", .folder = folder};
}

static void take_picture(struct buffer *out, const char *of_folder)
{
    buffer_clear(out);
    world_picture_state(out, "alerts", of_folder, PARTITIONS);
    assert_true(sg_is_ok(buffer_append_byte(out, '\0')));
}

static void expect_same_state(const char *of_folder)
{
    take_picture(&found, of_folder);
    if (!bytes_equal(buffer_bytes(&expected), buffer_bytes(&found))) {
        print_error("--- expected\n%s--- found\n%s", (const char *)expected.data,
                    (const char *)found.data);
        fail();
    }
}

// A world with history, and the state it has.
static int begin(void **state)
{
    (void)state;
    life_make_folder(folder);
    life_make_folder(other_folder);
    buffer_init(&expected, PICTURE_BYTES_MAX);
    buffer_init(&found, PICTURE_BYTES_MAX);
    life_new_world(PARTITIONS);
    alert_events_put(SEED, EVENTS);
    fake_kafka_limit(5);
    struct life life = new_life();
    if (life_run(&life) != LIFE_STOPPED) {
        return -1;
    }
    take_picture(&expected, folder);
    fake_kafka_restart();
    return 0;
}

static int end(void **state)
{
    (void)state;
    life_remove_folder(folder);
    life_remove_folder(other_folder);
    buffer_done(&expected);
    buffer_done(&found);
    return 0;
}

static void expect_refusal(const struct life *life, const char *words)
{
    assert_int_equal(life_run(life), LIFE_REFUSED);
    if (strstr(life_reason(), words) == NULL) {
        print_error("refused with \"%s\", not with \"%s\"\n", life_reason(), words);
        fail();
    }
    fake_kafka_restart();
}

static void state_at_the_last_transaction_reads_nothing(void **state)
{
    (void)state;
    size_t alerts = fake_kafka_count("alerts");
    struct life life = new_life();
    assert_int_equal(life_run(&life), LIFE_STOPPED);
    // One look for the range of each input, none for a changelog.
    assert_int_equal(fake_kafka_calls(FAKE_RANGE), 2 * PARTITIONS);
    assert_int_equal(fake_kafka_count("alerts"), alerts);
    expect_same_state(folder);
}

static void state_of_another_machine_is_restored_whole(void **state)
{
    (void)state;
    size_t alerts = fake_kafka_count("alerts");
    struct life life = new_life();
    life.folder = other_folder;
    assert_int_equal(life_run(&life), LIFE_STOPPED);
    expect_same_state(other_folder);
    assert_int_equal(fake_kafka_count("alerts"), alerts);
    // It knows now that it lacks nothing.
    fake_kafka_restart();
    assert_int_equal(life_run(&life), LIFE_STOPPED);
    assert_int_equal(fake_kafka_calls(FAKE_RANGE), 2 * PARTITIONS);
}

// With its place: the positions may expire before anything else is committed.
static void restored_state_knows_where_to_read_on(void **state)
{
    (void)state;
    size_t alerts = fake_kafka_count("alerts");
    struct life life = new_life();
    life.folder = other_folder;
    assert_int_equal(life_run(&life), LIFE_STOPPED);
    fake_kafka_expire_groups();
    fake_kafka_restart();
    assert_int_equal(life_run(&life), LIFE_STOPPED);
    assert_int_equal(fake_kafka_count("alerts"), alerts);
    expect_same_state(other_folder);
}

static void a_restore_that_was_killed_is_done_again(void **state)
{
    (void)state;
    struct life life = new_life();
    life.folder = other_folder;
    for (int nth = 1; nth <= PARTITIONS; nth++) {
        life.crash_at = "recovery_end";
        life.crash_nth = nth;
        assert_int_equal(life_run(&life), LIFE_CRASHED);
        fake_kafka_restart();
    }
    life.crash_at = NULL;
    assert_int_equal(life_run(&life), LIFE_STOPPED);
    expect_same_state(other_folder);
}

static void trouble_during_a_restore_is_waited_for(void **state)
{
    (void)state;
    for (int at = 1; at <= 40; at += 3) {
        life_remove_folder(other_folder);
        fake_kafka_restart();
        fake_kafka_fail((struct fake_fault){FAKE_NEXT, at, at, SG_RETRY, false});
        struct life life = new_life();
        life.folder = other_folder;
        assert_int_equal(life_run(&life), LIFE_STOPPED);
        expect_same_state(other_folder);
    }
}

// The state is larger than the map that a start begins with.
static void a_restore_grows_a_map_that_is_too_small(void **state)
{
    (void)state;
    for (int i = 0; i < 600; i++) {
        char id[32];
        snprintf(id, sizeof id, "many-%d", i);
        alert_events_subscription("stock:many", id, i, INT64_C(1900000000000) + i);
    }
    struct life life = new_life();
    fake_kafka_limit(0);
    assert_int_equal(life_run(&life), LIFE_STOPPED);
    take_picture(&expected, folder);
    fake_kafka_restart();
    life.folder = other_folder;
    life.map_bytes = 128 << 10;
    assert_int_equal(life_run(&life), LIFE_STOPPED);
    expect_same_state(other_folder);
}

static const char *const changelogs[] = {"soglia-alerts-instruments-changelog",
                                         "soglia-alerts-subscriptions-changelog"};

// Forgets what is in the changelogs so far.
static void empty_changelogs(void)
{
    for (size_t i = 0; i < sizeof changelogs / sizeof changelogs[0]; i++) {
        for (int32_t partition = 0; partition < PARTITIONS; partition++) {
            struct fake_record record = {.offset = -1};
            size_t at = 0;
            while (fake_kafka_read(changelogs[i], partition, at, &record)) {
                at++;
            }
            fake_kafka_delete_before(changelogs[i], partition, record.offset + 1);
        }
    }
}

static void state_that_is_behind_reads_on_while_it_is_young(void **state)
{
    (void)state;
    enum { HOUR_MS = 3600 * 1000 };
    struct life life = new_life();
    life.folder = other_folder;
    assert_int_equal(life_run(&life), LIFE_STOPPED);
    fake_kafka_restart();
    empty_changelogs(); // A restore of the whole would find nothing of what was.
    alert_events_put(SEED + 1, EVENTS);
    life.folder = folder;
    assert_int_equal(life_run(&life), LIFE_STOPPED);
    take_picture(&expected, folder);
    fake_kafka_restart();
    fake_clock_advance(11 * HOUR_MS);
    life.folder = other_folder;
    assert_int_equal(life_run(&life), LIFE_STOPPED);
    expect_same_state(other_folder);
    fake_clock_advance(-11 * HOUR_MS);
}

static void expired_positions_go_on_from_state_that_lacks_nothing(void **state)
{
    (void)state;
    size_t alerts = fake_kafka_count("alerts");
    fake_kafka_expire_groups();
    alert_events_quote("stock:A", 3, INT64_C(1900000000000));
    struct life life = new_life();
    assert_int_equal(life_run(&life), LIFE_STOPPED);
    assert_in_range(fake_kafka_count("alerts"), alerts, alerts + 4); // Of the one quote at most.
    fake_kafka_restart();
    assert_int_equal(life_run(&life), LIFE_STOPPED);
}

static void expired_positions_without_state_are_refused_for_good(void **state)
{
    (void)state;
    size_t alerts = fake_kafka_count("alerts");
    fake_kafka_expire_groups();
    struct life life = new_life();
    life.folder = other_folder;
    expect_refusal(&life, "no committed position");
    expect_refusal(&life, "no committed position");
    assert_int_equal(fake_kafka_count("alerts"), alerts);
}

// As many records as are committed together while restoring: none may be kept by a start that is
// refused, or the next one would take the state for complete.
static void a_refused_start_keeps_nothing(void **state)
{
    (void)state;
    enum { PIECE_RECORDS = 50000 };
    life_new_world(PARTITIONS);
    struct codec *codec = fake_process_codec(TOPIC_ALERTS_INSTRUMENTS_CHANGELOG);
    struct instrument_state instrument = {.last_value = 1};
    struct buffer value;
    buffer_init(&value, 1 << 10);
    assert_true(sg_is_ok(codec_encode(codec, &instrument, &value)));
    for (int i = 0; i < PIECE_RECORDS; i++) {
        fake_kafka_put("soglia-alerts-instruments-changelog", 0, bytes_of_text("stock:A"),
                       buffer_bytes(&value), 1000);
    }
    buffer_done(&value);
    codec_free(&codec);
    struct life life = new_life();
    life.folder = other_folder;
    expect_refusal(&life, "no committed position");
    expect_refusal(&life, "no committed position");
}

static void state_ahead_of_kafka_is_refused(void **state)
{
    (void)state;
    for (int32_t partition = 0; partition < PARTITIONS; partition++) {
        static const char *const topics[] = {"quotes", "subscriptions"};
        for (size_t i = 0; i < 2; i++) {
            struct kafka_position position = {topics[i], partition, 1, "sequence=1"};
            fake_kafka_set_committed(group, &position);
        }
    }
    struct life life = new_life();
    expect_refusal(&life, "do not belong together");
    expect_same_state(folder);
}

static void a_changelog_made_anew_is_refused(void **state)
{
    (void)state;
    // The same groups, and topics that hold nothing.
    struct kafka_position positions[2 * PARTITIONS];
    char metadata[2 * PARTITIONS][COMMIT_NOTE_MAX];
    for (int i = 0; i < 2 * PARTITIONS; i++) {
        const char *topic = i < PARTITIONS ? "quotes" : "subscriptions";
        positions[i] = fake_kafka_committed(group, topic, i % PARTITIONS);
        snprintf(metadata[i], sizeof metadata[i], "sequence=999");
        positions[i].metadata = metadata[i];
    }
    life_new_world(PARTITIONS);
    for (int i = 0; i < 2 * PARTITIONS; i++) {
        fake_kafka_set_committed(group, &positions[i]);
    }
    struct life life = new_life();
    expect_refusal(&life, "was made anew");
}

// Refused, unless somebody says that they may be passed over; that is said once.
static void lose_to_retention(int64_t keep_from)
{
    for (int i = 0; i < 10; i++) {
        alert_events_quote("stock:A", 100 + i, INT64_C(1900000000000) + i);
    }
    int32_t partition = (int32_t)(hash_murmur2(bytes_of_text("stock:A")) % PARTITIONS);
    struct kafka_position committed = fake_kafka_committed(group, "quotes", partition);
    fake_kafka_delete_before("quotes", partition, committed.offset + keep_from);
    struct life life = new_life();
    expect_refusal(&life, "deleted by retention");
    expect_same_state(folder);
    life.skip_lost = true;
    assert_int_equal(life_run(&life), LIFE_STOPPED);
    fake_kafka_restart();
    life.skip_lost = false;
    assert_int_equal(life_run(&life), LIFE_STOPPED); // Once was enough.
}

static void some_records_lost_to_retention(void **state)
{
    (void)state;
    lose_to_retention(5);
}

static void all_records_lost_to_retention(void **state)
{
    (void)state;
    lose_to_retention(10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(state_at_the_last_transaction_reads_nothing, begin, end),
        cmocka_unit_test_setup_teardown(state_of_another_machine_is_restored_whole, begin, end),
        cmocka_unit_test_setup_teardown(restored_state_knows_where_to_read_on, begin, end),
        cmocka_unit_test_setup_teardown(a_restore_that_was_killed_is_done_again, begin, end),
        cmocka_unit_test_setup_teardown(trouble_during_a_restore_is_waited_for, begin, end),
        cmocka_unit_test_setup_teardown(a_restore_grows_a_map_that_is_too_small, begin, end),
        cmocka_unit_test_setup_teardown(state_that_is_behind_reads_on_while_it_is_young, begin,
                                        end),
        cmocka_unit_test_setup_teardown(expired_positions_go_on_from_state_that_lacks_nothing,
                                        begin, end),
        cmocka_unit_test_setup_teardown(expired_positions_without_state_are_refused_for_good, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_refused_start_keeps_nothing, begin, end),
        cmocka_unit_test_setup_teardown(state_ahead_of_kafka_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_changelog_made_anew_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(some_records_lost_to_retention, begin, end),
        cmocka_unit_test_setup_teardown(all_records_lost_to_retention, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
