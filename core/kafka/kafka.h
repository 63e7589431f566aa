// What the parts of this folder share: settings, positions, messages. This folder is the only user
// of librdkafka.
#pragma once
#include "core/bytes.h"
#include "core/result.h"
#include "core/settings/option.h"
#include "core/settings/settings.h"

// Longest topic name Kafka allows.
enum { KAFKA_TOPIC_MAX = 249 };

// Special offsets.
enum { KAFKA_OFFSET_BEGINNING = -2, KAFKA_OFFSET_END = -1, KAFKA_OFFSET_NONE = -1001 };

struct kafka_settings {
    const char *brokers;
    int64_t session_timeout_ms;
    int64_t transaction_timeout_ms;
    int64_t fetch_wait_ms;
    int64_t prefetch_records;            // Per partition queue.
    int64_t prefetch_bytes;              // Per partition queue.
    const struct settings_extra *extras; // Passed to librdkafka as they are; NULL for none.
};

// The rows of `kafka.*`; they fill everything but the extras.
struct option_table kafka_options(struct kafka_settings *target);

// A place in a topic. `metadata` goes with committed offsets only: printable text, at most 200
// bytes.
struct kafka_position {
    const char *topic;
    int32_t partition;
    int64_t offset; // The next one to read, or a special offset.
    const char *metadata;
};

// True for the code of a failure that says that a topic or partition is not there. One of several
// brokers learns of a new topic a moment later than the others.
bool kafka_is_unknown_topic(int code);

struct kafka_header {
    const char *name;
    struct bytes value;
};

// A record as it was read. Everything is borrowed until kafka_record_done().
struct kafka_record {
    struct bytes key; // data is NULL when the record has no key.
    struct bytes value;
    bool has_value; // False for a tombstone.
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    const char *topic;
    void *handle; // Of this folder.
};
