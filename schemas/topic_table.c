// The topics.
#include "schemas/topic_table.h"
#include "schemas/account_state.h"
#include "schemas/alert.h"
#include "schemas/command.h"
#include "schemas/command_result.h"
#include "schemas/command_state.h"
#include "schemas/delivery.h"
#include "schemas/endpoint_state.h"
#include "schemas/instrument_state.h"
#include "schemas/journal.h"
#include "schemas/notification.h"
#include "schemas/outbox_entry.h"
#include "schemas/quote.h"
#include "schemas/subscription.h"
#include "schemas/subscription_state.h"
#include "schemas/user.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

// Longest prefix: the longest name of ours and "-value" behind it still make a valid name.
enum { PREFIX_MAX = 128 };

enum {
    MIB = 1048576,
    USUAL_BYTES = 1048588, // Kafka's own default.
    FOR_EVER = -1,
};

#define KEY(type, field) .key_field = #field, .key_offset = offsetof(struct type, field)

static const struct topic_info topics[TOPIC_COUNT] = {
    [TOPIC_QUOTES] = {.topic = TOPIC_QUOTES,
                      .name = "quotes",
                      .record = &quote_type,
                      KEY(quote, instrument),
                      .twin = TOPIC_QUOTES,
                      .group = TOPIC_GROUP_INSTRUMENT,
                      .retention_ms = INT64_C(30) * 86400000,
                      .max_message_bytes = INT64_C(16) * MIB},
    [TOPIC_SUBSCRIPTIONS] = {.topic = TOPIC_SUBSCRIPTIONS,
                             .name = "subscriptions",
                             .record = &subscription_type,
                             KEY(subscription, instrument),
                             .twin = TOPIC_SUBSCRIPTIONS,
                             .group = TOPIC_GROUP_INSTRUMENT,
                             .retention_ms = FOR_EVER,
                             .max_message_bytes = INT64_C(16) * MIB},
    [TOPIC_USERS] = {.topic = TOPIC_USERS,
                     .name = "users",
                     .record = &user_type,
                     KEY(user, user_id),
                     .twin = TOPIC_USERS,
                     .group = TOPIC_GROUP_USER,
                     .retention_ms = FOR_EVER,
                     .max_message_bytes = INT64_C(16) * MIB},
    [TOPIC_ALERTS] = {.topic = TOPIC_ALERTS,
                      .name = "alerts",
                      .record = &alert_type,
                      KEY(alert, user_id),
                      .twin = TOPIC_ALERTS,
                      .group = TOPIC_GROUP_USER,
                      .retention_ms = FOR_EVER,
                      .max_message_bytes = USUAL_BYTES},
    [TOPIC_NOTIFICATIONS] = {.topic = TOPIC_NOTIFICATIONS,
                             .name = "notifications",
                             .record = &notification_type,
                             KEY(notification, user_id),
                             .twin = TOPIC_NOTIFICATIONS,
                             .group = TOPIC_GROUP_USER,
                             .retention_ms = FOR_EVER,
                             .max_message_bytes = USUAL_BYTES},
    [TOPIC_DELIVERIES] = {.topic = TOPIC_DELIVERIES,
                          .name = "deliveries",
                          .record = &delivery_type,
                          KEY(delivery, user_id),
                          .twin = TOPIC_DELIVERIES,
                          .group = TOPIC_GROUP_USER,
                          .retention_ms = FOR_EVER,
                          .max_message_bytes = USUAL_BYTES},
    [TOPIC_QUOTES_JSON] = {.topic = TOPIC_QUOTES_JSON,
                           .name = "quotes.json",
                           .record = &quote_type,
                           KEY(quote, instrument),
                           .twin = TOPIC_QUOTES,
                           .group = TOPIC_GROUP_JSON,
                           .json = true,
                           .retention_ms = INT64_C(7) * 86400000,
                           .max_message_bytes = INT64_C(16) * MIB},
    [TOPIC_SUBSCRIPTIONS_JSON] = {.topic = TOPIC_SUBSCRIPTIONS_JSON,
                                  .name = "subscriptions.json",
                                  .record = &subscription_type,
                                  KEY(subscription, instrument),
                                  .twin = TOPIC_SUBSCRIPTIONS,
                                  .group = TOPIC_GROUP_JSON,
                                  .json = true,
                                  .retention_ms = INT64_C(7) * 86400000,
                                  .max_message_bytes = INT64_C(16) * MIB},
    [TOPIC_USERS_JSON] = {.topic = TOPIC_USERS_JSON,
                          .name = "users.json",
                          .record = &user_type,
                          KEY(user, user_id),
                          .twin = TOPIC_USERS,
                          .group = TOPIC_GROUP_JSON,
                          .json = true,
                          .retention_ms = INT64_C(7) * 86400000,
                          .max_message_bytes = INT64_C(16) * MIB},
    [TOPIC_COMMANDS] = {.topic = TOPIC_COMMANDS,
                        .name = "commands",
                        .record = &command_type,
                        KEY(command, user_id),
                        .twin = TOPIC_COMMANDS,
                        .group = TOPIC_GROUP_USER,
                        .retention_ms = FOR_EVER,
                        .max_message_bytes = INT64_C(16) * MIB,
                        .outside_only = true},
    [TOPIC_COMMAND_RESULTS] = {.topic = TOPIC_COMMAND_RESULTS,
                               .name = "command-results",
                               .record = &command_result_type,
                               KEY(command_result, user_id),
                               .twin = TOPIC_COMMAND_RESULTS,
                               .group = TOPIC_GROUP_USER,
                               .retention_ms = 86400000,
                               .max_message_bytes = USUAL_BYTES},
    // The largest input and what is said about it.
    [TOPIC_DEAD_LETTERS] = {.topic = TOPIC_DEAD_LETTERS,
                            .name = "dead-letters",
                            .twin = TOPIC_DEAD_LETTERS,
                            .group = TOPIC_GROUP_NONE,
                            .retention_ms = FOR_EVER,
                            .max_message_bytes = INT64_C(17) * MIB},
    [TOPIC_ALERTS_INSTRUMENTS_CHANGELOG] = {.topic = TOPIC_ALERTS_INSTRUMENTS_CHANGELOG,
                                            .name = "soglia-alerts-instruments-changelog",
                                            .record = &instrument_state_type,
                                            .twin = TOPIC_ALERTS_INSTRUMENTS_CHANGELOG,
                                            .group = TOPIC_GROUP_INSTRUMENT,
                                            .compacted = true,
                                            .retention_ms = FOR_EVER,
                                            .max_message_bytes = USUAL_BYTES},
    [TOPIC_ALERTS_SUBSCRIPTIONS_CHANGELOG] = {.topic = TOPIC_ALERTS_SUBSCRIPTIONS_CHANGELOG,
                                              .name = "soglia-alerts-subscriptions-changelog",
                                              .record = &subscription_state_type,
                                              .twin = TOPIC_ALERTS_SUBSCRIPTIONS_CHANGELOG,
                                              .group = TOPIC_GROUP_INSTRUMENT,
                                              .compacted = true,
                                              .retention_ms = FOR_EVER,
                                              .max_message_bytes = USUAL_BYTES},
    [TOPIC_NOTIFICATIONS_USERS_CHANGELOG] = {.topic = TOPIC_NOTIFICATIONS_USERS_CHANGELOG,
                                             .name = "soglia-notifications-users-changelog",
                                             .record = &user_type,
                                             .twin = TOPIC_NOTIFICATIONS_USERS_CHANGELOG,
                                             .group = TOPIC_GROUP_USER,
                                             .compacted = true,
                                             .retention_ms = FOR_EVER,
                                             .max_message_bytes = USUAL_BYTES},
    [TOPIC_DELIVER_OUTBOX_CHANGELOG] = {.topic = TOPIC_DELIVER_OUTBOX_CHANGELOG,
                                        .name = "soglia-deliver-outbox-changelog",
                                        .record = &outbox_entry_type,
                                        .twin = TOPIC_DELIVER_OUTBOX_CHANGELOG,
                                        .group = TOPIC_GROUP_USER,
                                        .compacted = true,
                                        .retention_ms = FOR_EVER,
                                        .max_message_bytes = USUAL_BYTES},
    [TOPIC_DELIVER_ENDPOINTS_CHANGELOG] = {.topic = TOPIC_DELIVER_ENDPOINTS_CHANGELOG,
                                           .name = "soglia-deliver-endpoints-changelog",
                                           .record = &endpoint_state_type,
                                           .twin = TOPIC_DELIVER_ENDPOINTS_CHANGELOG,
                                           .group = TOPIC_GROUP_USER,
                                           .compacted = true,
                                           .retention_ms = FOR_EVER,
                                           .max_message_bytes = USUAL_BYTES},
    [TOPIC_ACCOUNTS_USERS_CHANGELOG] = {.topic = TOPIC_ACCOUNTS_USERS_CHANGELOG,
                                        .name = "soglia-accounts-users-changelog",
                                        .record = &account_state_type,
                                        .twin = TOPIC_ACCOUNTS_USERS_CHANGELOG,
                                        .group = TOPIC_GROUP_USER,
                                        .compacted = true,
                                        .retention_ms = FOR_EVER,
                                        .max_message_bytes = USUAL_BYTES},
    [TOPIC_ACCOUNTS_SUBSCRIPTIONS_CHANGELOG] = {.topic = TOPIC_ACCOUNTS_SUBSCRIPTIONS_CHANGELOG,
                                                .name = "soglia-accounts-subscriptions-changelog",
                                                .record = &subscription_type,
                                                .twin = TOPIC_ACCOUNTS_SUBSCRIPTIONS_CHANGELOG,
                                                .group = TOPIC_GROUP_USER,
                                                .compacted = true,
                                                .retention_ms = FOR_EVER,
                                                .max_message_bytes = USUAL_BYTES},
    [TOPIC_ACCOUNTS_COMMANDS_CHANGELOG] = {.topic = TOPIC_ACCOUNTS_COMMANDS_CHANGELOG,
                                           .name = "soglia-accounts-commands-changelog",
                                           .record = &command_state_type,
                                           .twin = TOPIC_ACCOUNTS_COMMANDS_CHANGELOG,
                                           .group = TOPIC_GROUP_USER,
                                           .compacted = true,
                                           .retention_ms = FOR_EVER,
                                           .max_message_bytes = USUAL_BYTES},
    [TOPIC_JOURNAL] = {.topic = TOPIC_JOURNAL,
                       .name = "soglia-journal",
                       .record = &journal_type,
                       KEY(journal, task),
                       .twin = TOPIC_JOURNAL,
                       .group = TOPIC_GROUP_NONE,
                       .retention_ms = FOR_EVER,
                       .max_message_bytes = USUAL_BYTES},
};

static const char *const names[TOPIC_COUNT] = {
    [TOPIC_QUOTES] = "quotes",
    [TOPIC_SUBSCRIPTIONS] = "subscriptions",
    [TOPIC_USERS] = "users",
    [TOPIC_ALERTS] = "alerts",
    [TOPIC_NOTIFICATIONS] = "notifications",
    [TOPIC_DELIVERIES] = "deliveries",
    [TOPIC_QUOTES_JSON] = "quotes.json",
    [TOPIC_SUBSCRIPTIONS_JSON] = "subscriptions.json",
    [TOPIC_USERS_JSON] = "users.json",
    [TOPIC_COMMANDS] = "commands",
    [TOPIC_COMMAND_RESULTS] = "command-results",
    [TOPIC_DEAD_LETTERS] = "dead-letters",
    [TOPIC_ALERTS_INSTRUMENTS_CHANGELOG] = "soglia-alerts-instruments-changelog",
    [TOPIC_ALERTS_SUBSCRIPTIONS_CHANGELOG] = "soglia-alerts-subscriptions-changelog",
    [TOPIC_NOTIFICATIONS_USERS_CHANGELOG] = "soglia-notifications-users-changelog",
    [TOPIC_DELIVER_OUTBOX_CHANGELOG] = "soglia-deliver-outbox-changelog",
    [TOPIC_DELIVER_ENDPOINTS_CHANGELOG] = "soglia-deliver-endpoints-changelog",
    [TOPIC_ACCOUNTS_USERS_CHANGELOG] = "soglia-accounts-users-changelog",
    [TOPIC_ACCOUNTS_SUBSCRIPTIONS_CHANGELOG] = "soglia-accounts-subscriptions-changelog",
    [TOPIC_ACCOUNTS_COMMANDS_CHANGELOG] = "soglia-accounts-commands-changelog",
    [TOPIC_JOURNAL] = "soglia-journal",
};

static const struct option rows[] = {
    {"topics.prefix", OPTION_TEXT, offsetof(struct topic_settings, prefix), "", 0, 0, NULL,
     "Put before the name of every topic, so that several installations share a cluster."},
    {"topics.partitions", OPTION_INT, offsetof(struct topic_settings, partitions), "4", 1, 10000,
     NULL, "Partitions of a topic that is made, unless its group has a number already."},
    // One, so that the lines that somebody types are taken in the order in which they were typed:
    // without a key kcat spreads them, and lines of one millisecond would have no order any more.
    {"topics.json_partitions", OPTION_INT, offsetof(struct topic_settings, json_partitions), "1", 1,
     10000, NULL,
     "The same for the .json topics; with more than one, lines without a key may overtake each "
     "other."},
    {"topics.replication", OPTION_INT, offsetof(struct topic_settings, replication), "-1", -1, 127,
     NULL, "Replicas of a topic that is made; -1 is the broker's default."},
};

struct option_table topic_options(struct topic_settings *target)
{
    return (struct option_table){.title = "Topics",
                                 .options = rows,
                                 .count = sizeof rows / sizeof rows[0],
                                 .target = target};
}

const struct topic_info *topic_info(enum topic topic)
{
    assert(topic < TOPIC_COUNT);
    return &topics[topic];
}

enum topic topic_by_name(const char *name)
{
    for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
        if (strcmp(topics[topic].name, name) == 0) {
            return topic;
        }
    }
    return TOPIC_COUNT;
}

void topic_full_name(const struct topic_settings *settings, enum topic topic,
                     char ret_name[static KAFKA_TOPIC_MAX + 1])
{
    snprintf(ret_name, KAFKA_TOPIC_MAX + 1, "%s%s", settings->prefix, topic_info(topic)->name);
}

bool topic_prefix_is_valid(const char *prefix)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t size = strlen(prefix);
    return size <= PREFIX_MAX && strspn(prefix, allowed) == size;
}

const char *const *topic_names(void)
{
    return names;
}
