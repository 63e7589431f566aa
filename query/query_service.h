// The whole of `soglia serve` in one handle: the views' file, the thread that fills it, the HTTP
// server over it. The service runs beside other work of the process.
#pragma once
#include "core/secrets/secrets.h"
#include "query/commands/command_settings.h"
#include "query/auth/auth_settings.h"
#include "query/http/http_server.h"
#include "query/stream/sse_hub.h"
#include "query/views/view_feeder.h"

struct query_service;

struct query_service_config {
    const struct kafka_settings *kafka;
    const struct topic_settings *topics;
    const struct registry_settings *registry;
    const struct state_settings *state;
    const struct view_settings *views;
    const struct http_settings *http;
    const struct auth_settings *auth;
    const struct command_settings *commands;
    const struct secrets *secrets;
    const struct sse_settings *streams;
    // What else this process must be able to do before /readyz says yes; writes what is lacking if
    // it is not. NULL: nothing.
    bool (*also_ready)(void *also_context, struct buffer *ret_lacking);
    void *also_context;
};

// Starts everything and serves; what is pointed to must outlive the service. Kafka need not be
// there yet: what the views have is served meanwhile. Fails: SG_FATAL.
SG_RESULT query_service_open(const struct query_service_config *config,
                             struct query_service **ret_service);

// Ends the connections, commits the views and frees. Accepts NULL. Returns what the service failed
// with while it ran, a success if it did not.
sg_result query_service_close(struct query_service **service);

// The port it listens at. Any thread.
int query_service_port(const struct query_service *service);

// As /readyz. Any thread.
bool query_service_ready(struct query_service *service, struct buffer *ret_lacking);
