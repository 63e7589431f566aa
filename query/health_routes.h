// /healthz, /readyz and /metrics: of serve, and of every other role. Their context is a struct
// query_context.
#pragma once
#include "query/http/http_router.h"

// 200 as long as the process answers.
sg_result health_routes_alive(void *context, const struct http_request *request,
                              struct http_response *response);

// 200 when the process does its work, 503 with what it lacks otherwise.
sg_result health_routes_ready(void *context, const struct http_request *request,
                              struct http_response *response);

// Prometheus' text format.
sg_result health_routes_metrics(void *context, const struct http_request *request,
                                struct http_response *response);
