// An HTTP/1.1 server over libmicrohttpd, which this folder alone uses. It turns connections into
// requests for the router, and guards what the router cannot see: sizes, slowness, origins.
#pragma once
#include "core/settings/option.h"
#include "query/http/http_router.h"

struct http_settings {
    const char *listen;
    int64_t threads;
    int64_t connections;
    int64_t per_address;
    int64_t timeout_ms;
    int64_t header_bytes;
    int64_t body_bytes;
    int64_t wait_ms;
    const char *cors_origins;
    const char *trusted_proxies;
};

// The rows of `http.*`.
struct option_table http_options(struct http_settings *target);

struct http_server;

// Starts serving. Settings and application must outlive the server. Fails: SG_FATAL for an address
// that is wrong or taken.
SG_RESULT http_server_open(const struct http_settings *settings,
                           const struct http_application *application,
                           struct http_server **ret_server);

// Takes no new connections, ends the open ones and frees. Accepts NULL.
void http_server_close(struct http_server **server);

// The port it listens at. Any thread.
int http_server_port(const struct http_server *server);

// Says that what the application's ready() looks at has changed. Any thread.
void http_server_notify(struct http_server *server);

// The classes of status ("2xx"), for metric_name_values().
const char *const *http_server_status_classes(size_t *ret_count);
