// The insides of the hub. For the sources of this folder alone.
#pragma once
#include "query/stream/sse_hub.h"
#include "query/stream/sse_id.h"
#include "query/stream/sse_ring.h"
#include <pthread.h>
#include <stdatomic.h>

enum {
    SSE_CHUNK_BYTES = 256 * 1024,
    SSE_CHUNKS_MAX = 16,
    SSE_US_PER_MS = 1000,
};

struct sse_stream;

// A partition that the hub reads. Those of quotes come first.
struct sse_slot {
    enum sse_topic topic;
    int32_t partition;
    int64_t floor; // The buffer has everything from here on.
    int64_t next;  // The offset that will be read next.
    int64_t goal;  // The end when the hub began to read.
    bool at_end;   // Everything there was then has been read.
};

struct sse_hub {
    struct sse_hub_config config;
    pthread_t reader;
    pthread_t resumer;
    bool reader_started;
    bool resumer_started;
    atomic_bool quit;

    pthread_mutex_t lock;   // Guards what follows.
    pthread_cond_t changed; // Somebody came or left, a stream was queued, the end was asked for.
    bool closing;
    struct sse_ring *ring;
    struct sse_slot *slots;
    int32_t partitions[SSE_TOPICS];
    size_t slot_count;
    uint64_t epoch; // Changes when positions lose their meaning; older streams are ended.
    bool live;      // Every partition has been read to where it ended in the beginning.
    struct sse_stream *streams;
    size_t stream_count;
    struct sse_stream *queue; // Those that wait to be read for.
    struct sse_stream **queue_end;
    struct sse_stream *working; // The one that is being read for.
    size_t chunks;
};

// The threads; they end when the hub is closing. `context` is the hub.
void *sse_reader_run(void *context);
void *sse_resume_run(void *context);

// Kafka's settings with less reading ahead.
struct kafka_settings sse_hub_kafka(const struct sse_hub *hub);

// Whether the stream reads the partition at a place that the buffer does not have. The lock is
// held.
bool sse_hub_lags(const struct sse_hub *hub, const struct sse_stream *stream, uint32_t slot);

// Lets a stream read the buffer, or queues it when it lacks something. The lock is held.
void sse_hub_settle(struct sse_hub *hub, struct sse_stream *stream);

// Lists a stream with one reference. Fails: SG_RETRY when there are too many, SG_DROP (429) when
// its user has too many.
SG_RESULT sse_hub_join(struct sse_hub *hub, struct sse_stream *stream);

// http_work's release(): drops a reference, and with the last one the stream.
void sse_hub_release(struct http_work *work);

// Positions have lost their meaning: every stream ends, the buffer is empty. The lock is held.
void sse_hub_reset(struct sse_hub *hub);
