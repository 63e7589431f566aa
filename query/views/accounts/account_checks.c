// Checks of users, subscriptions and answers.
#include "query/views/accounts/account_checks.h"

#include "query/views/view_check.h"
#include "schemas/command_result.h"

static sg_result check_user(const struct user *user)
{
    SG_TRY(view_check_name("user_id", user->user_id));
    return view_check_not_negative("version", user->version);
}

static sg_result check_subscription(const struct subscription *subscription)
{
    SG_TRY(view_check_name("subscription_id", subscription->subscription_id));
    SG_TRY(view_check_name("user_id", subscription->user_id));
    SG_TRY(view_check_name("instrument", subscription->instrument));
    if (subscription->has_low) {
        SG_TRY(view_check_finite("low", subscription->low));
    }
    if (subscription->has_high) {
        SG_TRY(view_check_finite("high", subscription->high));
    }
    SG_TRY(view_check_finite("rearm", subscription->rearm));
    return view_check_not_negative("version", subscription->version);
}

sg_result account_checks_user(const struct view_record *record)
{
    const struct user *user = record->value;
    SG_TRY(view_check_key(record, "user_id", user->user_id));
    return check_user(user);
}

sg_result account_checks_subscription(const struct view_record *record)
{
    const struct subscription *subscription = record->value;
    SG_TRY(view_check_key(record, "instrument", subscription->instrument));
    return check_subscription(subscription);
}

// What a result carries must be its user's own: the key that was checked is the user's.
static sg_result check_carried(const struct command_result *result)
{
    bool is_user = result->result_type == COMMAND_RESULT_RESULT_USER;
    SG_TRY(is_user ? check_user(&result->result.user)
                   : check_subscription(&result->result.subscription));
    struct bytes owner =
        is_user ? result->result.user.user_id : result->result.subscription.user_id;
    return bytes_equal(owner, result->user_id)
               ? sg_ok()
               : sg_fail(SG_DROP, 0, "the result is another user's");
}

sg_result account_checks_result(const struct view_record *record)
{
    const struct command_result *result = record->value;
    SG_TRY(view_check_key(record, "user_id", result->user_id));
    SG_TRY(view_check_name("command_id", result->command_id));
    SG_TRY(view_check_not_negative("at", result->at));
    return result->has_result ? check_carried(result) : sg_ok();
}
