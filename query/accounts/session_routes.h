// Who is logged in: the route that gives tokens, and the check of those that requests bring.
#pragma once
#include "query/accounts/account_services.h"
#include "query/http/http_router.h"

// POST /v1/sessions, see struct http_route; the context is a struct query_context.
SG_RESULT session_routes_log_in(void *context, const struct http_request *request,
                                struct http_response *response);

// See struct http_application; the context is a struct query_context.
SG_RESULT session_routes_authorize(void *context, enum http_access access,
                                   struct http_request *request);
