// What a quote means to one side of one subscription: the tables of docs/alert-rules.md as a pure,
// total function.
#pragma once
#include "schemas/side.h"
#include "schemas/side_state.h"
#include "schemas/subscription.h"

#include <stdbool.h>
#include <stdint.h>

// One side of a subscription.
struct alert_rule {
    enum side side;
    double threshold;
    double rearm;
    int64_t hold_ms;
    int64_t cooldown_ms;
    int64_t paused_until; // Event time, ms; 0 when it is not paused.
};

enum alert_verdict { ALERT_VERDICT_NOTHING, ALERT_VERDICT_ENTERED, ALERT_VERDICT_CLEARED };

// Why nobody is told. TOLD is 0.
enum alert_quiet { ALERT_QUIET_TOLD, ALERT_QUIET_COOLDOWN, ALERT_QUIET_PAUSED };

struct alert_decision {
    enum alert_verdict verdict;
    bool initial;
    enum alert_quiet quiet;
};

// When a side has to be judged again: at a value above (or below) `level`, or at an event time.
enum alert_trigger_kind { ALERT_TRIGGER_ABOVE, ALERT_TRIGGER_BELOW, ALERT_TRIGGER_DUE };
struct alert_trigger {
    enum alert_trigger_kind kind;
    double level;   // Of ABOVE and BELOW.
    bool inclusive; // The level itself counts too.
    int64_t due_ms; // Of DUE: this event time or later.
};
enum { ALERT_TRIGGERS_MAX = 2 };

// The rule of a side; false when the subscription has no threshold there or is not active.
bool alert_rules_side(const struct subscription *subscription, enum side side,
                      struct alert_rule *ret_rule);

// "cooldown", "paused", or "" for TOLD: the field suppressed of an alert.
const char *alert_rules_quiet_name(enum alert_quiet quiet);

// Judges a side on a value at an event time: moves `state` and says what is to be raised.
struct alert_decision alert_rules_judge(const struct alert_rule *rule, double value,
                                        int64_t event_time_ms, struct side_state *state);

// The state of a side after its subscription changed from `before` (NULL: there was no such side)
// to `after`, before it is judged.
void alert_rules_change(const struct alert_rule *before, const struct alert_rule *after,
                        struct side_state *state);

// What a side waits for: any other quote leaves it as it is. Returns how many.
size_t alert_rules_triggers(const struct alert_rule *rule, const struct side_state *state,
                            struct alert_trigger ret_triggers[static ALERT_TRIGGERS_MAX]);
