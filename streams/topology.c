// The map of all processors, in the order in which an event meets them. A test refuses a topic that
// is read before an earlier row, or somebody outside, writes it.
#include "streams/topology.h"

#include "schemas/account_state.h"
#include "schemas/command_state.h"
#include "schemas/endpoint_state.h"
#include "schemas/instrument_state.h"
#include "schemas/outbox_entry.h"
#include "schemas/subscription.h"
#include "schemas/subscription_state.h"
#include "schemas/user.h"
#include "streams/processors/accounts/accounts.h"
#include "streams/processors/alerts.h"
#include "streams/processors/deliver.h"
#include "streams/processors/ingest.h"
#include "streams/processors/notifications.h"

#include <string.h>

// What people write as JSON becomes Avro, or a dead letter that says why not.
static const struct processor ingest = {
    .id = PROCESSOR_INGEST,
    .name = "ingest",
    .inputs = {TOPIC_USERS_JSON, TOPIC_SUBSCRIPTIONS_JSON, TOPIC_QUOTES_JSON, TOPIC_COUNT},
    .outputs = {TOPIC_USERS, TOPIC_SUBSCRIPTIONS, TOPIC_QUOTES, TOPIC_COUNT},
    .take = ingest_take,
};

// Commands become users and subscriptions, each once, with an answer.
static const struct store_spec accounts_stores[] = {
    [ACCOUNTS_USERS] = {.name = "users",
                        .changelog = TOPIC_ACCOUNTS_USERS_CHANGELOG,
                        .record = &account_state_type},
    [ACCOUNTS_SUBSCRIPTIONS] = {.name = "subscriptions",
                                .changelog = TOPIC_ACCOUNTS_SUBSCRIPTIONS_CHANGELOG,
                                .record = &subscription_type,
                                .index_name = "active",
                                .reindex = accounts_reindex_subscriptions},
    [ACCOUNTS_COMMANDS] = {.name = "commands",
                           .changelog = TOPIC_ACCOUNTS_COMMANDS_CHANGELOG,
                           .record = &command_state_type,
                           .index_name = "due",
                           .reindex = accounts_reindex_commands},
};
static const struct processor accounts = {
    .id = PROCESSOR_ACCOUNTS,
    .name = "accounts",
    .inputs = {TOPIC_COMMANDS, TOPIC_COUNT},
    .outputs = {TOPIC_USERS, TOPIC_SUBSCRIPTIONS, TOPIC_COMMAND_RESULTS, TOPIC_COUNT},
    .stores = accounts_stores,
    .store_count = sizeof accounts_stores / sizeof accounts_stores[0],
    .take = accounts_take,
};

// Quotes against thresholds: an alert at each edge.
static const struct store_spec alerts_stores[] = {
    [ALERTS_INSTRUMENTS] = {.name = "instruments",
                            .changelog = TOPIC_ALERTS_INSTRUMENTS_CHANGELOG,
                            .record = &instrument_state_type,
                            .hot = true,
                            .scratch_bytes = sizeof(struct alerts_band)},
    [ALERTS_SUBSCRIPTIONS] = {.name = "subscriptions",
                              .changelog = TOPIC_ALERTS_SUBSCRIPTIONS_CHANGELOG,
                              .record = &subscription_state_type,
                              .index_name = "triggers",
                              .reindex = alerts_reindex},
};
static const struct processor alerts = {
    .id = PROCESSOR_ALERTS,
    .name = "alerts",
    .inputs = {TOPIC_SUBSCRIPTIONS, TOPIC_QUOTES, TOPIC_COUNT},
    .outputs = {TOPIC_ALERTS, TOPIC_COUNT},
    .stores = alerts_stores,
    .store_count = sizeof alerts_stores / sizeof alerts_stores[0],
    .take = alerts_take,
};

// Alerts joined with their users: one message a channel, or a recorded reason why there is none.
static const struct store_spec notifications_stores[] = {
    [NOTIFICATIONS_USERS] = {.name = "users",
                             .changelog = TOPIC_NOTIFICATIONS_USERS_CHANGELOG,
                             .record = &user_type},
};
static const struct processor notifications = {
    .id = PROCESSOR_NOTIFICATIONS,
    .name = "notifications",
    .inputs = {TOPIC_USERS, TOPIC_ALERTS, TOPIC_COUNT},
    .outputs = {TOPIC_NOTIFICATIONS, TOPIC_DELIVERIES, TOPIC_COUNT},
    .stores = notifications_stores,
    .store_count = sizeof notifications_stores / sizeof notifications_stores[0],
    .take = notifications_take,
};

// Messages to mail servers and webhooks: an outbox entry each, sent after the commit, ended by what
// came of it.
static const struct store_spec deliver_stores[] = {
    [DELIVER_OUTBOX] = {.name = "outbox",
                        .changelog = TOPIC_DELIVER_OUTBOX_CHANGELOG,
                        .record = &outbox_entry_type},
    [DELIVER_ENDPOINTS] = {.name = "endpoints",
                           .changelog = TOPIC_DELIVER_ENDPOINTS_CHANGELOG,
                           .record = &endpoint_state_type},
};
static const struct processor deliver = {
    .id = PROCESSOR_DELIVER,
    .name = "deliver",
    .inputs = {TOPIC_NOTIFICATIONS, TOPIC_COUNT},
    .outputs = {TOPIC_DELIVERIES, TOPIC_COUNT},
    .stores = deliver_stores,
    .store_count = sizeof deliver_stores / sizeof deliver_stores[0],
    .take = deliver_take,
    .take_outcome = deliver_take_outcome,
    .due_ms = deliver_due_ms,
    .lane = deliver_lane,
    .is_void = deliver_is_void,
};

const struct processor *const topology[PROCESSOR_COUNT] = {
    [PROCESSOR_INGEST] = &ingest,   [PROCESSOR_ACCOUNTS] = &accounts,
    [PROCESSOR_ALERTS] = &alerts,   [PROCESSOR_NOTIFICATIONS] = &notifications,
    [PROCESSOR_DELIVER] = &deliver,
};

const struct processor *topology_find(const char *name)
{
    for (size_t i = 0; i < PROCESSOR_COUNT; i++) {
        if (strcmp(topology[i]->name, name) == 0) {
            return topology[i];
        }
    }
    return NULL;
}

const char *const *topology_names(void)
{
    static const char *names[PROCESSOR_COUNT];
    for (size_t i = 0; i < PROCESSOR_COUNT; i++) {
        names[i] = topology[i]->name;
    }
    return names;
}
