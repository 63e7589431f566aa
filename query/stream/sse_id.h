// The id of an event: how far the stream had come in each partition that it reads, as text that
// clients hand back untouched in Last-Event-ID.
#pragma once
#include "core/buffer.h"

enum {
    SSE_TOPICS = 2,       // Quotes, alerts.
    SSE_PLACES_MAX = 256, // Partitions that one stream reads.
    SSE_ID_TEXT_MAX = 8192,
};

enum sse_topic { SSE_TOPIC_QUOTES, SSE_TOPIC_ALERTS };

// The next offset to be read of a partition.
struct sse_place {
    enum sse_topic topic;
    int32_t partition;
    int64_t next;
};

struct sse_position {
    int32_t partitions[SSE_TOPICS]; // How many the topics had.
    size_t count;
    struct sse_place places[SSE_PLACES_MAX]; // By topic and partition, each once.
};

// Adds the id of a position to `out`. Fails as buffer_append(). Any thread.
SG_RESULT sse_id_print(const struct sse_position *position, struct buffer *out);

// Reads an id. Fails: SG_DROP (400) for a text that is none. Any thread.
SG_RESULT sse_id_read(struct bytes text, struct sse_position *ret_position);
