// One stream. For the sources of this folder alone.
#pragma once
#include "query/stream/sse_filter.h"
#include "query/stream/sse_state.h"

enum { SSE_FRAME_MAX = 131072 }; // More than an id and the largest event take.

enum sse_phase {
    SSE_OPENING,  // Waits until the hub is live.
    SSE_RESUMING, // Waits for its chunk.
    SSE_CHUNK,    // Has one.
    SSE_LIVE,     // Reads the hub's buffer.
    SSE_ENDED,
};

// The event that stands for its instrument in a batch.
struct sse_latest {
    uint64_t at;
    int64_t event_time;
};

// One stream. It belongs to the connection's thread, or to the watcher while that one waits; while
// it is resuming, to the resumer. While it is live, `at` and `next` are guarded by the hub's lock.
struct sse_stream {
    struct http_stream http; // First.
    struct sse_hub *hub;
    struct sse_filter *filter;
    struct sse_position *resume; // What Last-Event-ID said; NULL: begin now.
    _Atomic(enum sse_phase) phase;
    uint64_t epoch;
    int64_t expires_us; // 0: never.
    int64_t due_us;     // Not before is anything sent.
    int64_t sent_us;    // When the client was given what it has not taken yet, 0: it has.
    int64_t beat_us;    // Then something is sent in any case.
    bool wrote;         // Something, since the last pause.
    bool matched;       // There is a wanted event at `at`.

    int64_t every_us;          // 0: every event.
    struct sse_latest *latest; // Of each instrument, with every_us.
    uint64_t at;               // In the ring that is being read: the chunk's or the hub's.
    uint64_t until;            // The batch ends here.
    bool batch;

    int32_t partitions[SSE_TOPICS];
    int64_t *next;    // By slot; INT64_MAX: not wanted.
    int64_t *after;   // By slot: positions behind the chunk.
    uint32_t *wanted; // The slots that are wanted, in order.
    size_t wanted_count;
    bool checked; // What is missing has been compared with what Kafka has.
    struct sse_ring *chunk;
    struct buffer rest; // Of an event that was larger than the room for it.
    size_t rest_at;

    uint64_t user; // Hash of who asked, 0 for nobody.
    unsigned refs; // This and what follows: guarded by the hub's lock.
    bool abandoned;
    bool queued;
    struct sse_stream *queue_next;
    struct sse_stream *list_next;
    struct sse_stream *list_previous;
};

// Steps over what a live stream does not want, so that a burst does not push it out of the buffer.
// The lock is held.
void sse_stream_pass(struct sse_stream *stream);

// What a stream sends first: when to come back, and where it is. Fails as buffer_append().
SG_RESULT sse_stream_greet(struct sse_stream *stream);

// Frees a stream that nobody knows any more.
void sse_stream_free(struct sse_stream *stream);

// Sets done(), read() and release().
void sse_stream_init(struct sse_stream *stream);
