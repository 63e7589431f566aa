// The bridge to libmicrohttpd. For each request it calls note_target() with the request line,
// take_call() when the headers are there (and again after a wait), end_request() when it is over.
#include "query/http/http_server.h"

#include "core/service/clock.h"
#include "core/service/log.h"
#include "core/service/metric.h"
#include "query/http/http_address.h"
#include "query/http/http_watch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MS_PER_S = 1000, POOL_EXTRA_BYTES = 8192, STATUS_CLASS = 100, LOG_LINE_MAX = 256 };

static const struct option options[] = {
    {"http.listen", OPTION_TEXT, offsetof(struct http_settings, listen), "127.0.0.1:8080", 0, 0,
     NULL, "Address and port of the HTTP service; port 0 takes a free one."},
    {"http.threads", OPTION_INT, offsetof(struct http_settings, threads), "2", 1, 64, NULL,
     "Threads that answer HTTP requests."},
    {"http.connections", OPTION_INT, offsetof(struct http_settings, connections), "1024", 64, 65536,
     NULL, "Most connections open at a time."},
    {"http.per_address", OPTION_INT, offsetof(struct http_settings, per_address), "256", 1, 65536,
     NULL, "Most connections from one address; behind a proxy all come from one."},
    {"http.timeout", OPTION_DURATION, offsetof(struct http_settings, timeout_ms), "30s", 100,
     3600000, NULL,
     "Longest a client may take to send a request, to take its answer, and to stay idle."},
    {"http.header_bytes", OPTION_SIZE, offsetof(struct http_settings, header_bytes), "16KiB", 1024,
     1048576, NULL, "Most bytes of a request's headers."},
    {"http.wait", OPTION_DURATION, offsetof(struct http_settings, wait_ms), "5s", 0, 60000, NULL,
     "Longest a request with a min_position waits for it."},
};
struct option_table http_options(struct http_settings *target)
{
    return (struct option_table){"HTTP", options, sizeof options / sizeof options[0], target,
                                 false};
}

struct http_server {
    const struct http_settings *settings;
    const struct http_application *application;
    struct http_watch *watch;
    struct MHD_Daemon *daemon;
    int port;
};

// A request on its way. libmicrohttpd keeps the pointer for us until end_request().
struct exchange {
    sg_result parsed;
    char reason[SG_REASON_MAX]; // Of a failed parse, which may belong to another call.
    int64_t began_us;
    bool called; // The first call has been made.
    bool answered;
    struct http_request request;
};

const char *const *http_server_status_classes(size_t *ret_count)
{
    static const char *const classes[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
    *ret_count = sizeof classes / sizeof classes[0];
    return classes;
}

static struct http_watched *watched_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info == NULL ? NULL : info->socket_context;
}

static void *note_target(void *context, const char *target, struct MHD_Connection *connection)
{
    (void)context;
    (void)connection;
    struct exchange *exchange = malloc(sizeof *exchange);
    if (exchange == NULL) {
        return NULL;
    }
    exchange->called = false;
    exchange->answered = false;
    exchange->began_us = clock_monotonic_us();
    exchange->parsed = http_request_parse(&exchange->request, bytes_of_text(target));
    snprintf(exchange->reason, sizeof exchange->reason, "%s", sg_reason());
    return exchange;
}

static enum MHD_Result add_size(void *context, enum MHD_ValueKind kind, const char *name,
                                const char *value)
{
    (void)kind;
    size_t *total = context;
    *total += strlen(name) + (value == NULL ? 0 : strlen(value));
    return MHD_YES;
}

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

// What the headers alone forbid.
static sg_result check_headers(const struct http_server *server, struct MHD_Connection *connection)
{
    size_t size = 0;
    MHD_get_connection_values(connection, MHD_HEADER_KIND, add_size, &size);
    if (size > (size_t)server->settings->header_bytes) {
        return sg_fail(SG_DROP, 431, "the headers have more than %lld bytes",
                       (long long)server->settings->header_bytes);
    }
    const char *length = header_of(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    bool body = length != NULL && strspn(length, "0") != strlen(length);
    if (body || header_of(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL) {
        return sg_fail(SG_DROP, 413, "no resource here takes a body");
    }
    return sg_ok();
}

static void take_headers(struct http_request *request, struct MHD_Connection *connection)
{
    for (enum http_header header = 0; header < HTTP_HEADER_COUNT; header++) {
        request->headers[header] = bytes_of_text(header_of(connection, http_header_name(header)));
    }
}

static bool add_headers(struct MHD_Response *answer, const struct http_response *response)
{
    bool added =
        MHD_add_response_header(answer, "X-Content-Type-Options", "nosniff") == MHD_YES &&
        MHD_add_response_header(answer, "Content-Security-Policy",
                                "default-src 'none'; style-src 'unsafe-inline'") == MHD_YES;
    if (response->content_type != NULL) {
        added = added && MHD_add_response_header(answer, MHD_HTTP_HEADER_CONTENT_TYPE,
                                                 response->content_type) == MHD_YES;
    }
    if (http_response_find(response, MHD_HTTP_HEADER_CACHE_CONTROL) == NULL) {
        added = added && MHD_add_response_header(answer, MHD_HTTP_HEADER_CACHE_CONTROL,
                                                 "no-cache") == MHD_YES;
    }
    for (size_t i = 0; i < response->header_count; i++) {
        added = added && MHD_add_response_header(answer, response->headers[i].name,
                                                 response->headers[i].value) == MHD_YES;
    }
    return added;
}

static enum MHD_Result send_response(struct MHD_Connection *connection,
                                     struct http_response *response)
{
    size_t size = response->body.size;
    uint8_t *data = SG_MOVE(response->body.data);
    response->body.size = 0;
    response->body.capacity = 0;
    struct MHD_Response *answer =
        MHD_create_response_from_buffer(size, data, MHD_RESPMEM_MUST_FREE);
    if (answer == NULL) {
        free(data);
        return MHD_NO;
    }
    enum MHD_Result sent = MHD_NO;
    if (add_headers(answer, response)) {
        sent = MHD_queue_response(connection, (unsigned)response->status, answer);
    }
    MHD_destroy_response(answer);
    metric_add(METRIC_HTTP_REQUESTS, (unsigned)(response->status / STATUS_CLASS - 1), 0, 1);
    return sent;
}

// Answers before the request is whole; the connection is closed behind the answer, so that what is
// left of the request is never read as another one.
static enum MHD_Result refuse_early(struct MHD_Connection *connection, struct exchange *exchange,
                                    sg_result failure)
{
    SG_CLEANUP(http_response_done) struct http_response response;
    http_response_init(&response);
    exchange->answered = true;
    if (!sg_is_ok(http_response_header(&response, "Connection", "close")) ||
        !sg_is_ok(http_router_refuse(&exchange->request, failure, &response))) {
        return MHD_NO;
    }
    return send_response(connection, &response);
}

static enum MHD_Result take_first_call(struct http_server *server, struct exchange *exchange,
                                       struct MHD_Connection *connection, const char *method)
{
    if (!sg_is_ok(exchange->parsed)) {
        sg_result failure =
            sg_fail(exchange->parsed.class, exchange->parsed.code, "%s", exchange->reason);
        return refuse_early(connection, exchange, failure);
    }
    sg_result checked = check_headers(server, connection);
    if (!sg_is_ok(checked)) {
        return refuse_early(connection, exchange, checked);
    }
    exchange->request.method = http_method_of(method);
    take_headers(&exchange->request, connection);
    return MHD_YES;
}

static enum MHD_Result answer(struct http_server *server, struct exchange *exchange,
                              struct MHD_Connection *connection)
{
    struct http_watched *watched = watched_of(connection);
    SG_CLEANUP(http_response_done) struct http_response response;
    http_response_init(&response);
    bool wait = false;
    bool late = http_watch_late(server->watch, watched);
    sg_result result =
        http_router_answer(server->application, &exchange->request, late, &response, &wait);
    if (sg_is_ok(result) && wait) {
        if (http_watch_wait(server->watch, watched, &exchange->request)) {
            return MHD_YES;
        }
        result =
            http_router_answer(server->application, &exchange->request, true, &response, &wait);
    }
    if (!sg_is_ok(result)) {
        log_error("an answer could not be made",
                  (struct log_field[]){log_text("reason", sg_reason()), {.name = NULL}});
        return MHD_NO;
    }
    exchange->answered = true;
    http_watch_turn(server->watch, watched, true);
    return send_response(connection, &response);
}

// MHD_AccessHandlerCallback. The first call comes with the headers; a later one, without upload
// data, when the request is whole or its wait is over.
// NOLINTNEXTLINE(readability-function-size): the library decides the parameters.
static enum MHD_Result take_call(void *context, struct MHD_Connection *connection, const char *path,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_size, void **request)
{
    (void)path;
    (void)version;
    (void)upload;
    struct http_server *server = context;
    struct exchange *exchange = *request;
    if (exchange == NULL) {
        return MHD_NO;
    }
    if (!exchange->called) {
        exchange->called = true;
        http_watch_turn(server->watch, watched_of(connection), false);
        return take_first_call(server, exchange, connection, method);
    }
    if (*upload_size > 0 || exchange->answered) {
        *upload_size = 0;
        return MHD_YES;
    }
    return answer(server, exchange, connection);
}

static void end_request(void *context, struct MHD_Connection *connection, void **request,
                        enum MHD_RequestTerminationCode code)
{
    (void)code;
    struct http_server *server = context;
    struct exchange *exchange = *request;
    http_watch_turn(server->watch, watched_of(connection), true);
    if (exchange != NULL) {
        metric_observe_us(METRIC_HTTP_SECONDS, 0, clock_monotonic_us() - exchange->began_us);
    }
    free(exchange);
    *request = NULL;
}

static void note_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                            enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        http_watch_remove(server->watch, *socket_context);
        *socket_context = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    *socket_context =
        info == NULL ? NULL : http_watch_add(server->watch, connection, info->connect_fd);
}

// What libmicrohttpd has to say is about single clients, not about us.
__attribute__((format(printf, 2, 0))) static void
note_library_line(void *context, const char *format, va_list arguments)
{
    (void)context;
    char line[LOG_LINE_MAX];
    vsnprintf(line, sizeof line, format, arguments);
    line[strcspn(line, "\r\n")] = '\0';
    log_debug("libmicrohttpd", (struct log_field[]){log_text("line", line), {.name = NULL}});
}

static sg_result start_daemon(struct http_server *server, const struct http_address *address)
{
    const struct http_settings *settings = server->settings;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    if (address->socket.ss_family == AF_INET6) {
        flags |= MHD_USE_IPv6;
    }
    int64_t timeout_s = (settings->timeout_ms + MS_PER_S - 1) / MS_PER_S;
    size_t pool = (size_t)settings->header_bytes + 2 * HTTP_TARGET_MAX + POOL_EXTRA_BYTES;
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, take_call, server, MHD_OPTION_EXTERNAL_LOGGER, note_library_line,
        NULL, MHD_OPTION_SOCK_ADDR, &address->socket, MHD_OPTION_URI_LOG_CALLBACK, note_target,
        NULL, MHD_OPTION_NOTIFY_COMPLETED, end_request, server, MHD_OPTION_NOTIFY_CONNECTION,
        note_connection, server, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)settings->threads,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)settings->connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)settings->per_address,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        pool, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (server->daemon == NULL) {
        return sg_fail(SG_FATAL, 0, "http: cannot listen at %s (is it taken?)", settings->listen);
    }
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    server->port = info == NULL ? http_address_port(address) : info->port;
    return sg_ok();
}

sg_result http_server_open(const struct http_settings *settings,
                           const struct http_application *application,
                           struct http_server **ret_server)
{
    struct http_address address;
    SG_TRY(http_address_read(settings->listen, &address));
    SG_CLEANUP(http_server_close) struct http_server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        return sg_fail(SG_FATAL, 0, "http: out of memory");
    }
    server->settings = settings;
    server->application = application;
    SG_TRY(http_watch_open(application, settings->timeout_ms, settings->wait_ms, &server->watch));
    SG_TRY(start_daemon(server, &address));
    *ret_server = SG_MOVE(server);
    return sg_ok();
}

void http_server_close(struct http_server **server)
{
    struct http_server *closing = *server;
    if (closing == NULL) {
        return;
    }
    if (closing->daemon != NULL) {
        // Not MHD_quiesce_daemon(): with a pool of epoll threads it may meet one of them removing
        // the listening socket too, and then ends the process (0.9.75).
        http_watch_quit(closing->watch);
        MHD_stop_daemon(closing->daemon);
    }
    http_watch_close(&closing->watch);
    free(closing);
    *server = NULL;
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_notify(struct http_server *server)
{
    http_watch_notify(server->watch);
}
