// The reading of /v1/commands. The context is a struct query_context with views.
#pragma once
#include "query/http/http_router.h"

// What became of a command of the user who asks.
sg_result command_reads_one(void *context, const struct http_request *request,
                            struct http_response *response);
