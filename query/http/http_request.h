// A request as the handlers see it: method, decoded path, decoded query, the few headers we read.
// Sockets are the server's work, meaning is the router's.
#pragma once
#include "core/bytes.h"
#include "core/result.h"

enum {
    HTTP_TARGET_MAX = 8192, // Bytes of a request target as it was sent.
    HTTP_SEGMENTS_MAX = 12,
    HTTP_PARAMETERS_MAX = 16,
    HTTP_CAPTURES_MAX = 2,
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
    HTTP_HEADER_IF_NONE_MATCH,
    HTTP_HEADER_MIN_POSITION, // Soglia-Min-Position
    HTTP_HEADER_COUNT,
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
