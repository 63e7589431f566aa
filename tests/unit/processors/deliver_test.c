// The life of an outbox entry.
#include "streams/processors/deliver.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "processor_bench.h"
#include "schemas/delivery.h"
#include "schemas/notification.h"
#include "schemas/outbox_entry.h"

enum { FIRST_MS = 1000, MAX_MS = 4000, GIVE_UP_MS = 20000, ID_MAX = 128 };

static const struct deliver_settings settings = {FIRST_MS, MAX_MS, GIVE_UP_MS};
static struct processor_bench bench;

static int begin(void **state)
{
    (void)state;
    int opened = processor_bench_open(&bench, "deliver");
    bench.settings = &settings;
    return opened;
}

static int end(void **state)
{
    (void)state;
    return processor_bench_close(&bench);
}

static sg_result notify(struct bytes id)
{
    struct notification notification = {
        .notification_id = id,
        .user_id = bytes_of_text("ada"),
        .channel = CHANNEL_KIND_EMAIL,
        .address = bytes_of_text("ada@example.org"),
        .subject = bytes_of_text("up"),
        .body_text = bytes_of_text("it went up"),
    };
    struct event event = {
        .topic = TOPIC_NOTIFICATIONS, .key = bytes_of_text("ada"), .record = &notification};
    return processor_bench_take(&bench, &event);
}

// A notification that fills its record is one that its entry, which says more, does not fit into:
// the changelog would refuse it, and the processor could neither take it nor pass it.
static void what_has_no_room_in_the_outbox_is_refused(void **state)
{
    (void)state;
    enum { LARGEST = 1000000, TOO_LARGE };
    static uint8_t value[TOO_LARGE];
    struct notification notification = {.notification_id = bytes_of_text("n"),
                                        .user_id = bytes_of_text("ada"),
                                        .body_text = bytes_of_text("it went up")};
    struct event event = {.topic = TOPIC_NOTIFICATIONS,
                          .key = bytes_of_text("ada"),
                          .value = bytes_of(value, TOO_LARGE),
                          .record = &notification};
    assert_int_equal(processor_bench_take(&bench, &event).class, SG_DROP);
    assert_non_null(strstr(sg_reason(), "1000001 bytes: it may have 1000000"));
    event.value = bytes_of(value, LARGEST);
    assert_true(sg_is_ok(processor_bench_take(&bench, &event)));
}

static sg_result report(const char *id, enum outcome outcome, int32_t attempt, int64_t at_ms)
{
    struct effect_outcome said = {.id = bytes_of_text(id),
                                  .outcome = (int32_t)outcome,
                                  .attempt = attempt,
                                  .code = 400 + attempt,
                                  .reply = bytes_of_text("said"),
                                  .at_ms = at_ms};
    return processor_bench_take_outcome(&bench, &said);
}

static bool entry_of(const char *id, struct outbox_entry *ret_entry)
{
    bool found = false;
    sg_result read = store_read(stores_get(bench.stores, DELIVER_OUTBOX), bytes_of_text(id),
                                bench.arena, ret_entry, &found);
    assert_true(sg_is_ok(read));
    return found;
}

static struct delivery only_delivery(void)
{
    struct delivery delivery = {.attempt = -1};
    assert_int_equal(bench.output_count, 1);
    assert_int_equal(bench.outputs[0].topic, TOPIC_DELIVERIES);
    assert_string_equal(bench.outputs[0].key, "ada");
    assert_true(sg_is_ok(processor_bench_output(&bench, 0, &delivery)));
    return delivery;
}

static void a_notification_is_due_at_once(void **state)
{
    (void)state;
    struct outbox_entry entry;
    assert_true(sg_is_ok(notify(bytes_of_text("n"))));
    assert_int_equal(bench.output_count, 0);
    assert_true(entry_of("n", &entry));
    assert_int_equal(entry.attempt, 0);
    assert_int_equal(deliver_due_ms(&entry), 0);
    assert_true(bytes_is_text(entry.notification.address, "ada@example.org"));
}

static void what_was_sent_or_refused_ends(void **state)
{
    (void)state;
    static const enum outcome finals[] = {OUTCOME_SENT, OUTCOME_REJECTED};
    for (size_t i = 0; i < 2; i++) {
        struct outbox_entry entry;
        assert_true(sg_is_ok(notify(bytes_of_text("n"))));
        assert_true(sg_is_ok(report("n", finals[i], 1, 5000)));
        struct delivery delivery = only_delivery();
        assert_int_equal(delivery.outcome, finals[i]);
        assert_int_equal(delivery.attempt, 1);
        assert_int_equal(delivery.code, 401);
        assert_int_equal(delivery.at, 5000);
        assert_true(bytes_is_text(delivery.reply, "said"));
        assert_false(delivery.has_next_attempt_at);
        assert_false(entry_of("n", &entry));
    }
}

static void waits_double_up_to_the_longest_and_then_it_expires(void **state)
{
    (void)state;
    int64_t now_ms = 100000;
    int32_t attempt = 1;
    struct outbox_entry entry;
    assert_true(sg_is_ok(notify(bytes_of_text("n"))));
    assert_true(sg_is_ok(report("n", OUTCOME_RETRY, attempt, now_ms)));
    struct delivery delivery = only_delivery();
    while (delivery.outcome == OUTCOME_RETRY) {
        int64_t longest = (int64_t)FIRST_MS << (attempt - 1);
        longest = longest > MAX_MS ? MAX_MS : longest;
        assert_true(delivery.has_next_attempt_at);
        assert_in_range(delivery.next_attempt_at - now_ms, longest / 2, longest);
        assert_true(entry_of("n", &entry));
        assert_int_equal(entry.attempt, attempt);
        assert_int_equal(deliver_due_ms(&entry), delivery.next_attempt_at);
        assert_int_equal(entry.first_attempt_at, 100000);
        assert_true(delivery.next_attempt_at - 100000 <= GIVE_UP_MS);
        now_ms = delivery.next_attempt_at;
        assert_true(sg_is_ok(report("n", OUTCOME_RETRY, ++attempt, now_ms)));
        delivery = only_delivery();
    }
    assert_int_equal(delivery.outcome, OUTCOME_EXPIRED);
    assert_false(delivery.has_next_attempt_at);
    assert_false(entry_of("n", &entry));
    // The schedule left no room for another attempt, and used what it had.
    assert_in_range(now_ms - 100000, GIVE_UP_MS - MAX_MS, GIVE_UP_MS);
}

static void the_wait_is_the_same_when_it_is_done_again(void **state)
{
    (void)state;
    assert_true(sg_is_ok(notify(bytes_of_text("n"))));
    assert_true(sg_is_ok(processor_bench_end(&bench, true)));
    assert_true(sg_is_ok(report("n", OUTCOME_RETRY, 1, 5000)));
    int64_t first = only_delivery().next_attempt_at;
    assert_true(sg_is_ok(processor_bench_end(&bench, false)));
    assert_true(sg_is_ok(report("n", OUTCOME_RETRY, 1, 5000)));
    assert_int_equal(only_delivery().next_attempt_at, first);
}

static void an_outcome_counts_once(void **state)
{
    (void)state;
    struct outbox_entry entry;
    assert_true(sg_is_ok(report("never there", OUTCOME_SENT, 1, 5000)));
    assert_int_equal(bench.output_count, 0);
    assert_true(sg_is_ok(notify(bytes_of_text("n"))));
    assert_true(sg_is_ok(report("n", OUTCOME_RETRY, 1, 5000)));
    assert_int_equal(bench.output_count, 1);
    assert_true(entry_of("n", &entry));
    int64_t due = deliver_due_ms(&entry);
    assert_true(sg_is_ok(report("n", OUTCOME_RETRY, 1, 9000)));
    assert_true(sg_is_ok(report("n", OUTCOME_SENT, 1, 9000)));
    assert_int_equal(bench.output_count, 0);
    assert_true(entry_of("n", &entry));
    assert_int_equal(deliver_due_ms(&entry), due);
    assert_true(sg_is_ok(report("n", OUTCOME_SENT, 2, 9000)));
    assert_true(sg_is_ok(report("n", OUTCOME_SENT, 2, 9000)));
    assert_int_equal(bench.output_count, 0);
}

static void the_same_notification_again_keeps_its_schedule(void **state)
{
    (void)state;
    struct outbox_entry entry;
    assert_true(sg_is_ok(notify(bytes_of_text("n"))));
    assert_true(sg_is_ok(report("n", OUTCOME_RETRY, 1, 5000)));
    assert_true(sg_is_ok(notify(bytes_of_text("n"))));
    assert_true(entry_of("n", &entry));
    assert_int_equal(entry.attempt, 1);
    assert_true(deliver_due_ms(&entry) > 5000);
}

static void an_id_that_cannot_be_a_key_is_refused(void **state)
{
    (void)state;
    char id[600];
    memset(id, 'n', sizeof id);
    static const size_t sizes[] = {0, ID_MAX + 1, 511, 512, sizeof id};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_int_equal(notify(bytes_of(id, sizes[i])).class, SG_DROP);
        assert_non_null(strstr(sg_reason(), "notification_id"));
        assert_int_equal(stores_dirty_count(bench.stores), 0);
    }
    assert_int_equal(notify(bytes_of("a\nb", 3)).class, SG_DROP);
    assert_int_equal(notify(bytes_of("a\0b", 3)).class, SG_DROP);
    assert_int_equal(notify(bytes_of("\xFF", 1)).class, SG_DROP);
    assert_true(sg_is_ok(notify(bytes_of(id, ID_MAX))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_notification_is_due_at_once, begin, end),
        cmocka_unit_test_setup_teardown(what_was_sent_or_refused_ends, begin, end),
        cmocka_unit_test_setup_teardown(waits_double_up_to_the_longest_and_then_it_expires, begin,
                                        end),
        cmocka_unit_test_setup_teardown(the_wait_is_the_same_when_it_is_done_again, begin, end),
        cmocka_unit_test_setup_teardown(an_outcome_counts_once, begin, end),
        cmocka_unit_test_setup_teardown(the_same_notification_again_keeps_its_schedule, begin, end),
        cmocka_unit_test_setup_teardown(an_id_that_cannot_be_a_key_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(what_has_no_room_in_the_outbox_is_refused, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
