// Users and subscriptions as JSON, for every route that answers with one.
#pragma once
#include "core/secrets/secrets.h"
#include "query/answer_json.h"
#include "schemas/subscription.h"
#include "schemas/user.h"

// Writes a user, for the user: never the password hash, and the signing secrets of webhooks.
void account_json_user(struct json_writer *json, const char *name, const struct secrets *secrets,
                       const struct user *user);

// Writes a subscription.
void account_json_subscription(struct json_writer *json, const char *name,
                               const struct subscription *subscription);
