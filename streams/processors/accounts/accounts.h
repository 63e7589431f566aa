// accounts: the single writer of what users are and what they subscribe to. A command is done once,
// however often it comes: its answer is kept and given again. Keyed by user, so that all about a
// person is decided in one place and in one order.
#pragma once
#include "streams/processor.h"

// Its stores, in the order of the topology.
enum { ACCOUNTS_USERS, ACCOUNTS_SUBSCRIPTIONS, ACCOUNTS_COMMANDS };

struct accounts_settings {
    int64_t subscriptions_max; // Active ones of a user.
    int64_t remember_ms;       // How long the answer to a command is kept.
};

// The rows of `accounts.*`.
struct option_table accounts_options(struct accounts_settings *target);

// See struct processor and struct store_spec.
SG_RESULT accounts_take(const struct process *process, const struct event *event);
SG_RESULT accounts_reindex_subscriptions(struct index *index, struct bytes key, const void *before,
                                         const void *after);
SG_RESULT accounts_reindex_commands(struct index *index, struct bytes key, const void *before,
                                    const void *after);
