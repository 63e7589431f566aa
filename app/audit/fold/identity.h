// What tells a record that was written from every other: its topic, key, value, timestamp and
// headers.
#pragma once
#include "core/kafka/producer.h"
#include "schemas/topic_table.h"

// BLAKE2b, 128 bits of it.
struct identity {
    uint64_t words[2];
};

// Headers that hold the wall clock do not count. Any thread.
struct identity identity_of(enum topic topic, const struct kafka_message *message);

bool identity_equal(const struct identity *left, const struct identity *right);
