// Each kind of alert has its reason and its row.
#include "app/audit/story.h"

#include "schemas/alert.h"
#include "schemas/subscription.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static struct alert alert;
static struct subscription subscription;
static char why[512];
static const char *row;

static int reset(void **state)
{
    (void)state;
    alert = alert_default;
    alert.side = SIDE_HIGH;
    alert.edge = EDGE_ENTERED;
    alert.threshold = 190;
    alert.value = 191.5;
    alert.has_previous_value = true;
    alert.previous_value = 185;
    alert.cause.topic = bytes_of_text("quotes");
    alert.notify = true;
    subscription = subscription_default;
    subscription.has_high = true;
    subscription.high = 190;
    return 0;
}

static void tell(bool has_subscription)
{
    struct exhibit seen = {.record = &alert};
    struct exhibit by = {.record = has_subscription ? &subscription : NULL};
    struct buffer out;
    buffer_init(&out, sizeof why - 1);
    assert_true(sg_is_ok(story_why(&seen, &by, &out)));
    snprintf(why, sizeof why, "%.*s", (int)out.size, (const char *)out.data);
    buffer_done(&out);
    row = story_row(&seen, &by);
}

static void a_crossing(void **state)
{
    (void)state;
    tell(true);
    assert_string_equal(why, "191.5 is above the high threshold 190; before it was 185");
    assert_string_equal(row, "CLEAR, beyond: ENTERED");
    tell(false);
    assert_string_equal(why, "191.5 is above the high threshold 190; before it was 185");
}

static void a_first_value_and_a_change(void **state)
{
    (void)state;
    alert.initial = true;
    alert.has_previous_value = false;
    tell(true);
    assert_string_equal(why, "191.5 is above the high threshold 190; it is the first value of the "
                             "instrument");
    assert_string_equal(row, "UNKNOWN, beyond: ENTERED with initial");
    alert.cause.topic = bytes_of_text("subscriptions");
    tell(true);
    assert_non_null(strstr(why, "it was the last value when the subscription changed"));
}

static void a_hold_and_a_cooldown(void **state)
{
    (void)state;
    subscription.hold_ms = 5000;
    alert.has_suppressed = true;
    alert.suppressed = bytes_of_text("cooldown");
    alert.notify = false;
    tell(true);
    assert_non_null(
        strstr(why, "for the 5000 ms of the hold; nobody is told: it is within the cooldown"));
    assert_string_equal(row, "PENDING, beyond for hold_ms: ENTERED");
    alert.suppressed = bytes_of_text("paused");
    tell(true);
    assert_non_null(strstr(why, "of the hold; nobody is told: the subscription is paused"));
}

static void an_end(void **state)
{
    (void)state;
    alert.edge = EDGE_CLEARED;
    alert.side = SIDE_LOW;
    alert.threshold = 180;
    alert.value = 182;
    alert.previous_value = 179;
    subscription.rearm = 2;
    tell(true);
    assert_string_equal(why,
                        "182 is not below 182 any more, where the low threshold 180 clears with "
                        "its re-arm; before it was 179");
    assert_string_equal(row, "VIOLATED, and it clears: CLEARED");
    alert.notify = false;
    subscription.rearm = 0;
    tell(true);
    assert_string_equal(why, "182 is not below 180 any more, the low threshold; before it was 179; "
                             "nobody is told: the subscription does not ask for the end");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_crossing, reset),
        cmocka_unit_test_setup(a_first_value_and_a_change, reset),
        cmocka_unit_test_setup(a_hold_and_a_cooldown, reset),
        cmocka_unit_test_setup(an_end, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
