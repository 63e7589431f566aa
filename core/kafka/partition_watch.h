// Looks whether topics still have the partitions that they had, and whether Kafka answers. A thread
// of its own asks, so that whoever reads the topics never waits for an answer.
#pragma once
#include "core/kafka/admin.h"
#include "core/kafka/kafka.h"

struct partition_watch_config {
    struct kafka_admin *admin; // Borrowed; the thread is its only user meanwhile.
    size_t count;
    char (*topics)[KAFKA_TOPIC_MAX + 1]; // Full names, copied.
    const int32_t *counts;               // Partitions of each, copied.
};

struct partition_watch;

// Starts the thread: it asks every 10 s. Fails: SG_FATAL.
SG_RESULT partition_watch_open(const struct partition_watch_config *config,
                               struct partition_watch **ret_watch);

// Ends the thread, after the call that runs: 1 s at most while Kafka is away. Accepts NULL.
void partition_watch_close(struct partition_watch **watch);

// What the last question found; false until there was one. Fails: SG_RETRY when Kafka did not
// answer it, SG_FATAL when a topic is no longer there. Does not wait. Any thread.
SG_RESULT partition_watch_look(struct partition_watch *watch, bool *ret_changed);
