// deliver with a sender that keeps a list: whatever happens in between, each attempt of each
// notification is committed once, in order, up to its end, and was made at least once before.
#include "streams/runtime.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/service/clock.h"
#include "fake_kafka.h"
#include "journal_check.h"
#include "fake_process.h"
#include "life.h"
#include "schemas/delivery.h"
#include "schemas/notification.h"
#include "schemas/outbox_entry.h"
#include "streams/processors/deliver.h"

enum {
    PARTITIONS = 2,
    NOTIFICATIONS = 14,
    HELD_MAX = 3,
    KEPT_MAX = 64,
    SENT_MAX = 1000,
    PASSAGES_MAX = 300,
    ID_BYTES = 16,
    VALUE_BYTES_MAX = 1 << 16,
    NOTES_OFFSET = SG_REASON_MAX,
    AWAY_MS = 13 * 3600 * 1000
};

// What the world saw: it outlives the process.
struct sent {
    char id[ID_BYTES];
    int32_t attempt;
};
struct sent_list {
    size_t count;
    struct sent list[SENT_MAX];
};

static struct sent_list *sent_list(void)
{
    uint8_t *notes = fake_kafka_notes();
    return (struct sent_list *)(void *)(notes + NOTES_OFFSET);
}

// The sender of one process.
struct kept {
    struct sent sent;
    int32_t partition;
    int64_t at_ms;
};
struct sender {
    struct kept kept[KEPT_MAX];
    size_t count;
    size_t given;
};
static struct sender sender;

static enum effect_answer offer(void *context, int32_t partition, const void *entry,
                                int64_t *ret_later_ms)
{
    (void)ret_later_ms;
    struct sender *own = context;
    const struct outbox_entry *due = entry;
    if (own->count - own->given >= HELD_MAX) {
        return EFFECT_FULL;
    }
    struct kept *kept = &own->kept[own->count++];
    *kept = (struct kept){.partition = partition, .at_ms = clock_wall_ms()};
    memcpy(kept->sent.id, due->notification.notification_id.data,
           due->notification.notification_id.size);
    kept->sent.attempt = due->attempt + 1;
    if (due->next_attempt_at <= kept->at_ms) { // Early ones do not count as made.
        sent_list()->list[sent_list()->count++] = kept->sent;
    }
    return EFFECT_TAKEN;
}

static bool take(void *context, struct effect_outcome *ret_outcome, int32_t *ret_partition)
{
    struct sender *own = context;
    if (own->given == own->count) {
        return false;
    }
    const struct kept *kept = &own->kept[own->given++];
    struct bytes id = bytes_of_text(kept->sent.id);
    uint64_t luck = hash_bytes(id);
    bool retry = kept->sent.attempt < 1 + (int32_t)(luck % 3);
    *ret_partition = kept->partition;
    *ret_outcome = (struct effect_outcome){
        .id = id,
        .attempt = kept->sent.attempt,
        .outcome = retry           ? OUTCOME_RETRY
                   : luck % 5 == 0 ? OUTCOME_REJECTED
                                   : OUTCOME_SENT,
        .code = retry ? 451 : 250,
        .reply = bytes_of_text("said"),
        .at_ms = kept->at_ms,
    };
    return true;
}

static void committed(void *context)
{
    struct sender *own = context;
    own->count -= own->given;
    memmove(own->kept, own->kept + own->given, own->count * sizeof own->kept[0]);
    own->given = 0;
}

static void aborted(void *context)
{
    ((struct sender *)context)->given = 0;
}

static void forget(void *context, int32_t partition)
{
    struct sender *own = context;
    size_t left = 0;
    size_t given = 0;
    for (size_t i = 0; i < own->count; i++) {
        if (own->kept[i].partition != partition) {
            given += i < own->given ? 1 : 0;
            own->kept[left++] = own->kept[i];
        }
    }
    own->count = left;
    own->given = given;
}

static const struct effector effector = {.offer = offer,
                                         .take = take,
                                         .committed = committed,
                                         .aborted = aborted,
                                         .forget = forget,
                                         .context = &sender};
static const struct deliver_settings settings = {
    .retry_first_ms = 100, .retry_max_ms = 200, .give_up_ms = 1000000};
static char folder[LIFE_FOLDER_MAX];

static int begin(void **state)
{
    (void)state;
    life_make_folder(folder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    life_remove_folder(folder);
    return 0;
}

static struct life new_life(void)
{
    return (struct life){.processor = "deliver",
                         .folder = folder,
                         .processor_settings = &settings,
                         .effector = &effector};
}

static void put_notification(int number)
{
    char id[ID_BYTES];
    char user[ID_BYTES];
    snprintf(id, sizeof id, "n%d", number);
    snprintf(user, sizeof user, "user%d", number % 5);
    struct notification notification = {
        .notification_id = bytes_of_text(id),
        .user_id = bytes_of_text(user),
        .channel = CHANNEL_KIND_EMAIL,
        .address = bytes_of_text("ada@example.org"),
        .subject = bytes_of_text("up"),
        .body_text = bytes_of_text("it went up"),
    };
    struct codec *codec = fake_process_codec(TOPIC_NOTIFICATIONS);
    struct buffer value;
    buffer_init(&value, VALUE_BYTES_MAX);
    assert_true(sg_is_ok(codec_encode(codec, &notification, &value)));
    fake_kafka_put("notifications", -1, bytes_of_text(user), buffer_bytes(&value), 1000 + number);
    buffer_done(&value);
    codec_free(&codec);
}

static void new_world(void)
{
    life_remove_folder(folder);
    life_new_world(PARTITIONS);
    for (int i = 0; i < NOTIFICATIONS; i++) {
        put_notification(i);
    }
    fake_kafka_limit(2);
    sender = (struct sender){.count = 0};
}

static int times_sent(const char *id, int32_t attempt)
{
    int times = 0;
    for (size_t i = 0; i < sent_list()->count; i++) {
        const struct sent *sent = &sent_list()->list[i];
        times += strcmp(sent->id, id) == 0 && sent->attempt == attempt ? 1 : 0;
    }
    return times;
}

// Reads the deliveries: attempts that were committed for this id; `*ret_ended` when the last one is
// final.
static int32_t attempts_of(const char *id, bool *ret_ended)
{
    struct codec *codec = fake_process_codec(TOPIC_DELIVERIES);
    struct arena *arena = arena_new(VALUE_BYTES_MAX);
    int32_t attempts = 0;
    *ret_ended = false;
    for (int32_t partition = 0; partition < PARTITIONS; partition++) {
        struct fake_record record;
        for (size_t at = 0; fake_kafka_read("deliveries", partition, at, &record); at++) {
            struct delivery delivery;
            arena_reset(arena);
            assert_true(sg_is_ok(codec_decode(codec, record.value, arena, &delivery)));
            if (bytes_is_text(delivery.notification_id, id)) {
                assert_false(*ret_ended);
                assert_int_equal(delivery.attempt, ++attempts);
                *ret_ended = delivery.outcome != OUTCOME_RETRY;
            }
        }
    }
    arena_free(&arena);
    codec_free(&codec);
    return attempts;
}

// Returns how many attempts were made more often than once.
static int expect_all_delivered_in(const char *state_folder)
{
    int repeated = 0;
    assert_true(journal_check("deliver", state_folder, PARTITIONS) > 0);
    for (int i = 0; i < NOTIFICATIONS; i++) {
        char id[ID_BYTES];
        bool ended = false;
        snprintf(id, sizeof id, "n%d", i);
        int32_t attempts = attempts_of(id, &ended);
        assert_true(ended);
        assert_int_equal(attempts, 1 + (int32_t)(hash_bytes(bytes_of_text(id)) % 3));
        for (int32_t attempt = 1; attempt <= attempts; attempt++) {
            assert_true(times_sent(id, attempt) >= 1);
            repeated += times_sent(id, attempt) - 1;
        }
        assert_int_equal(times_sent(id, attempts + 1), 0);
    }
    return repeated;
}

static int expect_all_delivered(void)
{
    return expect_all_delivered_in(folder);
}

static void undisturbed_each_attempt_is_made_once(void **state)
{
    (void)state;
    new_world();
    put_notification(0); // The same again is no other one while it is under way.
    struct life life = new_life();
    assert_int_equal(life_run_here(&life), LIFE_STOPPED);
    assert_int_equal(expect_all_delivered(), 0);
}

static void killed_anywhere_nothing_is_lost(void **state)
{
    (void)state;
    static const char *const points[] = {"flushed",    "before_kafka_commit", "after_kafka_commit",
                                         "task_saved", "committed",           "before_offer"};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        int passage = 1;
        for (; passage <= PASSAGES_MAX; passage += 2) {
            new_world();
            struct life life = new_life();
            life.crash_at = points[i];
            life.crash_nth = passage;
            if (life_run(&life) == LIFE_STOPPED) {
                break;
            }
            fake_kafka_restart();
            life.crash_at = NULL;
            assert_int_equal(life_run(&life), LIFE_STOPPED);
            // Only what the sender held can have been made twice.
            assert_in_range(expect_all_delivered(), 0, HELD_MAX);
        }
        assert_in_range(passage, 2, PASSAGES_MAX);
    }
}

static void lost_transactions_are_done_again_without_sending_again(void **state)
{
    (void)state;
    for (int strike = 1; strike <= 25; strike++) {
        new_world();
        fake_kafka_fail((struct fake_fault){FAKE_COMMIT, strike, strike, SG_ABORT, false});
        fake_kafka_fail((struct fake_fault){FAKE_SEND, 3 * strike, 3 * strike, SG_ABORT, false});
        struct life life = new_life();
        assert_int_equal(life_run(&life), LIFE_STOPPED);
        assert_int_equal(expect_all_delivered(), 0);
    }
}

static void partitions_that_come_and_go_are_delivered(void **state)
{
    (void)state;
    for (int poll = 2; poll <= 20; poll++) {
        new_world();
        fake_kafka_revoke_at(poll, poll % 2 == 0);
        struct life life = new_life();
        assert_int_equal(life_run(&life), LIFE_STOPPED);
        assert_in_range(expect_all_delivered(), 0, HELD_MAX);
    }
}

// A machine that comes back after another one went on without it, when Kafka keeps nothing of what
// was removed meanwhile.
static void state_that_missed_removals_sends_nothing_again(void **state)
{
    (void)state;
    new_world();
    struct life life = new_life();
    life.crash_at = "committed";
    life.crash_nth = 8;
    assert_int_equal(life_run(&life), LIFE_CRASHED);
    fake_kafka_restart();
    char other_folder[LIFE_FOLDER_MAX];
    life_make_folder(other_folder);
    life.crash_at = NULL;
    life.folder = other_folder;
    assert_int_equal(life_run(&life), LIFE_STOPPED);
    int repeated = expect_all_delivered_in(other_folder);
    life_remove_folder(other_folder);
    fake_kafka_compact("soglia-deliver-outbox-changelog");
    fake_kafka_restart();
    fake_clock_advance(AWAY_MS);
    life.folder = folder;
    assert_int_equal(life_run(&life), LIFE_STOPPED);
    assert_int_equal(expect_all_delivered(), repeated);
    fake_clock_advance(-AWAY_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(undisturbed_each_attempt_is_made_once, begin, end),
        cmocka_unit_test_setup_teardown(killed_anywhere_nothing_is_lost, begin, end),
        cmocka_unit_test_setup_teardown(lost_transactions_are_done_again_without_sending_again,
                                        begin, end),
        cmocka_unit_test_setup_teardown(state_that_missed_removals_sends_nothing_again, begin, end),
        cmocka_unit_test_setup_teardown(partitions_that_come_and_go_are_delivered, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
