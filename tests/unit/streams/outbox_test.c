// The due times of an outbox, with an effector that takes as many as it is told to.
#include "streams/tasks/outbox.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_process.h"
#include "life.h"
#include "schemas/endpoint_state.h"
#include "schemas/outbox_entry.h"
#include "streams/topology.h"

enum { ENTRIES = 300, TAKEN_MAX = 1000, ID_BYTES = 16, PARTITION = 3, ROUNDS = 2000, UNWANTED = 7 };

// What the effector was given.
static struct {
    size_t room;
    size_t refused;
    bool has_full_channel;
    enum channel_kind full_channel;
    int64_t later_ms; // What entries of attempt UNWANTED are told, 0 for nothing special.
    size_t count;
    char ids[TAKEN_MAX][ID_BYTES];
    int32_t forgotten;
} sender;

static enum effect_answer offer(void *context, int32_t partition, const void *entry,
                                int64_t *ret_later_ms)
{
    (void)context;
    const struct outbox_entry *due = entry;
    assert_int_equal(partition, PARTITION);
    if (sender.later_ms > 0 && due->attempt == UNWANTED) {
        *ret_later_ms = sender.later_ms;
        return EFFECT_LATER;
    }
    bool full = sender.has_full_channel && due->notification.channel == sender.full_channel;
    if (sender.room == 0 || full) {
        return EFFECT_FULL;
    }
    sender.room--;
    assert_true(sender.count < TAKEN_MAX);
    snprintf(sender.ids[sender.count++], ID_BYTES, "%.*s",
             (int)due->notification.notification_id.size,
             (const char *)due->notification.notification_id.data);
    return EFFECT_TAKEN;
}

// An entry that is void takes no room: it is only answered.
static bool refuse(void *context, int32_t partition, const void *entry)
{
    (void)context;
    (void)entry;
    assert_int_equal(partition, PARTITION);
    sender.refused++;
    return true;
}

static void forget(void *context, int32_t partition)
{
    (void)context;
    sender.forgotten = partition;
}

static const struct effector effector = {.offer = offer, .refuse = refuse, .forget = forget};
static char folder[LIFE_FOLDER_MAX];
static struct codec *codecs[2];
static struct stores *stores;
static struct stores_place place;
static struct outbox *outbox;
static struct arena *arena;

static void must(sg_result result)
{
    if (!sg_is_ok(result)) {
        print_error("%s\n", sg_reason());
    }
    assert_true(sg_is_ok(result));
}

static sg_result open_outbox(void)
{
    return outbox_open(topology_find("deliver"), stores, PARTITION, &effector, &outbox);
}

static int begin(void **state)
{
    (void)state;
    memset(&sender, 0, sizeof sender);
    sender.room = TAKEN_MAX;
    life_make_folder(folder);
    codecs[0] = fake_process_codec(TOPIC_DELIVER_OUTBOX_CHANGELOG);
    codecs[1] = fake_process_codec(TOPIC_DELIVER_ENDPOINTS_CHANGELOG);
    arena = arena_new(1 << 20);
    struct state_settings settings = {
        .dir = "", .map_bytes = 64 << 20, .cache_entries = 16, .sync = "none"};
    struct stores_config config = {.path = folder,
                                   .state = &settings,
                                   .specs = topology_find("deliver")->stores,
                                   .count = topology_find("deliver")->store_count,
                                   .codecs = codecs,
                                   .identity = "test"};
    return sg_is_ok(stores_open(&config, &stores, &place)) && sg_is_ok(open_outbox()) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    outbox_close(&outbox);
    outbox_close(&outbox);
    stores_close(&stores);
    codec_free(&codecs[0]);
    codec_free(&codecs[1]);
    arena_free(&arena);
    life_remove_folder(folder);
    return 0;
}

static struct outbox_entry entry_of(const char *id, int64_t due_ms)
{
    return (struct outbox_entry){.notification = {.notification_id = bytes_of_text(id)},
                                 .next_attempt_at = due_ms};
}

static void write_entry(const char *id, int64_t due_ms)
{
    struct outbox_entry entry = entry_of(id, due_ms);
    must(store_write(stores_get(stores, 0), bytes_of_text(id), &entry));
}

static sg_result ignore_change(void *context, enum topic changelog, struct bytes key,
                               struct bytes value, bool has_value)
{
    (void)context;
    (void)changelog;
    (void)key;
    (void)value;
    (void)has_value;
    return sg_ok();
}

static void commit(void)
{
    must(stores_flush(stores, ignore_change, NULL));
    must(stores_commit(stores, &place));
    must(outbox_committed(outbox));
}

static void note(const struct outbox_entry *entry)
{
    must(store_write(stores_get(stores, 0), entry->notification.notification_id, entry));
    must(outbox_note(outbox, entry->notification.notification_id, entry));
}

static void write_and_note(const char *id, int64_t due_ms)
{
    struct outbox_entry entry = entry_of(id, due_ms);
    note(&entry);
}

static void entries_go_when_they_are_due_and_in_that_order(void **state)
{
    (void)state;
    assert_int_equal(outbox_next_due_ms(outbox), INT64_MAX);
    write_and_note("later", 300);
    write_and_note("first", 100);
    write_and_note("second", 200);
    commit();
    assert_int_equal(outbox_count(outbox), 3);
    assert_int_equal(outbox_next_due_ms(outbox), 100);
    must(outbox_offer(outbox, 99, arena));
    assert_int_equal(sender.count, 0);
    must(outbox_offer(outbox, 200, arena));
    assert_int_equal(sender.count, 2);
    assert_string_equal(sender.ids[0], "first");
    assert_string_equal(sender.ids[1], "second");
    assert_int_equal(outbox_next_due_ms(outbox), 300);
    must(outbox_offer(outbox, 300, arena));
    assert_int_equal(outbox_count(outbox), 0);
    assert_int_equal(outbox_next_due_ms(outbox), INT64_MAX);
}

static void what_a_full_effector_refuses_is_offered_again(void **state)
{
    (void)state;
    write_and_note("a", 1);
    write_and_note("b", 2);
    write_and_note("c", 3);
    commit();
    sender.room = 1;
    must(outbox_offer(outbox, 10, arena));
    assert_int_equal(sender.count, 1);
    must(outbox_offer(outbox, 10, arena));
    assert_int_equal(sender.count, 1);
    assert_int_equal(outbox_count(outbox), 2);
    // Nothing is due for as long as the effector is full, or the loop would not rest.
    assert_int_equal(outbox_next_due_ms(outbox), INT64_MAX);
    sender.room = 2;
    must(outbox_offer(outbox, 2, arena));
    assert_int_equal(sender.count, 2);
    assert_int_equal(outbox_next_due_ms(outbox), 3);
    must(outbox_offer(outbox, 3, arena));
    assert_int_equal(outbox_next_due_ms(outbox), INT64_MAX);
    sender.room = 9;
    must(outbox_offer(outbox, 10, arena));
    assert_int_equal(sender.count, 3);
    assert_string_equal(sender.ids[2], "c");
}

// What one receiver cannot take now holds up no other, and comes again after its while.
static void what_is_wanted_later_lets_others_pass(void **state)
{
    (void)state;
    struct outbox_entry slow = entry_of("slow", 1);
    slow.attempt = UNWANTED;
    note(&slow);
    write_and_note("other", 2);
    commit();
    sender.later_ms = 50;
    must(outbox_offer(outbox, 10, arena));
    assert_int_equal(sender.count, 1);
    assert_string_equal(sender.ids[0], "other");
    assert_int_equal(outbox_count(outbox), 1);
    assert_int_equal(outbox_next_due_ms(outbox), 60);
    sender.later_ms = 0;
    must(outbox_offer(outbox, 60, arena));
    assert_string_equal(sender.ids[1], "slow");
}

static void a_full_lane_holds_up_no_other(void **state)
{
    (void)state;
    struct outbox_entry hook = entry_of("hook", 2);
    hook.notification.channel = CHANNEL_KIND_WEBHOOK;
    write_and_note("mail", 1);
    note(&hook);
    commit();
    sender.full_channel = CHANNEL_KIND_EMAIL;
    sender.has_full_channel = true;
    must(outbox_offer(outbox, 10, arena));
    assert_int_equal(sender.count, 1);
    assert_string_equal(sender.ids[0], "hook");
    assert_int_equal(outbox_count(outbox), 1);
    assert_int_equal(outbox_next_due_ms(outbox), INT64_MAX);
    sender.has_full_channel = false;
    must(outbox_offer(outbox, 10, arena));
    assert_string_equal(sender.ids[1], "mail");
}

static void what_became_void_is_refused_and_not_offered(void **state)
{
    (void)state;
    struct bytes url = bytes_of_text("https://example.org/gone");
    struct endpoint_state gone = {
        .channels_id = bytes_of_text("c1"), .gone = &url, .gone_count = 1};
    struct outbox_entry hook = entry_of("hook", 1);
    hook.notification.user_id = bytes_of_text("ada");
    hook.notification.channel = CHANNEL_KIND_WEBHOOK;
    hook.notification.address = url;
    hook.notification.has_channels_id = true;
    hook.notification.channels_id = bytes_of_text("c1");
    note(&hook);
    must(store_write(stores_get(stores, 1), hook.notification.user_id, &gone));
    commit();
    must(outbox_offer(outbox, 10, arena));
    assert_int_equal(sender.count, 0);
    assert_int_equal(sender.refused, 1);
    assert_int_equal(outbox_count(outbox), 0);
}

static void nothing_is_offered_before_its_commit(void **state)
{
    (void)state;
    write_and_note("a", 1);
    assert_int_equal(outbox_count(outbox), 0);
    assert_int_equal(outbox_next_due_ms(outbox), INT64_MAX);
    outbox_aborted(outbox);
    must(stores_abort(stores));
    commit();
    must(outbox_offer(outbox, 10, arena));
    assert_int_equal(sender.count, 0);
}

static void an_entry_that_ended_meanwhile_is_passed_over(void **state)
{
    (void)state;
    write_and_note("gone", 1);
    write_and_note("there", 2);
    commit();
    must(store_remove(stores_get(stores, 0), bytes_of_text("gone")));
    commit();
    must(outbox_offer(outbox, 10, arena));
    assert_int_equal(sender.count, 1);
    assert_string_equal(sender.ids[0], "there");
}

static void a_start_finds_every_entry(void **state)
{
    (void)state;
    for (int i = 0; i < ENTRIES; i++) {
        char id[ID_BYTES];
        snprintf(id, sizeof id, "n%03d", i);
        write_entry(id, (i * 7919) % ENTRIES);
    }
    commit();
    outbox_close(&outbox);
    assert_int_equal(sender.forgotten, PARTITION);
    must(open_outbox());
    assert_int_equal(outbox_count(outbox), ENTRIES);
    must(outbox_offer(outbox, ENTRIES, arena));
    assert_int_equal(sender.count, ENTRIES);
    for (int i = 0; i < ENTRIES; i++) {
        assert_int_equal(((int)strtol(sender.ids[i] + 1, NULL, 10) * 7919) % ENTRIES, i);
    }
}

static uint32_t dice(uint64_t *seed, uint32_t sides)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (uint32_t)(*seed >> 20) % sides;
}

// Against a list of due times that is searched through: what goes is due, and nothing due stays.
static void random_times_go_in_order(void **state)
{
    (void)state;
    static int64_t dues[ENTRIES]; // 0: not waiting.
    memset(dues, 0, sizeof dues);
    uint64_t seed = 42;
    int64_t now = 1;
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t at = dice(&seed, ENTRIES);
        if (dues[at] == 0) {
            char id[ID_BYTES];
            dues[at] = now + dice(&seed, 50);
            snprintf(id, sizeof id, "n%u", at);
            write_and_note(id, dues[at]);
            commit();
        }
        now += dice(&seed, 3);
        sender.count = 0;
        sender.room = TAKEN_MAX;
        must(outbox_offer(outbox, now, arena));
        int64_t before = 0;
        for (size_t i = 0; i < sender.count; i++) {
            int64_t *due = &dues[strtol(sender.ids[i] + 1, NULL, 10)];
            assert_in_range(*due, before > 0 ? before : 1, now);
            before = *due;
            *due = 0;
        }
        size_t waiting = 0;
        for (size_t i = 0; i < ENTRIES; i++) {
            assert_true(dues[i] == 0 || dues[i] > now);
            waiting += dues[i] > 0 ? 1 : 0;
        }
        assert_int_equal(outbox_count(outbox), waiting);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(entries_go_when_they_are_due_and_in_that_order, begin, end),
        cmocka_unit_test_setup_teardown(what_a_full_effector_refuses_is_offered_again, begin, end),
        cmocka_unit_test_setup_teardown(what_is_wanted_later_lets_others_pass, begin, end),
        cmocka_unit_test_setup_teardown(a_full_lane_holds_up_no_other, begin, end),
        cmocka_unit_test_setup_teardown(what_became_void_is_refused_and_not_offered, begin, end),
        cmocka_unit_test_setup_teardown(nothing_is_offered_before_its_commit, begin, end),
        cmocka_unit_test_setup_teardown(an_entry_that_ended_meanwhile_is_passed_over, begin, end),
        cmocka_unit_test_setup_teardown(a_start_finds_every_entry, begin, end),
        cmocka_unit_test_setup_teardown(random_times_go_in_order, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
