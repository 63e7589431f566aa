// Headers that every answer has, and streams: a reader that has nothing suspends its connection,
// and the watcher resumes it.
#include "query/http/http_reply.h"

#include <stdlib.h>

enum { STREAM_BLOCK_BYTES = 4096 };

static const char page_policy[] = "default-src 'none'; style-src 'unsafe-inline'";

// Adds a header unless the handler has set it.
static bool add_default(struct MHD_Response *answer, const struct http_response *response,
                        const char *name, const char *value)
{
    return http_response_find(response, name) != NULL ||
           MHD_add_response_header(answer, name, value) == MHD_YES;
}

static bool add_headers(struct MHD_Response *answer, const struct http_response *response)
{
    bool added = add_default(answer, response, "X-Content-Type-Options", "nosniff") &&
                 add_default(answer, response, "Content-Security-Policy", page_policy) &&
                 add_default(answer, response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
    if (response->content_type != NULL) {
        added = added && MHD_add_response_header(answer, MHD_HTTP_HEADER_CONTENT_TYPE,
                                                 response->content_type) == MHD_YES;
    }
    for (size_t i = 0; i < response->header_count; i++) {
        added = added && MHD_add_response_header(answer, response->headers[i].name,
                                                 response->headers[i].value) == MHD_YES;
    }
    return added;
}

struct streaming {
    struct http_reply reply;
    struct http_stream *stream;
};

// MHD_ContentReaderCallback: the client has taken what it was given before.
static ssize_t read_more(void *context, uint64_t position, char *out, size_t max)
{
    (void)position;
    struct streaming *streaming = context;
    struct http_watch *watch = streaming->reply.watch;
    struct http_watched *watched = streaming->reply.watched;
    if (http_watch_ends(watch, watched)) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    ptrdiff_t size = streaming->stream->read(streaming->stream, (uint8_t *)out, max);
    if (size > 0) {
        http_watch_turn(watch, watched, true);
        return size;
    }
    bool waits = size == 0 && http_watch_wait_more(watch, watched, &streaming->stream->work);
    return waits ? 0 : MHD_CONTENT_READER_END_OF_STREAM;
}

static void end_stream(void *context)
{
    struct streaming *streaming = context;
    streaming->stream->work.release(&streaming->stream->work);
    free(streaming);
}

static struct MHD_Response *make_stream(const struct http_reply *reply,
                                        struct http_response *response)
{
    struct http_stream *stream = SG_MOVE(response->stream);
    struct streaming *streaming = malloc(sizeof *streaming);
    struct MHD_Response *answer = NULL;
    if (streaming != NULL) {
        *streaming = (struct streaming){*reply, stream};
        answer = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES, read_more,
                                                   streaming, end_stream);
    }
    if (answer == NULL) {
        free(streaming);
        stream->work.release(&stream->work);
    }
    return answer;
}

static struct MHD_Response *make_whole(struct http_response *response)
{
    size_t size = response->body.size;
    uint8_t *data = SG_MOVE(response->body.data);
    response->body.size = 0;
    response->body.capacity = 0;
    struct MHD_Response *answer =
        MHD_create_response_from_buffer(size, data, MHD_RESPMEM_MUST_FREE);
    if (answer == NULL) {
        free(data);
    }
    return answer;
}

enum MHD_Result http_reply_send(const struct http_reply *reply, struct http_response *response)
{
    struct MHD_Response *answer =
        response->stream != NULL ? make_stream(reply, response) : make_whole(response);
    if (answer == NULL) {
        return MHD_NO;
    }
    enum MHD_Result sent = MHD_NO;
    if (add_headers(answer, response)) {
        sent = MHD_queue_response(reply->connection, (unsigned)response->status, answer);
    }
    MHD_destroy_response(answer);
    return sent;
}
