// The reading of /v1/users/me. Its context is a struct query_context with views.
#pragma once
#include "query/http/http_router.h"

// The user who asks.
sg_result user_reads_me(void *context, const struct http_request *request,
                        struct http_response *response);
