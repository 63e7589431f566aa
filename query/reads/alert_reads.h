// The reading of /v1/alerts. The context is a struct query_context with views.
#pragma once
#include "query/http/http_router.h"

// Alerts of the user who asks, newest first, a page of them.
sg_result alert_reads_list(void *context, const struct http_request *request,
                           struct http_response *response);

// One of them, with the notifications that told of it.
sg_result alert_reads_one(void *context, const struct http_request *request,
                          struct http_response *response);
