// GET /v1/stream: server-sent events. The context is a struct query_context.
#pragma once
#include "query/http/http_router.h"

sg_result stream_routes_events(void *context, const struct http_request *request,
                               struct http_response *response);
