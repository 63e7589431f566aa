// What a stream writes in one call. For the sources of this folder alone.
#pragma once
#include "query/stream/sse_stream.h"

struct sse_output {
    uint8_t *data;
    size_t max;
    size_t size;
    struct buffer frame;        // What is written next.
    int64_t events[SSE_TOPICS]; // How many were written.
    bool full;
};

void sse_output_init(struct sse_output *output, uint8_t *data, size_t max);

// Counts what was written and frees the frame.
void sse_output_done(struct sse_output *output);

// Adds the line with the stream's position. Fails as buffer_append().
SG_RESULT sse_output_id(const struct sse_stream *stream, struct buffer *out);

// Writes the frame. One that no answer has room for is sent in parts, the rest by
// sse_output_rest(). False: it must wait until there is more room.
bool sse_output_frame(struct sse_stream *stream, struct sse_output *output);

// The same for an event, whose id is the stream's position.
bool sse_output_event(struct sse_stream *stream, const struct sse_event *event,
                      struct sse_output *output);

// Writes what is left of a frame, and returns how much.
ptrdiff_t sse_output_rest(struct sse_stream *stream, uint8_t *out, size_t max);
