// The records of one assigned partition, taken one at a time. One thread uses the queues of a
// consumer.
#pragma once
#include "core/kafka/kafka.h"

struct kafka_queue;

enum kafka_next {
    KAFKA_NEXT_RECORD, // *ret_record is filled.
    KAFKA_NEXT_EMPTY,  // Nothing fetched yet; there may be more.
    KAFKA_NEXT_END, // The end of what is committed was reached; said once each time. The offset of
                    // *ret_record is that end, behind the markers of transactions.
    KAFKA_NEXT_FAILED, // sg_reason() says why; the class is in ret_failure.
};

// Takes the next record, never waits. FAILED is SG_FATAL where records would be missed (an offset
// that retention passed, a corrupt batch), SG_RETRY for trouble that passes.
enum kafka_next kafka_queue_next(struct kafka_queue *queue, struct kafka_record *ret_record,
                                 sg_result *ret_failure);

// The end of the partition as the last answer of the broker told it, KAFKA_OFFSET_NONE before the
// first one. Asks nobody: cheap enough for a metric.
int64_t kafka_queue_end(const struct kafka_queue *queue);

// Gives a record back. Harmless on a record already given back.
void kafka_record_done(struct kafka_record *record);

// Headers of a record: fills up to `max`, returns how many there are. Borrowed until
// kafka_record_done().
size_t kafka_record_headers(const struct kafka_record *record, struct kafka_header *ret_headers,
                            size_t max);
