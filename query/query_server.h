// The HTTP service of `soglia serve`: every route it has, over the views and the registry.
#pragma once
#include "query/http/http_server.h"
#include "query/query_context.h"

// The application with all routes. `context` must outlive it; its `application` is set to the
// result. Any thread.
void query_server_application(struct query_context *context,
                              struct http_application *ret_application);
