// The format of server-sent events (HTML, section 9.2.5), in the room that an answer has.
#include "query/stream/sse_output.h"

#include "core/service/metric.h"
#include "schemas/topic_table.h"

#include <string.h>

void sse_output_init(struct sse_output *output, uint8_t *data, size_t max)
{
    *output = (struct sse_output){.data = data, .max = max};
    buffer_init(&output->frame, SSE_FRAME_MAX);
}

void sse_output_done(struct sse_output *output)
{
    buffer_done(&output->frame);
    for (unsigned i = 0; i < SSE_TOPICS; i++) {
        if (output->events[i] > 0) {
            metric_add(METRIC_STREAM_EVENTS, i == SSE_TOPIC_QUOTES ? TOPIC_QUOTES : TOPIC_ALERTS, 0,
                       output->events[i]);
        }
    }
}

sg_result sse_output_id(const struct sse_stream *stream, struct buffer *out)
{
    struct sse_position position;
    position.count = stream->wanted_count;
    position.partitions[SSE_TOPIC_QUOTES] = stream->partitions[SSE_TOPIC_QUOTES];
    position.partitions[SSE_TOPIC_ALERTS] = stream->partitions[SSE_TOPIC_ALERTS];
    for (size_t i = 0; i < stream->wanted_count; i++) {
        uint32_t slot = stream->wanted[i];
        uint32_t quotes = (uint32_t)stream->partitions[SSE_TOPIC_QUOTES];
        bool alerts = slot >= quotes;
        position.places[i] =
            (struct sse_place){alerts ? SSE_TOPIC_ALERTS : SSE_TOPIC_QUOTES,
                               (int32_t)(alerts ? slot - quotes : slot), stream->next[slot]};
    }
    SG_TRY(buffer_append(out, bytes_of_text("id: ")));
    SG_TRY(sse_id_print(&position, out));
    return buffer_append_byte(out, '\n');
}

static sg_result print_event(const struct sse_stream *stream, const struct sse_event *event,
                             struct buffer *out)
{
    static const char *const names[] = {[SSE_QUOTE] = "event: quote\ndata: ",
                                        [SSE_ALERT] = "event: alert\ndata: ",
                                        [SSE_GAP] = "event: gap\ndata: "};
    SG_TRY(sse_output_id(stream, out));
    SG_TRY(buffer_append(out, bytes_of_text(names[event->kind])));
    SG_TRY(buffer_append(out, event->json));
    return buffer_append(out, bytes_of_text("\n\n"));
}

bool sse_output_frame(struct sse_stream *stream, struct sse_output *output)
{
    struct bytes frame = buffer_bytes(&output->frame);
    if (frame.size > output->max - output->size && output->size > 0) {
        output->full = true;
        return false;
    }
    size_t size = frame.size < output->max ? frame.size : output->max;
    memcpy(output->data + output->size, frame.data, size);
    output->size += size;
    if (size < frame.size) {
        output->full = true;
        stream->rest_at = size;
        stream->rest = output->frame;
        buffer_init(&output->frame, SSE_FRAME_MAX);
    }
    return true;
}

bool sse_output_event(struct sse_stream *stream, const struct sse_event *event,
                      struct sse_output *output)
{
    buffer_clear(&output->frame);
    if (!sg_is_ok(print_event(stream, event, &output->frame)) ||
        !sse_output_frame(stream, output)) {
        output->full = true;
        return false;
    }
    if (event->kind != SSE_GAP) {
        output->events[event->kind == SSE_QUOTE ? SSE_TOPIC_QUOTES : SSE_TOPIC_ALERTS]++;
    }
    return true;
}

ptrdiff_t sse_output_rest(struct sse_stream *stream, uint8_t *out, size_t max)
{
    size_t left = stream->rest.size - stream->rest_at;
    size_t size = left < max ? left : max;
    memcpy(out, stream->rest.data + stream->rest_at, size);
    stream->rest_at += size;
    if (size == left) {
        buffer_done(&stream->rest);
        buffer_init(&stream->rest, SSE_FRAME_MAX);
    }
    return (ptrdiff_t)size;
}
