// Every row of the tables of docs/alert-rules.md.
#include "streams/processors/alert_rules.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>

enum { T0 = 100000 };

static struct alert_rule rule_of(enum side side, double threshold, double rearm, int64_t hold_ms,
                                 int64_t cooldown_ms)
{
    return (struct alert_rule){side, threshold, rearm, hold_ms, cooldown_ms, 0};
}

// "-": nothing, "E": ENTERED, "C": CLEARED; with "i" for initial, "s" for suppressed by
// the cooldown and "p" for paused.
static void expect(const struct alert_rule *rule, struct side_state *state, double value,
                   int64_t at_ms, const char *wanted)
{
    struct alert_decision decision = alert_rules_judge(rule, value, at_ms, state);
    char found[4] = {"-EC"[decision.verdict], '\0'};
    size_t size = 1;
    if (decision.initial) {
        found[size++] = 'i';
    }
    if (decision.quiet != ALERT_QUIET_TOLD) {
        found[size++] = decision.quiet == ALERT_QUIET_PAUSED ? 'p' : 's';
    }
    assert_string_equal(found, wanted);
}

static void beyond_and_clears_at_each_edge(void **state)
{
    (void)state;
    static const struct {
        enum side side;
        double rearm;
        double value;
        bool beyond;
        bool clears;
    } rows[] = {
        {SIDE_HIGH, 0, 10.5, true, false}, {SIDE_HIGH, 0, 10, false, true},
        {SIDE_HIGH, 0, 9, false, true},    {SIDE_HIGH, 2, 10, false, false},
        {SIDE_HIGH, 2, 8.5, false, false}, {SIDE_HIGH, 2, 8, false, true},
        {SIDE_LOW, 0, 9.5, true, false},   {SIDE_LOW, 0, 10, false, true},
        {SIDE_LOW, 0, 11, false, true},    {SIDE_LOW, 2, 10, false, false},
        {SIDE_LOW, 2, 11.5, false, false}, {SIDE_LOW, 2, 12, false, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct alert_rule rule = rule_of(rows[i].side, 10, rows[i].rearm, 0, 0);
        struct side_state clear = {.phase = SIDE_PHASE_CLEAR};
        struct side_state violated = {.phase = SIDE_PHASE_VIOLATED};
        expect(&rule, &clear, rows[i].value, T0, rows[i].beyond ? "E" : "-");
        expect(&rule, &violated, rows[i].value, T0, rows[i].clears ? "C" : "-");
        assert_int_equal(violated.phase, rows[i].clears ? SIDE_PHASE_CLEAR : SIDE_PHASE_VIOLATED);
    }
}

static void a_first_judgement(void **state)
{
    (void)state;
    struct alert_rule rule = rule_of(SIDE_HIGH, 10, 0, 0, 0);
    struct side_state beyond = {.phase = SIDE_PHASE_UNKNOWN};
    expect(&rule, &beyond, 11, T0, "Ei");
    assert_int_equal(beyond.phase, SIDE_PHASE_VIOLATED);
    struct side_state inside = {.phase = SIDE_PHASE_UNKNOWN};
    expect(&rule, &inside, 9, T0, "-");
    assert_int_equal(inside.phase, SIDE_PHASE_CLEAR);
    expect(&rule, &inside, 11, T0, "E");

    rule.hold_ms = 1000;
    struct side_state held = {.phase = SIDE_PHASE_UNKNOWN};
    expect(&rule, &held, 11, T0, "-");
    assert_int_equal(held.phase, SIDE_PHASE_PENDING);
    expect(&rule, &held, 11, T0 + 1000, "Ei");
}

static void a_hold_waits_for_its_whole_time(void **state)
{
    (void)state;
    struct alert_rule rule = rule_of(SIDE_LOW, 10, 5, 1000, 0);
    struct side_state side = {.phase = SIDE_PHASE_CLEAR};
    expect(&rule, &side, 9, T0, "-");
    assert_int_equal(side.since, T0);
    expect(&rule, &side, 8, T0 + 999, "-");
    // At the first quote that is not beyond it is over, whatever the re-arm.
    expect(&rule, &side, 10, T0 + 999, "-");
    assert_int_equal(side.phase, SIDE_PHASE_CLEAR);
    expect(&rule, &side, 9, T0 + 2000, "-");
    expect(&rule, &side, 9, T0 + 2999, "-");
    expect(&rule, &side, 9, T0 + 3000, "E");
    expect(&rule, &side, 9, T0 + 9000, "-");
}

static void a_cooldown_suppresses_both_edges(void **state)
{
    (void)state;
    struct alert_rule rule = rule_of(SIDE_HIGH, 10, 0, 0, 1000);
    struct side_state side = {.phase = SIDE_PHASE_CLEAR};
    expect(&rule, &side, 11, T0, "E");
    expect(&rule, &side, 9, T0 + 1, "C");
    expect(&rule, &side, 11, T0 + 999, "Es");
    expect(&rule, &side, 9, T0 + 5000, "Cs"); // That of the ENTERED it ends, whenever.
    expect(&rule, &side, 11, T0 + 5001, "E");
    expect(&rule, &side, 9, T0 + 5002, "C");
    // The time runs from the last one that was not suppressed.
    expect(&rule, &side, 11, T0 + 6000, "Es");
    expect(&rule, &side, 9, T0 + 6000, "Cs");
    expect(&rule, &side, 11, T0 + 6001, "E");
}

static void a_pause_tells_nobody_until_exactly_its_end(void **state)
{
    (void)state;
    struct alert_rule rule = rule_of(SIDE_HIGH, 10, 0, 0, 1000);
    rule.paused_until = T0 + 500;
    struct side_state side = {.phase = SIDE_PHASE_UNKNOWN};
    expect(&rule, &side, 11, T0, "Eip");
    expect(&rule, &side, 9, T0 + 1, "Cp");
    assert_false(side.has_last_entered); // It does not start the cooldown.
    expect(&rule, &side, 11, T0 + 499, "Ep");
    expect(&rule, &side, 9, T0 + 600, "Cp"); // That of the ENTERED it ends, whenever.
    expect(&rule, &side, 11, T0 + 601, "E");
    expect(&rule, &side, 9, T0 + 602, "C");
    expect(&rule, &side, 11, T0 + 603, "Es");
    expect(&rule, &side, 9, T0 + 604, "Cs"); // The pause that is over left no trace.
    rule.paused_until = T0 + 900;
    expect(&rule, &side, 11, T0 + 899, "Ep"); // Before the cooldown.
    expect(&rule, &side, 9, T0 + 900, "Cp");
    expect(&rule, &side, 11, T0 + 900, "Es");
}

static void what_began_before_the_pause_ends_quietly_in_it(void **state)
{
    (void)state;
    struct alert_rule rule = rule_of(SIDE_LOW, 10, 0, 0, 1000);
    struct side_state side = {.phase = SIDE_PHASE_CLEAR};
    expect(&rule, &side, 9, T0, "E");
    rule.paused_until = T0 + 500;
    struct side_state late = side;
    expect(&rule, &side, 11, T0 + 499, "Cp");
    expect(&rule, &late, 11, T0 + 500, "C");
    rule.paused_until = 0;
    expect(&rule, &side, 9, T0 + 600, "Es");
    rule.paused_until = T0 + 9000;
    expect(&rule, &side, 11, T0 + 601, "Cs"); // It has its reason already.
}

static void a_change_keeps_what_the_page_says(void **state)
{
    (void)state;
    struct alert_rule before = rule_of(SIDE_HIGH, 10, 0, 1000, 50);
    struct alert_rule cooldown = before;
    cooldown.cooldown_ms = 99;
    struct side_state pending = {.phase = SIDE_PHASE_PENDING,
                                 .since = T0,
                                 .ever_clear = true,
                                 .has_last_entered = true,
                                 .last_entered = 5};
    struct side_state kept = pending;
    alert_rules_change(&before, &before, &kept);
    assert_memory_equal(&kept, &pending, sizeof kept);
    alert_rules_change(&before, &cooldown, &kept);
    assert_memory_equal(&kept, &pending, sizeof kept);
    struct alert_rule paused = before;
    paused.paused_until = T0 + 9000;
    alert_rules_change(&before, &paused, &kept);
    alert_rules_change(&paused, &before, &kept);
    assert_memory_equal(&kept, &pending, sizeof kept);

    struct alert_rule changed[3] = {before, before, before};
    changed[0].threshold = 11;
    changed[1].rearm = 1;
    changed[2].hold_ms = 1001;
    static const enum side_phase phases[] = {SIDE_PHASE_UNKNOWN, SIDE_PHASE_CLEAR,
                                             SIDE_PHASE_VIOLATED};
    for (size_t i = 0; i < 3; i++) {
        struct side_state side = pending;
        alert_rules_change(&before, &changed[i], &side);
        assert_int_equal(side.phase, SIDE_PHASE_CLEAR);
        assert_true(side.has_last_entered);
        side = pending;
        side.ever_clear = false;
        alert_rules_change(&before, &changed[i], &side);
        assert_int_equal(side.phase, SIDE_PHASE_UNKNOWN);
        for (size_t j = 0; j < 3; j++) {
            side = (struct side_state){.phase = phases[j], .suppressed = true};
            alert_rules_change(&before, &changed[i], &side);
            assert_int_equal(side.phase, phases[j]);
            assert_true(side.suppressed);
        }
    }
    struct side_state fresh = pending;
    alert_rules_change(NULL, &before, &fresh);
    assert_int_equal(fresh.phase, SIDE_PHASE_UNKNOWN);
    assert_false(fresh.has_last_entered);
}

static void a_side_without_a_threshold_has_no_rule(void **state)
{
    (void)state;
    struct subscription subscription = {.has_low = true,
                                        .low = 1,
                                        .high = 9,
                                        .rearm = 2,
                                        .hold_ms = 3,
                                        .cooldown_ms = 4,
                                        .active = true};
    struct alert_rule rule;
    assert_false(alert_rules_side(&subscription, SIDE_HIGH, &rule));
    assert_true(alert_rules_side(&subscription, SIDE_LOW, &rule));
    assert_true(rule.side == SIDE_LOW && rule.threshold == 1 && rule.rearm == 2);
    assert_true(rule.hold_ms == 3 && rule.cooldown_ms == 4 && rule.paused_until == 0);
    subscription.paused_until = 5; // Not said.
    assert_true(alert_rules_side(&subscription, SIDE_LOW, &rule) && rule.paused_until == 0);
    subscription.has_paused_until = true;
    assert_true(alert_rules_side(&subscription, SIDE_LOW, &rule) && rule.paused_until == 5);
    subscription.has_high = true;
    assert_true(alert_rules_side(&subscription, SIDE_HIGH, &rule));
    assert_true(rule.side == SIDE_HIGH && rule.threshold == 9);
    subscription.active = false;
    assert_false(alert_rules_side(&subscription, SIDE_LOW, &rule));
    assert_false(alert_rules_side(&subscription, SIDE_HIGH, &rule));
}

static void extreme_numbers_are_judged_as_written(void **state)
{
    (void)state;
    struct alert_rule zero = rule_of(SIDE_HIGH, 0.0, 0, 0, 0);
    struct side_state side = {.phase = SIDE_PHASE_CLEAR};
    expect(&zero, &side, -0.0, T0, "-");
    expect(&zero, &side, DBL_TRUE_MIN, T0, "E");
    expect(&zero, &side, -0.0, T0, "C");
    // The clearing level is minus infinity: no finite value clears it.
    struct alert_rule vast = rule_of(SIDE_HIGH, -DBL_MAX, DBL_MAX, 0, 0);
    struct side_state violated = {.phase = SIDE_PHASE_VIOLATED};
    expect(&vast, &violated, -DBL_MAX, T0, "-");
    // 0.3 - 0.1 is less than 0.2 in doubles; the page asks for exactly this expression.
    struct alert_rule third = rule_of(SIDE_HIGH, 0.3, 0.1, 0, 0);
    struct side_state third_side = {.phase = SIDE_PHASE_VIOLATED};
    expect(&third, &third_side, 0.2, T0, 0.2 <= 0.3 - 0.1 ? "C" : "-");
    struct alert_rule late = rule_of(SIDE_HIGH, 1, 0, 0, 1000);
    struct side_state entered = {
        .phase = SIDE_PHASE_CLEAR, .has_last_entered = true, .last_entered = 0};
    expect(&late, &entered, 2, INT64_MAX, "E");
}

// For every state, rule and value of a grid: a quote that no trigger asks for changes nothing.
static void what_no_trigger_asks_for_changes_nothing(void **state)
{
    (void)state;
    static const double values[] = {-INFINITY, -2, -1, -0.0, 0, 1, 2, 3, INFINITY};
    static const enum side_phase phases[] = {SIDE_PHASE_UNKNOWN, SIDE_PHASE_CLEAR,
                                             SIDE_PHASE_PENDING, SIDE_PHASE_VIOLATED};
    int quiet = 0;
    for (unsigned at = 0; at < 2 * 2 * 2 * 4 * 9 * 3 * 3; at++) {
        unsigned rest = at;
        enum side side = rest % 2 == 0 ? SIDE_LOW : SIDE_HIGH;
        double rearm = (rest /= 2) % 2 == 0 ? 0 : 1;
        int64_t hold = (rest /= 2) % 2 == 0 ? 0 : 10;
        struct side_state before = {.phase = phases[(rest /= 2) % 4], .since = T0};
        double value = values[(rest /= 4) % 9];
        int64_t at_ms = T0 + (int64_t)((rest /= 9) % 3) * 9;
        struct alert_rule rule = rule_of(side, (double)((rest / 3) % 3) - 1, rearm, hold, 0);
        struct alert_trigger triggers[ALERT_TRIGGERS_MAX];
        size_t count = alert_rules_triggers(&rule, &before, triggers);
        bool asked = false;
        for (size_t i = 0; i < count; i++) {
            const struct alert_trigger *trigger = &triggers[i];
            bool met = trigger->kind == ALERT_TRIGGER_DUE     ? at_ms >= trigger->due_ms
                       : trigger->kind == ALERT_TRIGGER_ABOVE ? value > trigger->level
                                                              : value < trigger->level;
            bool level =
                trigger->kind != ALERT_TRIGGER_DUE && trigger->inclusive && value == trigger->level;
            asked = asked || met || level;
        }
        if (!asked) {
            struct side_state after = before;
            expect(&rule, &after, value, at_ms, "-");
            assert_int_equal(after.phase, before.phase);
            assert_int_equal(after.since, before.since);
            quiet++;
        }
    }
    assert_true(quiet > 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beyond_and_clears_at_each_edge),
        cmocka_unit_test(a_first_judgement),
        cmocka_unit_test(a_hold_waits_for_its_whole_time),
        cmocka_unit_test(a_cooldown_suppresses_both_edges),
        cmocka_unit_test(a_pause_tells_nobody_until_exactly_its_end),
        cmocka_unit_test(what_began_before_the_pause_ends_quietly_in_it),
        cmocka_unit_test(a_change_keeps_what_the_page_says),
        cmocka_unit_test(a_side_without_a_threshold_has_no_rule),
        cmocka_unit_test(extreme_numbers_are_judged_as_written),
        cmocka_unit_test(what_no_trigger_asks_for_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
