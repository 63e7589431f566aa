// The life of an outbox entry.
#include "streams/processors/deliver.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "processor_bench.h"
#include "schemas/delivery.h"
#include "schemas/endpoint_state.h"
#include "schemas/notification.h"
#include "schemas/outbox_entry.h"

enum { FIRST_MS = 1000, MAX_MS = 4000, GIVE_UP_MS = 20000, ID_MAX = 128 };

static const struct deliver_settings settings = {.retry_first_ms = FIRST_MS,
                                                 .retry_max_ms = MAX_MS,
                                                 .give_up_ms = GIVE_UP_MS,
                                                 .webhook_waits = "1s  2s 8s"};
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

static const char hook_url[] = "https://example.org/hook";

static struct notification hook(const char *id, const char *url, const char *channels)
{
    return (struct notification){
        .notification_id = bytes_of_text(id),
        .user_id = bytes_of_text("ada"),
        .channel = CHANNEL_KIND_WEBHOOK,
        .address = bytes_of_text(url),
        .subject = bytes_of_text("up"),
        .body_text = bytes_of_text("it went up"),
        .has_channels_id = channels != NULL,
        .channels_id = bytes_of_text(channels),
    };
}

static void take_hook(const struct notification *notification)
{
    struct event event = {
        .topic = TOPIC_NOTIFICATIONS, .key = bytes_of_text("ada"), .record = notification};
    assert_true(sg_is_ok(processor_bench_take(&bench, &event)));
}

static void answer(const char *id, enum outcome outcome, int32_t attempt, int32_t code,
                   int64_t not_before_ms)
{
    struct effect_outcome said = {.id = bytes_of_text(id),
                                  .outcome = (int32_t)outcome,
                                  .attempt = attempt,
                                  .code = code,
                                  .reply = bytes_of_text("said"),
                                  .at_ms = 1000000,
                                  .not_before_ms = not_before_ms};
    assert_true(sg_is_ok(processor_bench_take_outcome(&bench, &said)));
}

static bool is_void(const struct notification *notification)
{
    struct outbox_entry entry = {.notification = *notification};
    bool is = false;
    assert_true(sg_is_ok(deliver_is_void(bench.stores, bench.arena, &entry, &is)));
    return is;
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

static void webhooks_wait_by_their_list_and_then_expire(void **state)
{
    (void)state;
    static const int64_t waits[] = {1000, 2000, 8000};
    struct notification notification = hook("n", hook_url, "c1");
    take_hook(&notification);
    for (int32_t attempt = 1; attempt <= 3; attempt++) {
        answer("n", OUTCOME_RETRY, attempt, 500, 0);
        struct delivery delivery = only_delivery();
        int64_t longest = waits[attempt - 1];
        assert_int_equal(delivery.outcome, OUTCOME_RETRY);
        assert_int_equal(delivery.channel, CHANNEL_KIND_WEBHOOK);
        assert_in_range(delivery.next_attempt_at - 1000000, longest / 2, longest);
    }
    answer("n", OUTCOME_RETRY, 4, 500, 0);
    struct outbox_entry entry;
    assert_int_equal(only_delivery().outcome, OUTCOME_EXPIRED);
    assert_false(entry_of("n", &entry));
}

static void a_receiver_may_ask_for_later_and_not_for_earlier(void **state)
{
    (void)state;
    struct notification notification = hook("n", hook_url, "c1");
    take_hook(&notification);
    answer("n", OUTCOME_RETRY, 1, 429, 1000000 + 60000);
    assert_int_equal(only_delivery().next_attempt_at, 1000000 + 60000);
    answer("n", OUTCOME_RETRY, 2, 429, 1000001);
    assert_in_range(only_delivery().next_attempt_at - 1000000, 1000, 2000);
}

static void an_endpoint_that_is_gone_stays_so_until_the_channels_change(void **state)
{
    (void)state;
    struct notification first = hook("n1", hook_url, "c1");
    struct notification waiting = hook("n2", hook_url, "c1");
    struct notification other = hook("n3", "https://example.org/other", "c1");
    struct notification changed = hook("n4", hook_url, "c2");
    struct notification old = hook("n5", hook_url, NULL);
    take_hook(&first);
    take_hook(&waiting);
    assert_false(is_void(&first));
    answer("n1", OUTCOME_REJECTED, 1, 410, 0);
    assert_int_equal(only_delivery().code, 410);
    assert_true(is_void(&waiting));
    assert_false(is_void(&other) || is_void(&changed) || is_void(&old));
    // It is said once more of what is refused for it.
    answer("n2", OUTCOME_REJECTED, 1, 410, 0);
    assert_true(is_void(&waiting));
    take_hook(&other);
    answer("n3", OUTCOME_REJECTED, 1, 410, 0);
    assert_true(is_void(&waiting) && is_void(&other));
    // The next list of channels begins anew.
    take_hook(&changed);
    answer("n4", OUTCOME_REJECTED, 1, 410, 0);
    assert_true(is_void(&changed));
    assert_false(is_void(&waiting) || is_void(&other));
}

static void only_410_of_a_webhook_means_gone(void **state)
{
    (void)state;
    struct notification notification = hook("n1", hook_url, "c1");
    take_hook(&notification);
    answer("n1", OUTCOME_REJECTED, 1, 0, 0);
    assert_false(is_void(&notification));
    assert_true(sg_is_ok(notify(bytes_of_text("n2"))));
    answer("n2", OUTCOME_REJECTED, 1, 410, 0);
    assert_false(is_void(&notification));
}

static void the_oldest_of_many_gone_endpoints_is_forgotten(void **state)
{
    (void)state;
    enum { REMEMBERED = 32 };
    struct notification last;
    for (int i = 0; i <= REMEMBERED; i++) {
        char id[16];
        char url[64];
        snprintf(id, sizeof id, "n%d", i);
        snprintf(url, sizeof url, "https://example.org/%d", i);
        struct notification notification = hook(id, url, "c1");
        take_hook(&notification);
        answer(id, OUTCOME_REJECTED, 1, 410, 0);
        assert_true(is_void(&notification));
    }
    last = hook("x", "https://example.org/0", "c1");
    assert_false(is_void(&last));
    last = hook("x", "https://example.org/1", "c1");
    assert_true(is_void(&last));
}

static void a_list_of_waits_must_be_one(void **state)
{
    (void)state;
    char many[3 * (DELIVER_WAITS_MAX + 1) + 1] = "";
    for (int i = 0; i <= DELIVER_WAITS_MAX; i++) {
        memcpy(many + 3L * i, "1s ", sizeof "1s ");
    }
    const char *const bad[] = {"", " ", "5", "5s,5m", "0s", "11d", "5s x", many};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct deliver_settings wrong = {.webhook_waits = bad[i]};
        assert_int_equal(deliver_check(&wrong).class, SG_FATAL);
        assert_non_null(strstr(sg_reason(), "deliver.webhook_waits"));
    }
    struct deliver_settings right = {.webhook_waits = "5s 5m 30m 2h 5h 10h 14h 20h 24h"};
    assert_true(sg_is_ok(deliver_check(&right)));
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
        cmocka_unit_test_setup_teardown(webhooks_wait_by_their_list_and_then_expire, begin, end),
        cmocka_unit_test_setup_teardown(a_receiver_may_ask_for_later_and_not_for_earlier, begin,
                                        end),
        cmocka_unit_test_setup_teardown(an_endpoint_that_is_gone_stays_so_until_the_channels_change,
                                        begin, end),
        cmocka_unit_test_setup_teardown(only_410_of_a_webhook_means_gone, begin, end),
        cmocka_unit_test_setup_teardown(the_oldest_of_many_gone_endpoints_is_forgotten, begin, end),
        cmocka_unit_test_setup_teardown(a_list_of_waits_must_be_one, begin, end),
        cmocka_unit_test_setup_teardown(the_wait_is_the_same_when_it_is_done_again, begin, end),
        cmocka_unit_test_setup_teardown(an_outcome_counts_once, begin, end),
        cmocka_unit_test_setup_teardown(the_same_notification_again_keeps_its_schedule, begin, end),
        cmocka_unit_test_setup_teardown(an_id_that_cannot_be_a_key_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(what_has_no_room_in_the_outbox_is_refused, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
