// Topics and schemas as they are, compared with the topic table: `soglia topics`.
#pragma once
#include "core/kafka/admin.h"
#include "schemas/registry.h"

#include <stdio.h>

// Longest description of what differs in one topic.
enum { TOPIC_DIFFERENCE_MAX = 512 };

enum topic_state {
    TOPIC_MISSING,
    TOPIC_CREATED, // By this call.
    TOPIC_EXISTS,  // As the table has it.
    TOPIC_DIFFERS, // `difference` says how.
};

// What was found of one topic; the last row of a report is the registry's own topic.
struct topic_row {
    char name[KAFKA_TOPIC_MAX + 1];
    enum topic_state state;
    int32_t partitions; // 0 when it is missing.
    int32_t replication;
    int32_t schema_id;                     // 0: no schema, or not registered.
    bool schema_new;                       // Registered by this call.
    char kept[32];                         // "30 days", "for ever", "compacted"
    char difference[TOPIC_DIFFERENCE_MAX]; // "" or what differs, joined with "; ".
};

struct topic_report {
    struct topic_row rows[TOPIC_COUNT + 1];
    size_t count;
    size_t problems; // Rows that are missing or differ.
};

// Makes the topics that are missing and registers the schemas. Never deletes, shrinks or changes.
// A new topic gets the partitions that its group has. Fails: SG_RETRY, SG_FATAL (a refused setting,
// an incompatible schema: its field is named); what was made stays.
SG_RESULT topic_admin_apply(const struct registry_config *config, struct topic_report *ret_report);

// Compares and changes nothing; schemas that are not registered or not compatible are differences.
// Fails: SG_RETRY, SG_FATAL. `soglia topics check` exits with 1 when there are problems.
SG_RESULT topic_admin_check(const struct registry_config *config, struct topic_report *ret_report);

// One line a topic for people: name, what happened, what differs. After apply and check.
void topic_admin_print(const struct topic_report *report, FILE *out);

// A table for people: name, partitions, replicas, kept, schema, state. After check.
void topic_admin_print_table(const struct topic_report *report, FILE *out);

// Whether these topics are there and those of one group have the same number of partitions, which
// is checked before a processor starts. `ret_partitions` is the count of `topics[0]`. Fails:
// SG_FATAL naming topics and counts, SG_RETRY.
SG_RESULT topic_admin_co_partitioned(struct kafka_admin *admin,
                                     const struct topic_settings *settings,
                                     const enum topic *topics, size_t count,
                                     int32_t *ret_partitions);
