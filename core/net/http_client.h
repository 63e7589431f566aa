// A small blocking HTTP client: one request at a time, connections reused, everything bounded. It
// follows no redirect, speaks only http and https, and tells no secret in its errors.
#pragma once
#include "core/buffer.h"

struct http_client;

struct http_client_limits {
    int64_t connect_timeout_ms;
    int64_t timeout_ms;     // Of the whole exchange.
    int64_t response_bytes; // Largest body taken, after decompression.
};

struct http_client_request {
    const char *method; // "GET", "POST", ...
    const char *url;
    const char *const *headers; // "Name: value", ended by NULL; NULL for none.
    struct bytes body;          // Sent when data is not NULL; borrowed for the call.
};

enum { HTTP_CLIENT_TYPE_MAX = 128 };

struct http_client_response {
    int status;
    char content_type[HTTP_CLIENT_TYPE_MAX]; // "" when the server told none; cut when longer.
    int64_t retry_after_ms;                  // From Retry-After, 0 without it.
    struct bytes body;                       // Borrowed until the next request or the close.
};

// Opens a client. The caller closes it. Fails: SG_FATAL without memory.
SG_RESULT http_client_open(const struct http_client_limits *limits,
                           struct http_client **ret_client);

// Closes `*client` with its connections and sets it to NULL. Accepts NULL.
void http_client_close(struct http_client **client);

// Sends a request and waits for the answer, whatever its status: that is for the caller to judge.
// Fails: SG_RETRY when the server cannot be reached or is too slow, SG_DROP for an answer larger
// than the limit, SG_FATAL for a URL or a certificate that cannot be used. The reason names method
// and URL without user, password and query. One thread at a time.
SG_RESULT http_client_send(struct http_client *client, const struct http_client_request *request,
                           struct http_client_response *ret_response);

// True for a status that may pass by itself: 408, 425, 429 and 5xx without 501 and 505. Any thread.
bool http_client_is_passing(int status);

// Writes `url` without user, password, query and fragment, cut to the room. Any thread.
void http_client_public_url(const char *url, char *ret_text, size_t size);
