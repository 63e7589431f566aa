// Records of accounts.
#include "account_fixture.h"

#include <stdio.h>

struct user account_fixture_user(const char *name, int64_t version)
{
    struct user user = user_default;
    user.user_id = bytes_of_text(name);
    user.email = bytes_of_text("ada@example.org");
    user.has_password_hash = true;
    user.password_hash = bytes_of_text("$argon2id$secret");
    user.active = true;
    user.version = version;
    user.changed_at = ACCOUNT_FIXTURE_NOW + version;
    return user;
}

struct subscription account_fixture_subscription(const char *user, const char *id, int64_t version)
{
    struct subscription subscription = subscription_default;
    subscription.user_id = bytes_of_text(user);
    subscription.subscription_id = bytes_of_text(id);
    subscription.instrument = bytes_of_text("stock:A");
    subscription.has_high = true;
    subscription.high = 10.0 * (double)version;
    subscription.active = true;
    subscription.version = version;
    subscription.changed_at = ACCOUNT_FIXTURE_NOW + version;
    return subscription;
}

bool account_fixture_take_user(struct view_fixture *fixture, const struct user *user, int64_t at)
{
    return view_fixture_take(fixture, TOPIC_USERS, user->user_id, at, user);
}

bool account_fixture_take_subscription(struct view_fixture *fixture,
                                       const struct subscription *subscription, int64_t at)
{
    return view_fixture_take(fixture, TOPIC_SUBSCRIPTIONS, subscription->instrument, at,
                             subscription);
}

static struct command_result done(const char *command, struct bytes user, int64_t at)
{
    struct command_result result = command_result_default;
    result.command_id = bytes_of_text(command);
    result.user_id = user;
    result.status = COMMAND_STATUS_DONE;
    result.fingerprint = bytes_of_text("f");
    result.at = at;
    return result;
}

bool account_fixture_take_result(struct view_fixture *fixture, const struct command_result *result)
{
    return view_fixture_take(fixture, TOPIC_COMMAND_RESULTS, result->user_id, result->at, result);
}

bool account_fixture_answer_user(struct view_fixture *fixture, const char *command,
                                 const struct user *user, int64_t at)
{
    struct command_result result = done(command, user->user_id, at);
    result.has_result = true;
    result.result_type = COMMAND_RESULT_RESULT_USER;
    result.result.user = *user;
    return account_fixture_take_result(fixture, &result);
}

bool account_fixture_answer_subscription(struct view_fixture *fixture, const char *command,
                                         const struct subscription *subscription, int64_t at)
{
    struct command_result result = done(command, subscription->user_id, at);
    result.has_result = true;
    result.result_type = COMMAND_RESULT_RESULT_SUBSCRIPTION;
    result.result.subscription = *subscription;
    return account_fixture_take_result(fixture, &result);
}
