// Liveness, readiness, metrics.
#include "query/health_routes.h"

#include "core/service/metric.h"
#include "query/query_context.h"

enum { LACKING_MAX = 4096 };

sg_result health_routes_alive(void *context, const struct http_request *request,
                              struct http_response *response)
{
    (void)context;
    (void)request;
    return buffer_append(&response->body, bytes_of_text("{\"status\":\"alive\"}"));
}

sg_result health_routes_ready(void *context, const struct http_request *request,
                              struct http_response *response)
{
    (void)request;
    struct query_context *query = context;
    SG_CLEANUP(buffer_done) struct buffer lacking;
    buffer_init(&lacking, LACKING_MAX);
    if (query->ready(query->ready_context, &lacking)) {
        return buffer_append(&response->body, bytes_of_text("{\"status\":\"ready\"}"));
    }
    return sg_fail(SG_RETRY, 0, "not ready: %.*s", (int)lacking.size,
                   lacking.size > 0 ? (const char *)lacking.data : "");
}

sg_result health_routes_metrics(void *context, const struct http_request *request,
                                struct http_response *response)
{
    (void)context;
    (void)request;
    return metric_print(&response->body);
}
