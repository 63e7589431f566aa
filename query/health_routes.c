// Liveness, readiness, metrics.
#include "query/health_routes.h"

#include "core/service/metric.h"
#include "query/query_context.h"

#include <sys/statvfs.h>

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

// A folder that cannot be asked leaves what was known of it.
static void measure_disk(const char *folder)
{
    struct statvfs disk;
    if (folder != NULL && statvfs(folder, &disk) == 0) {
        metric_set(METRIC_STATE_FREE, 0, 0, (int64_t)(disk.f_bavail * disk.f_frsize));
        metric_set(METRIC_STATE_SIZE, 0, 0, (int64_t)(disk.f_blocks * disk.f_frsize));
    }
}

sg_result health_routes_metrics(void *context, const struct http_request *request,
                                struct http_response *response)
{
    const struct query_context *query = context;
    (void)request;
    measure_disk(query->state_folder);
    return metric_print(&response->body);
}
