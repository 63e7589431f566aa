// What the router cannot see: sizes, bodies, who is at the other end.
#include "query/http/http_exchange.h"

#include "core/service/clock.h"
#include "query/http/http_proxy.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// How much of a body that is too large is read before the client is cut, in times of the limit: a
// client that reads answers only behind its request is still told.
enum { IGNORED_MAX = 16 };

static void note(struct http_exchange *exchange, sg_result failure)
{
    exchange->failure = failure;
    snprintf(exchange->reason, sizeof exchange->reason, "%s", sg_is_ok(failure) ? "" : sg_reason());
}

struct http_exchange *http_exchange_open(const char *target)
{
    struct http_exchange *exchange = malloc(sizeof *exchange);
    if (exchange == NULL) {
        return NULL;
    }
    // The request's text is left as it is: clearing 16 KiB each time would be waste.
    memset(exchange, 0, offsetof(struct http_exchange, request));
    exchange->began_us = clock_monotonic_us();
    note(exchange, http_request_parse(&exchange->request, bytes_of_text(target)));
    return exchange;
}

void http_exchange_free(struct http_exchange *exchange)
{
    if (exchange == NULL) {
        return;
    }
    http_exchange_set_work(exchange, NULL);
    buffer_done(&exchange->body);
    free(exchange);
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

static bool takes_body(enum http_method method)
{
    return method == HTTP_POST || method == HTTP_PUT || method == HTTP_PATCH;
}

// What the headers alone forbid.
static sg_result check_headers(struct http_exchange *exchange, struct MHD_Connection *connection,
                               const struct http_exchange_limits *limits)
{
    size_t size = 0;
    MHD_get_connection_values(connection, MHD_HEADER_KIND, add_size, &size);
    if (size > limits->header_bytes) {
        return sg_fail(SG_DROP, 431, "the headers have more than %zu bytes", limits->header_bytes);
    }
    const char *length = header_of(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    bool body = (length != NULL && strspn(length, "0") != strlen(length)) ||
                header_of(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
    if (!takes_body(exchange->request.method)) {
        return body ? sg_fail(SG_DROP, 413, "a %s has no body here",
                              http_method_name(exchange->request.method))
                    : sg_ok();
    }
    // The library has checked that the length is a number.
    if (length != NULL && strtoull(length, NULL, 10) > limits->body_bytes) {
        return sg_fail(SG_DROP, 413, "a body has at most %zu bytes", limits->body_bytes);
    }
    return sg_ok();
}

static void take_address(struct http_exchange *exchange, struct MHD_Connection *connection,
                         const char *trusted_proxies)
{
    char peer[INET6_ADDRSTRLEN] = "";
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info != NULL && info->client_addr->sa_family == AF_INET) {
        const struct sockaddr_in *address = (const struct sockaddr_in *)info->client_addr;
        inet_ntop(AF_INET, &address->sin_addr, peer, sizeof peer);
    } else if (info != NULL && info->client_addr->sa_family == AF_INET6) {
        const struct sockaddr_in6 *address = (const struct sockaddr_in6 *)info->client_addr;
        inet_ntop(AF_INET6, &address->sin6_addr, peer, sizeof peer);
    }
    struct bytes client = http_proxy_client(trusted_proxies, bytes_of_text(peer),
                                            exchange->request.headers[HTTP_HEADER_FORWARDED_FOR]);
    snprintf(exchange->address, sizeof exchange->address, "%.*s", (int)client.size,
             client.size > 0 ? (const char *)client.data : "");
    exchange->request.address = bytes_of_text(exchange->address);
}

sg_result http_exchange_take_headers(struct http_exchange *exchange,
                                     struct MHD_Connection *connection, const char *method,
                                     const struct http_exchange_limits *limits)
{
    if (!sg_is_ok(exchange->failure)) {
        return sg_fail(exchange->failure.class, exchange->failure.code, "%s", exchange->reason);
    }
    struct http_request *request = &exchange->request;
    request->method = http_method_of(method);
    for (enum http_header header = 0; header < HTTP_HEADER_COUNT; header++) {
        request->headers[header] = bytes_of_text(header_of(connection, http_header_name(header)));
    }
    SG_TRY(check_headers(exchange, connection, limits));
    buffer_init(&exchange->body, limits->body_bytes);
    take_address(exchange, connection, limits->trusted_proxies);
    return sg_ok();
}

bool http_exchange_take_body(struct http_exchange *exchange, struct bytes part)
{
    if (sg_is_ok(exchange->failure)) {
        sg_result taken = buffer_append(&exchange->body, part);
        if (sg_is_ok(taken)) {
            exchange->request.body = buffer_bytes(&exchange->body);
            return true;
        }
        if (taken.class != SG_DROP) {
            return false;
        }
        note(exchange,
             sg_fail(SG_DROP, 413, "a body has at most %zu bytes", exchange->body.max_bytes));
    }
    exchange->ignored += part.size;
    return exchange->ignored <= IGNORED_MAX * exchange->body.max_bytes;
}

void http_exchange_set_work(struct http_exchange *exchange, struct http_work *work)
{
    struct http_work *before = exchange->request.work;
    exchange->request.work = work;
    if (before != NULL && before != work) {
        before->release(before);
    }
}
