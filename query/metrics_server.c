// The same server with a shorter table.
#include "query/metrics_server.h"

#include "query/health_routes.h"

#include <stdlib.h>

enum {
    THREADS = 1,
    CONNECTIONS = 64,
    TIMEOUT_MS = 10000,
    HEADER_BYTES = 8192,
    BODY_BYTES = 1024, // No route takes one.
};

static const struct option options[] = {
    {"metrics.listen", OPTION_TEXT, offsetof(struct metrics_settings, listen), "", 0, 0, NULL,
     "Address and port of /healthz, /readyz and /metrics for roles other than serve, which has "
     "them "
     "anyway; empty for none."},
};
struct option_table metrics_options(struct metrics_settings *target)
{
    return (struct option_table){"Metrics", options, sizeof options / sizeof options[0], target,
                                 false};
}

static const struct http_route routes[] = {
    {.path = "/healthz",
     .handle = health_routes_alive,
     .content_type = "application/json",
     .summary = "Whether the process lives."},
    {.path = "/readyz",
     .handle = health_routes_ready,
     .content_type = "application/json",
     .summary = "Whether it does its work."},
    {.path = "/metrics",
     .handle = health_routes_metrics,
     .content_type = "text/plain; version=0.0.4; charset=utf-8",
     .summary = "Metrics for Prometheus.",
     .tolerant = true},
};

struct metrics_server {
    struct http_settings settings;
    struct http_application application;
    struct http_server *http;
};

sg_result metrics_server_open(const struct metrics_settings *settings,
                              struct query_context *context, struct metrics_server **ret_server)
{
    if (settings->listen[0] == '\0') {
        *ret_server = NULL;
        return sg_ok();
    }
    SG_CLEANUP(metrics_server_close) struct metrics_server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        return sg_fail(SG_FATAL, 0, "metrics: out of memory");
    }
    server->settings = (struct http_settings){
        .listen = settings->listen,
        .threads = THREADS,
        .connections = CONNECTIONS,
        .per_address = CONNECTIONS,
        .timeout_ms = TIMEOUT_MS,
        .header_bytes = HEADER_BYTES,
        .body_bytes = BODY_BYTES,
        .cors_origins = "",
        .trusted_proxies = "",
    };
    server->application = (struct http_application){
        .routes = routes,
        .route_count = sizeof routes / sizeof routes[0],
        .context = context,
    };
    SG_TRY(http_server_open(&server->settings, &server->application, &server->http));
    *ret_server = SG_MOVE(server);
    return sg_ok();
}

void metrics_server_close(struct metrics_server **server)
{
    if (*server == NULL) {
        return;
    }
    http_server_close(&(*server)->http);
    free(*server);
    *server = NULL;
}
