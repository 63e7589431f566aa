// The alerts processor on random series, against a judge that looks at every side of every
// subscription at every quote. The judge is written from docs/alert-rules.md and shares no code.
#include "streams/processors/alerts.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "processor_bench.h"
#include "schemas/alert.h"
#include "schemas/quote.h"
#include "schemas/subscription.h"

enum { SUBSCRIPTIONS = 12, EVENTS = 20000, RAISED_MAX = 2 * SUBSCRIPTIONS, NAME_BYTES = 8 };

enum judged { UNKNOWN, CLEAR, PENDING, VIOLATED };

// One threshold as the page describes it. `high` mirrors the numbers.
struct watch {
    bool exists;
    bool high;
    double threshold;
    enum judged at;
    bool was_clear;
    const char *quietened; // Why nobody is told, NULL for nothing.
    int64_t since;
    bool has_entered;
    int64_t entered;
};

struct wish {
    bool active;
    bool known;
    char id[NAME_BYTES];
    int64_t version;
    double rearm;
    int64_t hold;
    int64_t cooldown;
    int64_t paused; // Until this event time.
    bool tell_cleared;
    struct watch watches[2]; // LOW, HIGH
};

struct raised {
    const struct wish *wish;
    const struct watch *watch;
    bool entered;
    bool initial;
    const char *suppressed;
};

static struct processor_bench bench;
static struct wish wishes[SUBSCRIPTIONS];
static struct raised raised[RAISED_MAX];
static size_t raised_count;
static bool has_last;
static double last_value;
static int64_t last_time;
static uint64_t seed;

static uint32_t dice(uint32_t sides)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 20) % sides;
}

static int begin(void **state)
{
    (void)state;
    seed = 88172645463325252U;
    has_last = false;
    memset(wishes, 0, sizeof wishes);
    return processor_bench_open(&bench, "alerts");
}

static int end(void **state)
{
    (void)state;
    return processor_bench_close(&bench);
}

static void raise(const struct wish *wish, const struct watch *watch, bool entered, bool initial)
{
    assert_true(raised_count < RAISED_MAX);
    raised[raised_count++] = (struct raised){wish, watch, entered, initial, watch->quietened};
}

static void enter(const struct wish *wish, struct watch *watch, int64_t time, bool initial)
{
    watch->at = VIOLATED;
    bool cools = wish->cooldown > 0 && watch->has_entered && time - watch->entered < wish->cooldown;
    watch->quietened = time < wish->paused ? "paused" : cools ? "cooldown" : NULL;
    if (watch->quietened == NULL) {
        watch->has_entered = true;
        watch->entered = time;
    }
    raise(wish, watch, true, initial);
}

static void judge(const struct wish *wish, struct watch *watch, double value, int64_t time)
{
    double limit = watch->threshold;
    bool beyond = watch->high ? value > limit : value < limit;
    if (watch->at == VIOLATED) {
        bool back = watch->high ? value <= limit - wish->rearm : value >= limit + wish->rearm;
        if (!beyond && back) {
            watch->at = CLEAR;
            if (watch->quietened == NULL && time < wish->paused) {
                watch->quietened = "paused";
            }
            raise(wish, watch, false, false);
        }
    } else if (!beyond) {
        watch->at = CLEAR;
    } else if (watch->at == PENDING) {
        if (time - watch->since >= wish->hold) {
            enter(wish, watch, time, !watch->was_clear);
        }
    } else if (wish->hold == 0) {
        enter(wish, watch, time, watch->at == UNKNOWN);
    } else {
        watch->was_clear = watch->at == CLEAR;
        watch->at = PENDING;
        watch->since = time;
    }
}

static void judge_wish(struct wish *wish, double value, int64_t time)
{
    for (size_t side = 0; wish->active && side < 2; side++) {
        if (wish->watches[side].exists) {
            judge(wish, &wish->watches[side], value, time);
        }
    }
}

// CLEARED first, then by id, then LOW.
static int compare(const void *left_item, const void *right_item)
{
    const struct raised *left = left_item;
    const struct raised *right = right_item;
    if (left->entered != right->entered) {
        return left->entered ? 1 : -1;
    }
    int order = strcmp(left->wish->id, right->wish->id);
    return order != 0 ? order : (int)left->watch->high - (int)right->watch->high;
}

static void expect_alert(size_t at, const struct event *event, bool has_previous, double previous)
{
    const struct raised *wanted = &raised[at];
    struct alert alert;
    assert_true(sg_is_ok(processor_bench_output(&bench, at, &alert)));
    assert_true(bytes_is_text(alert.subscription_id, wanted->wish->id));
    assert_int_equal(alert.side, wanted->watch->high ? SIDE_HIGH : SIDE_LOW);
    assert_int_equal(alert.edge, wanted->entered ? EDGE_ENTERED : EDGE_CLEARED);
    assert_int_equal(alert.initial, wanted->initial);
    assert_int_equal(alert.has_suppressed, wanted->suppressed != NULL);
    assert_true(!alert.has_suppressed || bytes_is_text(alert.suppressed, wanted->suppressed));
    assert_int_equal(alert.notify,
                     wanted->suppressed == NULL && (wanted->entered || wanted->wish->tell_cleared));
    assert_int_equal(alert.subscription_version, wanted->wish->version);
    assert_true(alert.threshold == wanted->watch->threshold && alert.value == last_value);
    assert_int_equal(alert.event_time, last_time);
    assert_int_equal(alert.has_previous_value, has_previous);
    assert_true(!has_previous || alert.previous_value == previous);
    assert_int_equal(alert.cause.offset, event->offset);
    assert_true(bytes_is_text(alert.cause.topic, topic_info(event->topic)->name));
    assert_string_equal(bench.outputs[at].key, "ada");
}

static void expect_alerts(const struct event *event, bool has_previous, double previous)
{
    qsort(raised, raised_count, sizeof raised[0], compare);
    assert_int_equal(bench.output_count, raised_count);
    for (size_t i = 0; i < raised_count; i++) {
        expect_alert(i, event, has_previous, previous);
    }
}

static void give_quote(int64_t offset, int64_t now)
{
    struct quote quote = {
        .instrument = bytes_of_text("stock:A"),
        .value = (double)dice(40) / 4 - 5,
        .event_time = dice(10) == 0 ? now - 5 : now,
        .source = bytes_of_text("test"),
    };
    struct event event = {.topic = TOPIC_QUOTES,
                          .key = quote.instrument,
                          .record = &quote,
                          .offset = offset,
                          .timestamp_ms = now};
    assert_true(sg_is_ok(processor_bench_take(&bench, &event)));
    raised_count = 0;
    bool had = has_last;
    double previous = last_value;
    if (!had || quote.event_time >= last_time) {
        has_last = true;
        last_value = quote.value;
        last_time = quote.event_time;
        for (size_t i = 0; i < SUBSCRIPTIONS; i++) {
            judge_wish(&wishes[i], last_value, last_time);
        }
    }
    expect_alerts(&event, had, previous);
}

static struct subscription subscription_by_chance(const struct wish *wish)
{
    double low = (double)dice(20) / 4 - 5;
    struct subscription subscription = {
        .subscription_id = bytes_of_text(wish->id),
        .user_id = bytes_of_text("ada"),
        .instrument = bytes_of_text("stock:A"),
        .has_low = dice(3) > 0,
        .low = low,
        .high = low + 3 + (double)dice(10) / 4,
        .rearm = dice(2) == 0 ? 0 : 0.75,
        .hold_ms = dice(2) == 0 ? 0 : dice(30),
        .cooldown_ms = dice(2) == 0 ? 0 : dice(300),
        .notify_cleared = dice(2) == 0,
        .active = dice(6) > 0,
        .version = wish->version + (int64_t)dice(2),
    };
    subscription.has_high = !subscription.has_low || dice(3) > 0;
    subscription.has_paused_until = dice(3) == 0;
    subscription.paused_until = last_time + (int64_t)dice(400);
    return subscription;
}

// Rule 3 of "A subscription change" for one side.
static void change_watch(struct wish *wish, size_t side, const struct subscription *to)
{
    struct watch *watch = &wish->watches[side];
    bool high = side == 1;
    bool has = to->active && (high ? to->has_high : to->has_low);
    double threshold = high ? to->high : to->low;
    if (!has) {
        *watch = (struct watch){.exists = false};
    } else if (!watch->exists) {
        *watch = (struct watch){.exists = true, .high = high, .at = UNKNOWN};
    } else if (watch->at == PENDING && (threshold != watch->threshold || to->rearm != wish->rearm ||
                                        to->hold_ms != wish->hold)) {
        watch->at = watch->was_clear ? CLEAR : UNKNOWN;
    }
    watch->threshold = threshold;
}

static void give_subscription(int64_t offset, int64_t now)
{
    struct wish *wish = &wishes[dice(SUBSCRIPTIONS)];
    snprintf(wish->id, sizeof wish->id, "s%d", (int)(wish - wishes));
    struct subscription to = subscription_by_chance(wish);
    bool stale = wish->known && wish->version > 0 && dice(10) == 0;
    to.version = stale ? wish->version - 1 : to.version;
    struct event event = {.topic = TOPIC_SUBSCRIPTIONS,
                          .key = to.instrument,
                          .record = &to,
                          .offset = offset,
                          .timestamp_ms = now};
    sg_result taken = processor_bench_take(&bench, &event);
    raised_count = 0;
    assert_int_equal(taken.class, stale ? SG_DROP : SG_OK);
    if (stale) {
        assert_int_equal(bench.output_count, 0);
        return;
    }
    change_watch(wish, 0, &to);
    change_watch(wish, 1, &to);
    wish->known = true;
    wish->active = to.active;
    wish->version = to.version;
    wish->rearm = to.rearm;
    wish->hold = to.hold_ms;
    wish->cooldown = to.cooldown_ms;
    wish->paused = to.has_paused_until ? to.paused_until : 0;
    wish->tell_cleared = to.notify_cleared;
    if (has_last) {
        judge_wish(wish, last_value, last_time);
    }
    expect_alerts(&event, false, 0);
}

static void random_series_are_judged_as_by_hand(void **state)
{
    (void)state;
    int64_t now = 1000;
    size_t alerts = 0;
    for (int64_t offset = 0; offset < EVENTS; offset++) {
        now += dice(8);
        if (dice(12) == 0) {
            give_subscription(offset, now);
        } else {
            give_quote(offset, now);
        }
        alerts += raised_count;
        if (dice(50) == 0) {
            assert_true(sg_is_ok(processor_bench_end(&bench, true)));
        }
    }
    assert_true(alerts > EVENTS / 2);
}

static void a_quote_for_nobody_and_a_refused_one_change_nothing_else(void **state)
{
    (void)state;
    struct quote quote = {.instrument = bytes_of_text("stock:A"), .value = 1, .event_time = 1000};
    struct event event = {
        .topic = TOPIC_QUOTES, .key = quote.instrument, .record = &quote, .timestamp_ms = 1000};
    assert_true(sg_is_ok(processor_bench_take(&bench, &event)));
    assert_int_equal(bench.output_count, 0);
    assert_int_equal(stores_dirty_count(bench.stores), 1);
    assert_true(sg_is_ok(processor_bench_end(&bench, true)));
    quote.event_time = 1000 + 86400001;
    assert_int_equal(processor_bench_take(&bench, &event).class, SG_DROP);
    assert_int_equal(stores_dirty_count(bench.stores), 0);
    quote.event_time = 1000 + 86400000;
    assert_true(sg_is_ok(processor_bench_take(&bench, &event)));
}

// Times at the end of what a long holds: a hold ends behind it, and nothing overflows.
static void the_end_of_time_is_survived(void **state)
{
    (void)state;
    struct subscription subscription = {
        .subscription_id = bytes_of_text("s"),
        .user_id = bytes_of_text("ada"),
        .instrument = bytes_of_text("stock:A"),
        .has_high = true,
        .high = 1,
        .hold_ms = 315360000000,
        .cooldown_ms = 315360000000,
        .active = true,
    };
    struct event change = {.topic = TOPIC_SUBSCRIPTIONS,
                           .key = subscription.instrument,
                           .record = &subscription,
                           .timestamp_ms = INT64_MAX};
    assert_true(sg_is_ok(processor_bench_take(&bench, &change)));
    struct quote quote = {
        .instrument = subscription.instrument, .value = 2, .event_time = INT64_MAX - 5};
    struct event event = {.topic = TOPIC_QUOTES,
                          .key = quote.instrument,
                          .record = &quote,
                          .timestamp_ms = INT64_MAX};
    for (int i = 0; i < 5; i++) {
        assert_true(sg_is_ok(processor_bench_take(&bench, &event)));
        assert_int_equal(bench.output_count, 0);
        quote.event_time++;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(random_series_are_judged_as_by_hand, begin, end),
        cmocka_unit_test_setup_teardown(a_quote_for_nobody_and_a_refused_one_change_nothing_else,
                                        begin, end),
        cmocka_unit_test_setup_teardown(the_end_of_time_is_survived, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
