// The state machine of a side. Rows and words are those of docs/alert-rules.md.
#include "streams/processors/alert_rules.h"

#include <math.h>

bool alert_rules_side(const struct subscription *subscription, enum side side,
                      struct alert_rule *ret_rule)
{
    bool has = side == SIDE_LOW ? subscription->has_low : subscription->has_high;
    if (!has || !subscription->active) {
        return false;
    }
    *ret_rule = (struct alert_rule){
        .side = side,
        .threshold = side == SIDE_LOW ? subscription->low : subscription->high,
        .rearm = subscription->rearm,
        .hold_ms = subscription->hold_ms,
        .cooldown_ms = subscription->cooldown_ms,
        .paused_until = subscription->has_paused_until ? subscription->paused_until : 0,
    };
    return true;
}

static bool is_beyond(const struct alert_rule *rule, double value)
{
    return rule->side == SIDE_HIGH ? value > rule->threshold : value < rule->threshold;
}

// The level at which a violation ends. With no re-arm it is the threshold itself.
static double clearing_level(const struct alert_rule *rule)
{
    return rule->side == SIDE_HIGH ? rule->threshold - rule->rearm : rule->threshold + rule->rearm;
}

static bool is_cleared(const struct alert_rule *rule, double value)
{
    return rule->side == SIDE_HIGH ? value <= clearing_level(rule) : value >= clearing_level(rule);
}

static struct alert_decision nothing(void)
{
    return (struct alert_decision){.verdict = ALERT_VERDICT_NOTHING};
}

static bool is_paused(const struct alert_rule *rule, int64_t event_time_ms)
{
    return event_time_ms < rule->paused_until;
}

static enum alert_quiet quiet_of_entered(const struct alert_rule *rule, int64_t event_time_ms,
                                         const struct side_state *state)
{
    if (is_paused(rule, event_time_ms)) {
        return ALERT_QUIET_PAUSED;
    }
    bool cooling = rule->cooldown_ms > 0 && state->has_last_entered &&
                   event_time_ms - state->last_entered < rule->cooldown_ms;
    return cooling ? ALERT_QUIET_COOLDOWN : ALERT_QUIET_TOLD;
}

// That of the ENTERED; of one that was told the end is not, while it is paused.
static enum alert_quiet quiet_of_cleared(const struct alert_rule *rule, int64_t event_time_ms,
                                         const struct side_state *state)
{
    if (state->suppressed) {
        return state->paused ? ALERT_QUIET_PAUSED : ALERT_QUIET_COOLDOWN;
    }
    return is_paused(rule, event_time_ms) ? ALERT_QUIET_PAUSED : ALERT_QUIET_TOLD;
}

static struct alert_decision enter(const struct alert_rule *rule, int64_t event_time_ms,
                                   struct side_state *state, bool initial)
{
    enum alert_quiet quiet = quiet_of_entered(rule, event_time_ms, state);
    state->phase = SIDE_PHASE_VIOLATED;
    state->suppressed = quiet != ALERT_QUIET_TOLD;
    state->paused = quiet == ALERT_QUIET_PAUSED;
    if (!state->suppressed) {
        state->has_last_entered = true;
        state->last_entered = event_time_ms;
    }
    return (struct alert_decision){ALERT_VERDICT_ENTERED, initial, quiet};
}

static struct alert_decision begin(const struct alert_rule *rule, int64_t event_time_ms,
                                   struct side_state *state, bool was_clear)
{
    if (rule->hold_ms == 0) {
        return enter(rule, event_time_ms, state, !was_clear);
    }
    state->phase = SIDE_PHASE_PENDING;
    state->since = event_time_ms;
    state->ever_clear = was_clear;
    return nothing();
}

static struct alert_decision judge_beyond(const struct alert_rule *rule, int64_t event_time_ms,
                                          struct side_state *state)
{
    switch (state->phase) {
    case SIDE_PHASE_UNKNOWN:
        return begin(rule, event_time_ms, state, false);
    case SIDE_PHASE_CLEAR:
        return begin(rule, event_time_ms, state, true);
    case SIDE_PHASE_PENDING:
        if (event_time_ms - state->since >= rule->hold_ms) {
            return enter(rule, event_time_ms, state, !state->ever_clear);
        }
        return nothing();
    case SIDE_PHASE_VIOLATED:
        return nothing();
    }
    return nothing();
}

static struct alert_decision judge_inside(const struct alert_rule *rule, double value,
                                          int64_t event_time_ms, struct side_state *state)
{
    if (state->phase != SIDE_PHASE_VIOLATED) {
        state->phase = SIDE_PHASE_CLEAR;
        return nothing();
    }
    if (!is_cleared(rule, value)) {
        return nothing();
    }
    state->phase = SIDE_PHASE_CLEAR;
    return (struct alert_decision){ALERT_VERDICT_CLEARED, false,
                                   quiet_of_cleared(rule, event_time_ms, state)};
}

struct alert_decision alert_rules_judge(const struct alert_rule *rule, double value,
                                        int64_t event_time_ms, struct side_state *state)
{
    return is_beyond(rule, value) ? judge_beyond(rule, event_time_ms, state)
                                  : judge_inside(rule, value, event_time_ms, state);
}

const char *alert_rules_quiet_name(enum alert_quiet quiet)
{
    switch (quiet) {
    case ALERT_QUIET_TOLD:
        return "";
    case ALERT_QUIET_COOLDOWN:
        return "cooldown";
    case ALERT_QUIET_PAUSED:
        return "paused";
    }
    return "";
}

static bool same_threshold(const struct alert_rule *left, const struct alert_rule *right)
{
    return left->threshold == right->threshold && left->rearm == right->rearm &&
           left->hold_ms == right->hold_ms;
}

void alert_rules_change(const struct alert_rule *before, const struct alert_rule *after,
                        struct side_state *state)
{
    if (before == NULL) {
        *state = (struct side_state){.phase = SIDE_PHASE_UNKNOWN};
        return;
    }
    if (state->phase == SIDE_PHASE_PENDING && !same_threshold(before, after)) {
        state->phase = state->ever_clear ? SIDE_PHASE_CLEAR : SIDE_PHASE_UNKNOWN;
    }
}

static struct alert_trigger outward(const struct alert_rule *rule)
{
    enum alert_trigger_kind kind =
        rule->side == SIDE_HIGH ? ALERT_TRIGGER_ABOVE : ALERT_TRIGGER_BELOW;
    return (struct alert_trigger){.kind = kind, .level = rule->threshold};
}

static struct alert_trigger inward(const struct alert_rule *rule, double level)
{
    enum alert_trigger_kind kind =
        rule->side == SIDE_HIGH ? ALERT_TRIGGER_BELOW : ALERT_TRIGGER_ABOVE;
    return (struct alert_trigger){.kind = kind, .level = level, .inclusive = true};
}

// Far in the future it is the end of time.
static int64_t end_of_hold(const struct alert_rule *rule, const struct side_state *state)
{
    return state->since > INT64_MAX - rule->hold_ms ? INT64_MAX : state->since + rule->hold_ms;
}

size_t alert_rules_triggers(const struct alert_rule *rule, const struct side_state *state,
                            struct alert_trigger ret_triggers[static ALERT_TRIGGERS_MAX])
{
    switch (state->phase) {
    case SIDE_PHASE_UNKNOWN:
        // Every value is at or above minus infinity: the first quote judges it.
        ret_triggers[0] = (struct alert_trigger){
            .kind = ALERT_TRIGGER_ABOVE, .level = -INFINITY, .inclusive = true};
        return 1;
    case SIDE_PHASE_CLEAR:
        ret_triggers[0] = outward(rule);
        return 1;
    case SIDE_PHASE_PENDING:
        ret_triggers[0] = inward(rule, rule->threshold);
        ret_triggers[1] =
            (struct alert_trigger){.kind = ALERT_TRIGGER_DUE, .due_ms = end_of_hold(rule, state)};
        return 2;
    case SIDE_PHASE_VIOLATED:
        ret_triggers[0] = inward(rule, clearing_level(rule));
        return 1;
    }
    return 0;
}
