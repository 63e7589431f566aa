// /u/{token}: what a link in a mail leads to. The token is the authority: it names one subscription
// of one user, and nothing else can be reached with it. See struct http_route; the context is a
// struct query_context.
#pragma once
#include "query/http/http_router.h"

SG_RESULT link_routes_show(void *context, const struct http_request *request,
                           struct http_response *response);

// The page's forms, and the one click of a mail program (RFC 8058).
SG_RESULT link_routes_do(void *context, const struct http_request *request,
                         struct http_response *response);
