// Snapshots and positions of requests.
#include "query/view_request.h"

sg_result view_request_tell(const struct view_snapshot *snapshot,
                            const struct position_topics *topics, struct http_response *response)
{
    SG_CLEANUP(buffer_done) struct buffer position;
    buffer_init(&position, POSITION_TEXT_MAX);
    sg_result printed = position_text_print(snapshot, topics, &position);
    if (printed.class == SG_DROP) {
        // More partitions than a header takes: then there is none.
        return sg_ok();
    }
    SG_TRY(printed);
    if (position.size == 0) {
        return sg_ok();
    }
    return http_response_header(response, "Soglia-Position", "%.*s", (int)position.size,
                                (const char *)position.data);
}

sg_result view_request_begin(void *context, const struct position_topics *topics,
                             struct http_response *response, struct view_snapshot *ret_snapshot)
{
    struct query_context *query = context;
    SG_TRY(view_store_read(query->store, ret_snapshot));
    return view_request_tell(ret_snapshot, topics, response);
}

sg_result view_request_ready(void *context, const struct http_request *request, bool *ret_ready)
{
    struct query_context *query = context;
    const struct bytes *parameter = http_request_parameter(request, "min_position");
    struct bytes wanted =
        parameter != NULL ? *parameter : request->headers[HTTP_HEADER_MIN_POSITION];
    if (parameter == NULL && wanted.size == 0) {
        *ret_ready = true;
        return sg_ok();
    }
    SG_CLEANUP(view_snapshot_done) struct view_snapshot snapshot = {.transaction = NULL};
    SG_TRY(view_store_read(query->store, &snapshot));
    return position_text_reached(&snapshot, wanted, ret_ready);
}
