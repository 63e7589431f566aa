// One request on its way, as libmicrohttpd brings it: target, headers, body.
#pragma once
#include "core/buffer.h"
#include "query/http/http_request.h"
#include <microhttpd.h>

enum { HTTP_ADDRESS_MAX = 64 };

struct http_exchange {
    sg_result failure;          // What is wrong with it so far.
    char reason[SG_REASON_MAX]; // Of the failure.
    int64_t began_us;
    bool called; // The headers are there.
    bool answered;
    struct buffer body;
    size_t ignored; // Bytes of a body that is too large.
    char address[HTTP_ADDRESS_MAX];
    struct http_request request;
};

// What bounds an exchange.
struct http_exchange_limits {
    size_t header_bytes;
    size_t body_bytes;
    const char *trusted_proxies;
};

// Begins with the request line's target. NULL without memory. Any thread.
struct http_exchange *http_exchange_open(const char *target);

// Releases the request's work and frees. Accepts NULL.
void http_exchange_free(struct http_exchange *exchange);

// Takes the headers. Fails: SG_DROP with the status to answer at once.
SG_RESULT http_exchange_take_headers(struct http_exchange *exchange,
                                     struct MHD_Connection *connection, const char *method,
                                     const struct http_exchange_limits *limits);

// Takes a part of the body. A body that turns out too large is a failure of the exchange, to be
// answered at its end. False: it does not end, cut the client.
bool http_exchange_take_body(struct http_exchange *exchange, struct bytes part);

// Lets go of the work that the request waited for, unless it waits for the same again.
void http_exchange_set_work(struct http_exchange *exchange, struct http_work *work);
