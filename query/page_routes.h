// The web page at / with its files, the list of all routes at /api and the contract at
// /openapi.json. The context is a struct query_context.
#pragma once
#include "query/http/http_router.h"

sg_result page_routes_app(void *context, const struct http_request *request,
                          struct http_response *response);
sg_result page_routes_asset(void *context, const struct http_request *request,
                            struct http_response *response);
sg_result page_routes_index(void *context, const struct http_request *request,
                            struct http_response *response);
sg_result page_routes_openapi(void *context, const struct http_request *request,
                              struct http_response *response);
