// From a request to an answer by a table of routes, without sockets: what a test calls is what the
// server calls.
#pragma once
#include "query/http/http_response.h"

enum { HTTP_ROUTE_PARAMETERS_MAX = 6, HTTP_BODY_TYPES_MAX = 2 };

// Who may call a route.
enum http_access {
    HTTP_ACCESS_PUBLIC,   // Anybody; a token is not looked at.
    HTTP_ACCESS_MARKET,   // Anybody or users alone: authorize() decides.
    HTTP_ACCESS_OPTIONAL, // Anybody; a token, if there is one, must be good.
    HTTP_ACCESS_USER,     // Users.
};

// Answers a request whose path, method and parameters fit the route; the response is an empty 200
// before. Instead of an answer it may set wait_for. Fails: SG_DROP, the client is told the reason
// with the status that is the code, or 400; SG_RETRY, the same with 503 and Retry-After; every
// other class is a 500 without the reason, which is logged. Any thread, several at a time.
typedef sg_result (*http_handler_fn)(void *context, const struct http_request *request,
                                     struct http_response *response);

struct http_route {
    enum http_method method; // A GET also answers HEAD.
    const char *path;        // "/v1/instruments/{instrument}"; a {name} is one segment.
    http_handler_fn handle;
    const char *content_type; // Of a success, unless the handler sets another; NULL: no body.
    const char *summary;      // One line for the page that lists the routes.
    const char *parameters[HTTP_ROUTE_PARAMETERS_MAX]; // Names, ended by NULL.
    const char *body_types[HTTP_BODY_TYPES_MAX]; // Content types it takes; none: it takes no body.
    enum http_access access;
    bool tagged;   // The ETag is a hash of the content; answers 304.
    bool waits;    // Takes min_position: see http_application.
    bool tolerant; // For clients that are not ours: unknown parameters and Accept are let through.
};

// What a server serves.
struct http_application {
    const struct http_route *routes;
    size_t route_count;
    void *context; // Of the handlers and of ready(); it must allow any thread.

    // Asked before a route that waits: whether what the client wants to see is there already. NULL:
    // always. Fails as a handler, which ends the waiting.
    sg_result (*ready)(void *context, const struct http_request *request, bool *ret_ready);

    // Finds out who asks, from the headers, by http_request_set_user(); nobody is no failure where
    // the route lets anybody in. NULL: everybody may do everything. Fails as a handler; SG_DROP 401
    // for a token that is not good.
    sg_result (*authorize)(void *context, enum http_access access, struct http_request *request);
};

// The route of a request and what its {names} matched; NULL when there is none, then `*ret_allowed`
// has a bit (1 << method) for each method that the path does have. Any thread.
const struct http_route *http_router_find(const struct http_application *application,
                                          struct http_request *request, unsigned *ret_allowed);

// Answers a request that was parsed. `late` says that the time it may wait is over.
// `*ret_wait` true: nothing was answered, ask again when the response's wait_for is done or,
// without one, when there is news; or when it is late. Any thread.
SG_RESULT http_router_answer(const struct http_application *application,
                             struct http_request *request, bool late,
                             struct http_response *response, bool *ret_wait);

// Answers with the problem that a failure stands for: the way out for http_request_parse() and the
// handlers. Fails: SG_FATAL without memory.
SG_RESULT http_router_refuse(const struct http_request *request, sg_result failure,
                             struct http_response *response);
