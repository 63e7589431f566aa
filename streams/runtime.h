// The loop that runs a processor: read, process, commit. Every promise about exactly once is kept
// here.
#pragma once
#include "core/kafka/consumer.h"
#include "streams/tasks/effector.h"
#include "streams/stream_settings.h"
#include "schemas/registry.h"

struct runtime_config {
    const struct processor *processor;
    int64_t worker; // Number of this worker among those of the process, from 0.
    const struct stream_settings *stream;
    const struct kafka_settings *kafka;
    const struct topic_settings *topics;
    const struct state_settings *state;
    struct registry *registry; // Shared by the workers of a process.
    const char *cluster_id;
    const void *processor_settings;  // For struct process, NULL if it has none.
    const struct effector *effector; // For a processor with side effects, else NULL.
    void (*ready)(void *context);    // Called once, when the first assignment is open. May be NULL.
    void *ready_context;
    void (*opened)(void *context,
                   struct kafka_consumer *consumer); // Gives what kafka_consumer_wake() needs, NULL
                                                     // when it closes. May be NULL.
    void *opened_context;
};

// Runs one worker in this thread until stop_requested(), then commits what is open and closes.
// Fails: SG_FATAL, with one clear line in sg_reason().
SG_RESULT runtime_run(const struct runtime_config *config);
