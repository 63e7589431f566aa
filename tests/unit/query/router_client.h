// Asks an application at its router, without a socket, for tests.
#pragma once
#include "query/query_server.h"

enum { ROUTER_CLIENT_TARGET_MAX = 1024 };

struct router_client {
    struct http_application application;
    const char *user;      // Who asks, "" when nobody is logged in.
    const char *known;     // If-None-Match, "" without one.
    const char *encodings; // Accept-Encoding, "" without one.
    struct http_request request;
    struct http_response response; // The last answer.
    bool waits;                    // The last answer waits until the views are far enough.
};

// The routes of serve with this context, which must outlive the client; nobody is logged in.
void router_client_open(struct router_client *client, struct query_context *context);
void router_client_close(struct router_client *client);

// cmocka's fixtures for tests of routes that need nothing behind them: `*state` is the client.
int router_client_set_up(void **state);
int router_client_tear_down(void **state);

// The status of the answer to GET of a target, which must be one.
int router_client_get(struct router_client *client, const char *target);

// Fails the test unless this is the last answer's body.
void router_client_assert_body(const struct router_client *client, const char *expected);

// The header of the last answer, NULL when it has none.
const char *router_client_header(const struct router_client *client, const char *name);

// Puts the target of the next page into the text; false behind the last page.
bool router_client_next(const struct router_client *client, char target[ROUTER_CLIENT_TARGET_MAX]);
