// The handlers of /v1/instruments. Their context is a struct query_context with views.
#pragma once
#include "query/http/http_router.h"

// Instruments with their last values, a page of them.
sg_result instrument_routes_list(void *context, const struct http_request *request,
                                 struct http_response *response);

// One instrument with its last value.
sg_result instrument_routes_last(void *context, const struct http_request *request,
                                 struct http_response *response);

// Its values of a time range, a page of them.
sg_result instrument_routes_quotes(void *context, const struct http_request *request,
                                   struct http_response *response);

// The mean of its last values.
sg_result instrument_routes_mean(void *context, const struct http_request *request,
                                 struct http_response *response);
