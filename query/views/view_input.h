// The partitions that the views are read from: where to begin in each, whether a topic is still the
// one that was read, how far behind they are. One thread.
#pragma once
#include "core/kafka/consumer.h"
#include "query/views/view_writer.h"

struct view_input {
    size_t source;
    int32_t partition;
    int64_t start;     // Where reading began.
    int64_t verify;    // Offset of the record that was taken last by an earlier run, -1 for none.
    uint64_t expected; // Its fingerprint.
    bool at_end;       // Everything there is was read.
    int64_t goal;      // The end when reading began.
    bool caught_up;    // Everything there was then was read.
    struct kafka_queue *queue;
};

struct view_inputs {
    struct kafka_consumer *consumer;
    struct view_writer *writer;
    char topics[VIEW_SOURCE_COUNT][KAFKA_TOPIC_MAX + 1]; // Full names.
    int32_t partition_counts[VIEW_SOURCE_COUNT];
    struct view_input *inputs;
    size_t count;
};

// Finds the partitions of every source and where to go on, rebuilds views one of whose topics is
// another one than it was, and assigns all to the consumer. What was there before is replaced.
// Nothing may be uncommitted in the writer. Fails: SG_RETRY, SG_FATAL.
SG_RESULT view_inputs_assign(struct view_inputs *inputs, const struct topic_settings *settings);

// Frees the list.
void view_inputs_done(struct view_inputs *inputs);

// Records between the views and the end of a topic, as far as that is known.
int64_t view_inputs_lag(const struct view_inputs *inputs, size_t source);

// True when every partition was read to where it ended in the beginning. Where records never pause
// no end is ever told.
bool view_inputs_caught_up(const struct view_inputs *inputs);
