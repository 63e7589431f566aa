// The reason of an alert in words, with its numbers. Follows docs/alert-rules.md.
#include "app/audit/story.h"

#include "core/number.h"
#include "schemas/alert.h"
#include "schemas/subscription.h"

#include <inttypes.h>

struct numbers {
    char value[NUMBER_TEXT_MAX];
    char threshold[NUMBER_TEXT_MAX];
    char before[NUMBER_TEXT_MAX];
    char clears_at[NUMBER_TEXT_MAX];
};

static void fill(const struct alert *alert, const struct subscription *subscription,
                 struct numbers *ret_numbers)
{
    double rearm = subscription == NULL ? 0 : subscription->rearm;
    double clears_at =
        alert->side == SIDE_HIGH ? alert->threshold - rearm : alert->threshold + rearm;
    number_print_double(alert->value, ret_numbers->value);
    number_print_double(alert->threshold, ret_numbers->threshold);
    number_print_double(alert->previous_value, ret_numbers->before);
    number_print_double(clears_at, ret_numbers->clears_at);
}

static bool is_by_subscription(const struct alert *alert)
{
    return bytes_is_text(alert->cause.topic, topic_info(TOPIC_SUBSCRIPTIONS)->name);
}

static sg_result print_entered(const struct alert *alert, const struct subscription *subscription,
                               const struct numbers *numbers, struct buffer *out)
{
    bool is_high = alert->side == SIDE_HIGH;
    SG_TRY(buffer_print(out, "%s is %s the %s threshold %s", numbers->value,
                        is_high ? "above" : "below", is_high ? "high" : "low", numbers->threshold));
    if (is_by_subscription(alert)) {
        SG_TRY(buffer_print(out, "; it was the last value when the subscription changed"));
    } else if (alert->has_previous_value) {
        SG_TRY(buffer_print(out, "; before it was %s", numbers->before));
    } else {
        SG_TRY(buffer_print(out, "; it is the first value of the instrument"));
    }
    if (subscription != NULL && subscription->hold_ms > 0) {
        SG_TRY(buffer_print(out, ", and it has been beyond for the %" PRId64 " ms of the hold",
                            subscription->hold_ms));
    }
    return sg_ok();
}

static sg_result print_cleared(const struct alert *alert, const struct subscription *subscription,
                               const struct numbers *numbers, struct buffer *out)
{
    bool is_high = alert->side == SIDE_HIGH;
    SG_TRY(buffer_print(out, "%s is not %s %s any more", numbers->value,
                        is_high ? "above" : "below", numbers->clears_at));
    if (subscription != NULL && subscription->rearm > 0) {
        SG_TRY(buffer_print(out, ", where the %s threshold %s clears with its re-arm",
                            is_high ? "high" : "low", numbers->threshold));
    } else {
        SG_TRY(buffer_print(out, ", the %s threshold", is_high ? "high" : "low"));
    }
    if (alert->has_previous_value) {
        return buffer_print(out, "; before it was %s", numbers->before);
    }
    return sg_ok();
}

SG_RESULT story_why(const struct exhibit *alert_seen, const struct exhibit *subscription_seen,
                    struct buffer *out)
{
    const struct alert *alert = alert_seen->record;
    const struct subscription *subscription = subscription_seen->record;
    struct numbers numbers;
    fill(alert, subscription, &numbers);
    SG_TRY(alert->edge == EDGE_ENTERED ? print_entered(alert, subscription, &numbers, out)
                                       : print_cleared(alert, subscription, &numbers, out));
    if (alert->has_suppressed) {
        bool paused = bytes_is_text(alert->suppressed, "paused");
        SG_TRY(buffer_print(out, "; nobody is told: %s",
                            paused ? "the subscription is paused" : "it is within the cooldown"));
    } else if (!alert->notify) {
        SG_TRY(buffer_print(out, "; nobody is told: the subscription does not ask for the end"));
    }
    return sg_ok();
}

const char *story_row(const struct exhibit *alert_seen, const struct exhibit *subscription_seen)
{
    const struct alert *alert = alert_seen->record;
    const struct subscription *subscription = subscription_seen->record;
    bool has_hold = subscription != NULL && subscription->hold_ms > 0;
    if (alert->edge == EDGE_CLEARED) {
        return "VIOLATED, and it clears: CLEARED";
    }
    if (has_hold) {
        return alert->initial ? "PENDING and never clear, beyond for hold_ms: ENTERED with initial"
                              : "PENDING, beyond for hold_ms: ENTERED";
    }
    return alert->initial ? "UNKNOWN, beyond: ENTERED with initial" : "CLEAR, beyond: ENTERED";
}
