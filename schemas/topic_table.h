// The only place that knows the topics: names, keys, records, retention, groups.
#pragma once
#include "core/kafka/kafka.h"
#include "schemas/record_type.h"

enum topic {
    TOPIC_QUOTES,
    TOPIC_SUBSCRIPTIONS,
    TOPIC_USERS,
    TOPIC_ALERTS,
    TOPIC_NOTIFICATIONS,
    TOPIC_DELIVERIES,
    TOPIC_QUOTES_JSON,
    TOPIC_SUBSCRIPTIONS_JSON,
    TOPIC_USERS_JSON,
    TOPIC_COMMANDS,
    TOPIC_COMMAND_RESULTS,
    TOPIC_DEAD_LETTERS,
    TOPIC_ALERTS_INSTRUMENTS_CHANGELOG,     // soglia-alerts-instruments-changelog
    TOPIC_ALERTS_SUBSCRIPTIONS_CHANGELOG,   // soglia-alerts-subscriptions-changelog
    TOPIC_NOTIFICATIONS_USERS_CHANGELOG,    // soglia-notifications-users-changelog
    TOPIC_DELIVER_OUTBOX_CHANGELOG,         // soglia-deliver-outbox-changelog
    TOPIC_DELIVER_ENDPOINTS_CHANGELOG,      // soglia-deliver-endpoints-changelog
    TOPIC_ACCOUNTS_USERS_CHANGELOG,         // soglia-accounts-users-changelog
    TOPIC_ACCOUNTS_SUBSCRIPTIONS_CHANGELOG, // soglia-accounts-subscriptions-changelog
    TOPIC_ACCOUNTS_COMMANDS_CHANGELOG,      // soglia-accounts-commands-changelog
    TOPIC_JOURNAL,                          // soglia-journal
    TOPIC_COUNT
};

// How long a compacted topic keeps a tombstone for those who still have the value.
enum { TOPIC_TOMBSTONE_MS = 86400000 };

// Topics of one group are read together and must have the same number of partitions.
enum topic_group {
    TOPIC_GROUP_NONE,
    TOPIC_GROUP_INSTRUMENT, // quotes, subscriptions and the changelogs of alerts
    TOPIC_GROUP_USER,       // users, commands and their results, alerts, notifications, deliveries,
                            // their processors' changelogs
    TOPIC_GROUP_JSON,       // the .json twins
};

struct topic_info {
    const char *name;                 // Without the installation's prefix.
    const struct record_type *record; // Of the value; NULL for raw bytes. A .json twin names the
                                      // record its lines hold.
    const char *key_field;            // Field of the record that is the key, NULL: free.
    size_t key_offset;                // Of that field, a struct bytes, in the record in memory.
    int64_t retention_ms;             // -1: for ever.
    int64_t max_message_bytes; // 16 MiB for inputs that people write, so that an oversized value
                               // can be refused with a reason.
    enum topic topic;
    enum topic twin; // Of a .json topic: where its records go. Else itself.
    enum topic_group group;
    bool json;
    bool compacted;
    bool outside_only; // Nothing of ours that stamps by its input writes it, so the broker's guard
                       // against times ahead of its clock stays. So it is with every .json topic.
};

struct topic_settings {
    const char *prefix; // Put before every name; "" by default.
    int64_t partitions;
    int64_t json_partitions; // Of the .json topics.
    int64_t replication;     // -1: the broker's default.
};

// The rows of `topics.*`.
struct option_table topic_options(struct topic_settings *target);

// The row of a topic. Any thread.
const struct topic_info *topic_info(enum topic topic);

// The topic with this name (without prefix), TOPIC_COUNT if there is none. Any thread.
enum topic topic_by_name(const char *name);

// Writes the full name, prefix included. Any thread.
void topic_full_name(const struct topic_settings *settings, enum topic topic,
                     char ret_name[static KAFKA_TOPIC_MAX + 1]);

// True for a prefix that makes valid names of topics: letters, digits, '.', '_' and '-', and not
// too many. Any thread.
bool topic_prefix_is_valid(const char *prefix);

// Names of all topics by their enum, for metric_name_values().
const char *const *topic_names(void);
