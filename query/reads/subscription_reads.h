// The reading of /v1/subscriptions. The context is a struct query_context with views.
#pragma once
#include "query/http/http_router.h"

// Subscriptions of the user who asks, a page of them, by id.
sg_result subscription_reads_list(void *context, const struct http_request *request,
                                  struct http_response *response);

// One of them.
sg_result subscription_reads_one(void *context, const struct http_request *request,
                                 struct http_response *response);
