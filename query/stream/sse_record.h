// From records of Kafka to events as text. One thread.
#pragma once
#include "core/kafka/consumer.h"
#include "query/stream/sse_id.h"
#include "query/stream/sse_ring.h"
#include "schemas/registry.h"

enum { SSE_JSON_MAX = 65536 };

struct sse_record;

// A reader that cannot read anything yet. NULL when memory is out; the caller frees it with
// sse_record_free().
struct sse_record *sse_record_new(void);

// Frees it and sets `*record` to NULL. Accepts NULL.
void sse_record_free(struct sse_record **record);

// Which of our topics holds the records of a stream topic.
enum topic sse_record_topic(enum sse_topic topic);

// Prepares for every topic; done once, later calls do nothing. The registry must outlive it. Fails:
// SG_RETRY when the schemas cannot be had now, SG_FATAL when they are not there.
SG_RESULT sse_record_prepare(struct sse_record *record, struct registry *registry);

// Makes the event of a record, all but its slot; what it points to lives until the next call.
// Fails: SG_DROP for a record that is not acceptable, SG_RETRY when its schema cannot be had now.
SG_RESULT sse_record_read(struct sse_record *record, enum sse_topic topic,
                          const struct kafka_record *raw, struct sse_event *ret_event);
