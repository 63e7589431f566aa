// An answer: status, a few headers, a body. Also the two shapes that every resource shares, a
// problem (RFC 9457) and the ETag of a content.
#pragma once
#include "core/buffer.h"
#include "query/http/http_request.h"

enum {
    HTTP_BODY_MAX = 16 * 1024 * 1024, // Of an answer; the largest page is far smaller.
    HTTP_RESPONSE_HEADERS_MAX = 16,
};

struct http_response_header {
    const char *name; // A literal.
    char *value;      // Owned.
};

// An answer without an end, as server-sent events are.
struct http_stream {
    struct http_work work; // done(): there is something to read.

    // Writes at most `max` bytes and returns how many; 0: nothing now, -1: this was the end. One
    // thread at a time.
    ptrdiff_t (*read)(struct http_stream *stream, uint8_t *out, size_t max);
};

struct http_response {
    int status;
    const char *content_type; // A literal; NULL: no body.
    struct buffer body;
    struct http_stream *stream; // Instead of a body, behind it; released by the server.

    // Set by a handler that cannot answer yet: it is called again when the work is done or the time
    // is over, with the work in the request. Work that is replaced or left is released.
    struct http_work *wait_for;
    struct http_response_header headers[HTTP_RESPONSE_HEADERS_MAX];
    size_t header_count;
};

// An empty answer, 200. The caller ends it with http_response_done().
void http_response_init(struct http_response *response);

// Frees what it holds. Accepts NULL.
void http_response_done(struct http_response *response);

// Adds a header. Fails: SG_FATAL without memory or with a value that is empty or has control
// characters.
SG_RESULT http_response_header(struct http_response *response, const char *name, const char *format,
                               ...) __attribute__((format(printf, 3, 4)));

// The value of a header that was added, NULL if there is none. Borrowed.
const char *http_response_find(const struct http_response *response, const char *name);

// Makes the answer a problem+json with this status; the body written before is forgotten, headers
// stay. `request` may be NULL when its target could not be read. Fails: SG_FATAL without memory.
SG_RESULT http_response_problem(struct http_response *response, const struct http_request *request,
                                int status, const char *detail);

// More to say of a problem; each of the texts may be empty.
struct http_problem {
    int status;
    const char *detail;
    struct bytes pointer;    // RFC 6901 pointer to what is at fault in the body that was sent.
    struct bytes command_id; // Of the change that was asked for.
};

// The same with all that a problem has.
SG_RESULT http_response_problem_of(struct http_response *response,
                                   const struct http_request *request,
                                   const struct http_problem *problem);

// Words for a status ("Not Found"). Any thread.
const char *http_response_title(int status);

// Adds an ETag, quotes included, and turns a 200 into a 304 without body when the client has it.
// Fails: SG_FATAL without memory.
SG_RESULT http_response_set_tag(struct http_response *response, const char *tag,
                                struct bytes if_none_match);

// Adds the strong ETag of the body, and turns a 200 into a 304 without body when the client has it.
// Fails: SG_FATAL without memory.
SG_RESULT http_response_tag(struct http_response *response, struct bytes if_none_match);
