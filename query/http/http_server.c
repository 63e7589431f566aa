// The bridge to libmicrohttpd. For each request it calls note_target() with the request line,
// take_call() when the headers are there, for each part of the body, at the end of it (and again
// after a wait), end_request() when it is over.
#include "query/http/http_server.h"

#include "core/service/clock.h"
#include "core/service/log.h"
#include "core/service/metric.h"
#include "query/http/http_address.h"
#include "query/http/http_cors.h"
#include "query/http/http_exchange.h"
#include "query/http/http_proxy.h"
#include "query/http/http_reply.h"
#include "query/http/loop/http_peers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HTTP_THREADS_MAX = 64,
    MS_PER_S = 1000,
    POOL_EXTRA_BYTES = 8192,
    STATUS_CLASS = 100,
    LOG_LINE_MAX = 256
};

static const struct option options[] = {
    {"http.listen", OPTION_TEXT, offsetof(struct http_settings, listen), "127.0.0.1:8080", 0, 0,
     NULL, "Address and port of the HTTP service; port 0 takes a free one."},
    {"http.threads", OPTION_INT, offsetof(struct http_settings, threads), "2", 1, HTTP_THREADS_MAX,
     NULL, "Threads that answer HTTP requests."},
    {"http.connections", OPTION_INT, offsetof(struct http_settings, connections), "2048", 64, 65536,
     NULL, "Most connections open at a time."},
    {"http.per_address", OPTION_INT, offsetof(struct http_settings, per_address), "256", 1, 65536,
     NULL, "Most connections from one address; behind a proxy all come from one."},
    {"http.timeout", OPTION_DURATION, offsetof(struct http_settings, timeout_ms), "30s", 100,
     3600000, NULL,
     "Longest a client may take to send a request, to take its answer, and to stay idle."},
    {"http.header_bytes", OPTION_SIZE, offsetof(struct http_settings, header_bytes), "16KiB", 1024,
     1048576, NULL, "Most bytes of a request's headers."},
    {"http.body_bytes", OPTION_SIZE, offsetof(struct http_settings, body_bytes), "64KiB", 1024,
     16777216, NULL, "Most bytes of a request's body."},
    {"http.wait", OPTION_DURATION, offsetof(struct http_settings, wait_ms), "5s", 0, 60000, NULL,
     "Longest a request waits for its min_position, or for what became of its change."},
    {"http.cors_origins", OPTION_TEXT, offsetof(struct http_settings, cors_origins), "", 0, 0, NULL,
     "Origins whose pages may read answers, between commas (https://example.org); * for all, empty "
     "for none."},
    {"http.trusted_proxies", OPTION_TEXT, offsetof(struct http_settings, trusted_proxies), "", 0, 0,
     NULL, "Addresses and networks, between commas, whose X-Forwarded-For says who the client is."},
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
    struct http_peers *peers;
    int port;
    struct http_thread {
        struct http_server *server;
        struct http_loop loop;
    } threads[HTTP_THREADS_MAX];
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
    return http_exchange_open(target);
}

static enum MHD_Result send_response(const struct http_server *server,
                                     const struct http_exchange *exchange,
                                     struct MHD_Connection *connection,
                                     struct http_response *response)
{
    if (!sg_is_ok(http_cors_apply(server->settings->cors_origins, &exchange->request, response))) {
        return MHD_NO;
    }
    struct http_reply reply = {connection, server->watch, watched_of(connection)};
    int status = response->status;
    enum MHD_Result sent = http_reply_send(&reply, response);
    metric_add(METRIC_HTTP_REQUESTS, (unsigned)(status / STATUS_CLASS - 1), 0, 1);
    return sent;
}

// Answers a request that failed. The connection is closed behind the answer, so that what is left
// of the request is never read as another one.
static enum MHD_Result refuse(const struct http_server *server, struct http_exchange *exchange,
                              struct MHD_Connection *connection, sg_result failure)
{
    SG_CLEANUP(http_response_done) struct http_response response;
    http_response_init(&response);
    exchange->answered = true;
    http_watch_turn(server->watch, watched_of(connection), true);
    if (!sg_is_ok(http_response_header(&response, "Connection", "close")) ||
        !sg_is_ok(http_router_refuse(&exchange->request, failure, &response))) {
        return MHD_NO;
    }
    return send_response(server, exchange, connection, &response);
}

static enum MHD_Result take_headers(const struct http_server *server,
                                    struct http_exchange *exchange,
                                    struct MHD_Connection *connection, const char *method)
{
    const struct http_exchange_limits limits = {
        .header_bytes = (size_t)server->settings->header_bytes,
        .body_bytes = (size_t)server->settings->body_bytes,
        .trusted_proxies = server->settings->trusted_proxies,
    };
    sg_result taken = http_exchange_take_headers(exchange, connection, method, &limits);
    return sg_is_ok(taken) ? MHD_YES : refuse(server, exchange, connection, taken);
}

// Asks the router. True: there is an answer, or a failure to make one.
static bool has_answer(const struct http_server *server, struct http_exchange *exchange, bool late,
                       struct http_response *response, sg_result *ret_result)
{
    bool wait = false;
    *ret_result =
        http_router_answer(server->application, &exchange->request, late, response, &wait);
    http_exchange_set_work(exchange, SG_MOVE(response->wait_for));
    if (!wait) {
        http_exchange_set_work(exchange, NULL);
    }
    return !sg_is_ok(*ret_result) || !wait;
}

static enum MHD_Result answer(const struct http_server *server, struct http_exchange *exchange,
                              struct MHD_Connection *connection)
{
    if (!sg_is_ok(exchange->failure)) {
        sg_result failure =
            sg_fail(exchange->failure.class, exchange->failure.code, "%s", exchange->reason);
        return refuse(server, exchange, connection, failure);
    }
    struct http_watched *watched = watched_of(connection);
    SG_CLEANUP(http_response_done) struct http_response response;
    http_response_init(&response);
    bool late = http_watch_late(server->watch, watched);
    sg_result result = sg_ok();
    if (!has_answer(server, exchange, late, &response, &result)) {
        if (http_watch_wait(server->watch, watched, &exchange->request)) {
            return MHD_YES;
        }
        has_answer(server, exchange, true, &response, &result);
    }
    if (!sg_is_ok(result)) {
        log_error("an answer could not be made",
                  (struct log_field[]){log_text("reason", sg_reason()), {.name = NULL}});
        return MHD_NO;
    }
    exchange->answered = true;
    http_watch_turn(server->watch, watched, true);
    return send_response(server, exchange, connection, &response);
}

// MHD_AccessHandlerCallback. The first call comes with the headers, the next ones with parts of the
// body, and those without upload data when the request is whole or its wait is over.
// NOLINTNEXTLINE(readability-function-size): the library decides the parameters.
static enum MHD_Result take_call(void *context, struct MHD_Connection *connection, const char *path,
                                 const char *method, const char *version, const char *upload,
                                 size_t *upload_size, void **request)
{
    (void)path;
    (void)version;
    const struct http_server *server = context;
    struct http_exchange *exchange = *request;
    if (exchange == NULL) {
        return MHD_NO;
    }
    if (!exchange->called) {
        exchange->called = true;
        http_watch_turn(server->watch, watched_of(connection), true);
        return take_headers(server, exchange, connection, method);
    }
    if (*upload_size > 0) {
        bool goes_on =
            exchange->answered || http_exchange_take_body(exchange, bytes_of(upload, *upload_size));
        *upload_size = 0;
        return goes_on ? MHD_YES : MHD_NO;
    }
    if (exchange->answered) {
        return MHD_YES;
    }
    if (exchange->request.work == NULL) {
        http_watch_turn(server->watch, watched_of(connection), false);
    }
    return answer(server, exchange, connection);
}

static void end_request(void *context, struct MHD_Connection *connection, void **request,
                        enum MHD_RequestTerminationCode code)
{
    (void)code;
    const struct http_server *server = context;
    struct http_exchange *exchange = *request;
    http_watch_turn(server->watch, watched_of(connection), true);
    if (exchange != NULL) {
        metric_observe_us(METRIC_HTTP_SECONDS, 0, clock_monotonic_us() - exchange->began_us);
    }
    http_exchange_free(exchange);
    *request = NULL;
}

static enum MHD_Result admit(void *context, const struct sockaddr *address, socklen_t size)
{
    (void)size;
    struct http_server *server = context;
    return http_peers_enter(server->peers, address) ? MHD_YES : MHD_NO;
}

static void forget_connection(const struct http_server *server, struct MHD_Connection *connection,
                              struct http_watched *watched)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info != NULL && info->client_addr != NULL) {
        http_peers_leave(server->peers, info->client_addr);
    }
    http_watch_remove(server->watch, watched);
}

static void note_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                            enum MHD_ConnectionNotificationCode code)
{
    struct http_thread *thread = context;
    const struct http_server *server = thread->server;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        forget_connection(server, connection, *socket_context);
        *socket_context = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    *socket_context =
        info == NULL ? NULL
                     : http_watch_add(server->watch, &thread->loop, connection, info->connect_fd);
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

// Each daemon has its share of the connections. `where` says where they come from.
static struct MHD_Daemon *start_daemon(struct http_thread *thread, int family,
                                       struct MHD_OptionItem where)
{
    struct http_server *server = thread->server;
    const struct http_settings *settings = server->settings;
    const struct MHD_OptionItem options_of_ours[] = {where, {MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    if (family == AF_INET6) {
        flags |= MHD_USE_IPv6;
    }
    int64_t timeout_s = (settings->timeout_ms + MS_PER_S - 1) / MS_PER_S;
    int64_t left_over = settings->connections % settings->threads;
    int64_t share =
        settings->connections / settings->threads + (thread - server->threads < left_over ? 1 : 0);
    size_t pool = (size_t)settings->header_bytes + 2 * HTTP_TARGET_MAX + POOL_EXTRA_BYTES;
    return MHD_start_daemon(
        flags, 0, admit, server, take_call, server, MHD_OPTION_EXTERNAL_LOGGER, note_library_line,
        NULL, MHD_OPTION_ARRAY, options_of_ours, MHD_OPTION_URI_LOG_CALLBACK, note_target, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, end_request, server, MHD_OPTION_NOTIFY_CONNECTION,
        note_connection, thread, MHD_OPTION_CONNECTION_LIMIT, (unsigned)share,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        pool, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

// The first daemon opens the listening socket; each other one has a descriptor of it, to close.
static sg_result start_thread(struct http_server *server, size_t number,
                              struct http_address *address)
{
    struct http_thread *thread = &server->threads[number];
    struct MHD_OptionItem where = {MHD_OPTION_SOCK_ADDR, 0, &address->socket};
    thread->server = server;
    if (number > 0) {
        const union MHD_DaemonInfo *info =
            MHD_get_daemon_info(server->threads[0].loop.daemon, MHD_DAEMON_INFO_LISTEN_FD);
        int listening = info == NULL ? -1 : fcntl(info->listen_fd, F_DUPFD_CLOEXEC, 0);
        if (listening < 0) {
            // Without one the library would open another socket, wherever it likes.
            return sg_fail(SG_FATAL, errno, "http: thread %zu cannot listen at %s: %s", number,
                           server->settings->listen, strerror(errno));
        }
        where = (struct MHD_OptionItem){MHD_OPTION_LISTEN_SOCKET, listening, NULL};
    }
    struct MHD_Daemon *daemon = start_daemon(thread, address->socket.ss_family, where);
    if (daemon == NULL) {
        return sg_fail(SG_FATAL, 0, "http: cannot listen at %s (is it taken?)",
                       server->settings->listen);
    }
    return http_loop_open(&thread->loop, daemon);
}

static sg_result start_threads(struct http_server *server, struct http_address *address)
{
    for (int64_t i = 0; i < server->settings->threads; i++) {
        SG_TRY(start_thread(server, (size_t)i, address));
    }
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->threads[0].loop.daemon, MHD_DAEMON_INFO_BIND_PORT);
    server->port = info == NULL ? http_address_port(address) : info->port;
    return sg_ok();
}

sg_result http_server_open(const struct http_settings *settings,
                           const struct http_application *application,
                           struct http_server **ret_server)
{
    struct http_address address;
    SG_TRY(http_address_read(settings->listen, &address));
    SG_TRY(http_cors_check(settings->cors_origins));
    SG_TRY(http_proxy_check(settings->trusted_proxies));
    SG_CLEANUP(http_server_close) struct http_server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        return sg_fail(SG_FATAL, 0, "http: out of memory");
    }
    server->settings = settings;
    server->application = application;
    server->peers = http_peers_new((size_t)settings->per_address);
    if (server->peers == NULL) {
        return sg_fail(SG_FATAL, 0, "http: out of memory");
    }
    SG_TRY(http_watch_open(application, settings->timeout_ms, settings->wait_ms, &server->watch));
    SG_TRY(start_threads(server, &address));
    *ret_server = SG_MOVE(server);
    return sg_ok();
}

void http_server_close(struct http_server **server)
{
    struct http_server *closing = *server;
    if (closing == NULL) {
        return;
    }
    if (closing->watch != NULL) {
        http_watch_quit(closing->watch);
    }
    for (size_t i = 0; i < HTTP_THREADS_MAX; i++) {
        http_loop_close(&closing->threads[i].loop);
    }
    http_watch_close(&closing->watch);
    http_peers_free(&closing->peers);
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
