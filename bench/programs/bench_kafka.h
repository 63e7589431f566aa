// librdkafka as the bench's programs use it: on its own, so that what measures shares no code with
// what is measured.
#pragma once
#include "core/bytes.h"
#include "core/result.h"

#include <librdkafka/rdkafka.h>

struct bench_property {
    const char *name; // NULL ends a list.
    const char *value;
};

// A client with these properties, a list ended by NULL. The caller destroys it.
// Fails: SG_FATAL.
SG_RESULT bench_kafka_open(rd_kafka_type_t type, const char *brokers,
                           const struct bench_property *properties, rd_kafka_t **ret_client);

// Called at the end of each record of a producer, from the thread that polls it.
typedef void bench_report_fn(rd_kafka_t *client, const rd_kafka_message_t *message, void *context);

// A producer that tells of each record; `context` goes to `report`. Fails: SG_FATAL.
SG_RESULT bench_kafka_producer(const char *brokers, const struct bench_property *properties,
                               bench_report_fn *report, void *context, rd_kafka_t **ret_client);

// A record to be sent. `timestamp_ms` 0 is now.
struct bench_record {
    struct bytes key;
    struct bytes value;
    int32_t partition; // RD_KAFKA_PARTITION_UA: by the key.
    int64_t timestamp_ms;
    void *tag; // Comes back as the `_private` of its report.
};

// Sends a record, waiting for room. Fails: SG_FATAL.
SG_RESULT bench_kafka_send(rd_kafka_t *producer, rd_kafka_topic_t *topic,
                           const struct bench_record *record);

// Waits until everything is acknowledged. Fails: SG_FATAL.
SG_RESULT bench_kafka_flush(rd_kafka_t *producer);

// The partitions of a topic. Fails: SG_FATAL.
SG_RESULT bench_kafka_partitions(rd_kafka_t *client, const char *topic, int32_t *ret_count);

// Reads all partitions of a topic from `offset` on, which may be one of the library's words for
// the beginning and the end. Fails: SG_FATAL.
SG_RESULT bench_kafka_read(rd_kafka_t *consumer, const char *topic, int64_t offset);

// A failure of the library in words; NULL is none. Destroys the error.
SG_RESULT bench_kafka_result(rd_kafka_error_t *error, const char *what);

// Closes a client that bench_kafka_open() made. Accepts NULL.
void bench_kafka_close(rd_kafka_t **client);
