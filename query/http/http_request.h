// A request as the handlers see it: method, decoded path, decoded query, the few headers we read.
// Sockets are the server's work, meaning is the router's.
#pragma once
#include "core/bytes.h"
#include "core/result.h"

enum {
    HTTP_TARGET_MAX = 8192, // Bytes of a request target as it was sent.
    HTTP_SEGMENTS_MAX = 12,
    HTTP_PARAMETERS_MAX = 16,
    HTTP_CAPTURES_MAX = 3,
    HTTP_USER_MAX = 128, // Bytes of a user's id.
};

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_OPTIONS,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_TRACE,
    HTTP_CONNECT,
    HTTP_METHOD_UNKNOWN,
};

struct http_parameter {
    struct bytes name;
    struct bytes value;
};

// The headers that handlers and router look at; empty where the client sent none.
enum http_header {
    HTTP_HEADER_ACCEPT,
    HTTP_HEADER_ACCEPT_ENCODING,
    HTTP_HEADER_AUTHORIZATION,
    HTTP_HEADER_CONTENT_TYPE,
    HTTP_HEADER_FORWARDED_FOR, // X-Forwarded-For
    HTTP_HEADER_IDEMPOTENCY_KEY,
    HTTP_HEADER_IF_MATCH,
    HTTP_HEADER_IF_NONE_MATCH,
    HTTP_HEADER_LAST_EVENT_ID,
    HTTP_HEADER_MIN_POSITION, // Soglia-Min-Position
    HTTP_HEADER_ORIGIN,
    HTTP_HEADER_COUNT,
};

// Something that a request waits for, or that makes its answer bit by bit. Its maker embeds it.
struct http_work {
    // Whether the one who waits can go on. Any thread; must be quick, and neither wait nor fail.
    bool (*done)(struct http_work *work);
    // The request has ended, by its answer or because the client went away. Called once.
    void (*release)(struct http_work *work);
};

struct http_request {
    enum http_method method;
    bool whole_server; // The target was "*".
    struct bytes segments[HTTP_SEGMENTS_MAX];
    size_t segment_count; // 0 for "/".
    struct http_parameter parameters[HTTP_PARAMETERS_MAX];
    size_t parameter_count;
    struct bytes headers[HTTP_HEADER_COUNT];  // Borrowed from whoever filled them.
    struct bytes captures[HTTP_CAPTURES_MAX]; // What the path's {names} matched; set by the router.
    struct bytes path;                        // As it was sent, without the query.
    struct bytes query;                       // As it was sent, without the question mark.
    struct bytes body;                        // Of a POST, PUT or PATCH; borrowed.
    struct bytes address;                     // The client's, as text; borrowed.
    struct bytes user_id;   // Who asks; empty when nobody is logged in. Points into user_text.
    int64_t expires_at_ms;  // When what user_id stands on ends; 0: never.
    struct http_work *work; // What the handler waited for, at its next call; else NULL.
    bool late;              // The time to wait is over: answer now.
    uint8_t user_text[HTTP_USER_MAX];
    size_t text_size;
    uint8_t text[2 * HTTP_TARGET_MAX]; // What the slices above point into.
};

// The method of this name, which is case-sensitive. Any thread.
enum http_method http_method_of(const char *name);

// The name of a method ("GET"). Any thread.
const char *http_method_name(enum http_method method);

// The name of a header that we read ("Accept"). Any thread.
const char *http_header_name(enum http_header header);

// Takes a request target apart: origin form, absolute form or "*". Escapes must be whole, what they
// spell must be UTF-8 without control characters, and no parameter may come twice. A plus sign is a
// plus sign. Fills path, segments and parameters and clears everything else. Fails: SG_DROP with
// the status to answer (400, 414) as code. Any thread.
SG_RESULT http_request_parse(struct http_request *request, struct bytes target);

// The value of a parameter, NULL when it is not there. Any thread.
const struct bytes *http_request_parameter(const struct http_request *request, const char *name);

// Says who asks; the id is copied. False: it is empty or too long. Any thread.
bool http_request_set_user(struct http_request *request, struct bytes user_id);
