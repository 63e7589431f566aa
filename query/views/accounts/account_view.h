// Users, subscriptions and answers to commands, from `users`, `subscriptions` and
// `command-results`: whoever has seen the answer to a command sees what it changed.
#pragma once
#include "query/views/view.h"

extern const struct view account_view;
