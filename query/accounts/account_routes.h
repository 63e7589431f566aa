// What people change of themselves and of their subscriptions: handlers for struct http_route,
// whose context is a struct query_context.
#pragma once
#include "query/http/http_router.h"

SG_RESULT account_routes_register(void *context, const struct http_request *request,
                                  struct http_response *response);
SG_RESULT account_routes_change(void *context, const struct http_request *request,
                                struct http_response *response);
SG_RESULT account_routes_delete(void *context, const struct http_request *request,
                                struct http_response *response);
SG_RESULT account_routes_subscribe(void *context, const struct http_request *request,
                                   struct http_response *response);
SG_RESULT account_routes_change_subscription(void *context, const struct http_request *request,
                                             struct http_response *response);
SG_RESULT account_routes_unsubscribe(void *context, const struct http_request *request,
                                     struct http_response *response);

// What became of a change, or that it is still at work.
SG_RESULT account_routes_command(void *context, const struct http_request *request,
                                 struct http_response *response);
