// A small listener for roles that serve no HTTP otherwise: /healthz, /readyz and /metrics.
#pragma once
#include "query/http/http_server.h"
#include "query/query_context.h"

struct metrics_settings {
    const char *listen;
};

// The rows of `metrics.*`.
struct option_table metrics_options(struct metrics_settings *target);

struct metrics_server;

// Starts the listener; with metrics.listen empty there is none and `*ret_server` is NULL. `context`
// needs only ready() and must outlive the server. Fails: SG_FATAL.
SG_RESULT metrics_server_open(const struct metrics_settings *settings,
                              struct query_context *context, struct metrics_server **ret_server);

// Stops it. Accepts NULL.
void metrics_server_close(struct metrics_server **server);
