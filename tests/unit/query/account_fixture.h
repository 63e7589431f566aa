// Records of users, their subscriptions and what became of their commands, for tests.
#pragma once
#include "schemas/command_result.h"
#include "view_fixture.h"

// A time that is past on every machine.
#define ACCOUNT_FIXTURE_NOW INT64_C(1700000000000)

// An active user at a version; `name` is the id and part of the address.
struct user account_fixture_user(const char *name, int64_t version);

// A subscription of a user to stock:A above 10 times its version.
struct subscription account_fixture_subscription(const char *user, const char *id, int64_t version);

// Each takes a record from its topic with this timestamp; false when it was refused.
bool account_fixture_take_user(struct view_fixture *fixture, const struct user *user, int64_t at);
bool account_fixture_take_subscription(struct view_fixture *fixture,
                                       const struct subscription *subscription, int64_t at);

// Each takes the answer DONE to a command of this id that carries the record.
bool account_fixture_answer_user(struct view_fixture *fixture, const char *command,
                                 const struct user *user, int64_t at);
bool account_fixture_answer_subscription(struct view_fixture *fixture, const char *command,
                                         const struct subscription *subscription, int64_t at);

// Takes any answer.
bool account_fixture_take_result(struct view_fixture *fixture, const struct command_result *result);
