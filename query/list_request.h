// What every list takes and gives: limit, cursor, times, and the link to the next page.
#pragma once
#include "query/http/http_response.h"
#include "query/page_cursor.h"

enum {
    LIST_REQUEST_LIMIT_DEFAULT = 100,
    LIST_REQUEST_LIMIT_MAX = 1000,
    LIST_REQUEST_SCOPE_MAX = 3 * HTTP_TARGET_MAX, // Bytes of a scope.
};

// An integer parameter from `min` to `max`, `fallback` when it was not sent. Fails: SG_DROP (400).
SG_RESULT list_request_int(const struct http_request *request, const char *name,
                           const int64_t limits[static 2], int64_t fallback, int64_t *ret_value);

// The parameter `limit`. Fails: SG_DROP (400).
SG_RESULT list_request_limit(const struct http_request *request, size_t *ret_limit);

// A parameter that is a name of 1 to 128 bytes; empty when it was not sent. Fails: SG_DROP (400).
SG_RESULT list_request_name(const struct http_request *request, const char *name,
                            struct bytes *ret_name);

// A time parameter, `fallback` when it was not sent. Fails: SG_DROP (400).
SG_RESULT list_request_time(const struct http_request *request, const char *name, int64_t fallback,
                            int64_t *ret_ms);

// Names the list for its cursors: the path and all parameters but limit, cursor and min_position.
// Fails as buffer_append().
SG_RESULT list_request_scope(const struct http_request *request, struct buffer *out);

// The key that the parameter `cursor` stands for, empty without one. `key` holds it. Fails: SG_DROP
// (400) for a cursor of another list.
SG_RESULT list_request_cursor(const struct http_request *request, struct bytes scope,
                              uint8_t key[static PAGE_CURSOR_KEY_MAX], struct bytes *ret_key);

// Adds `Link: <...>; rel="next"` with this cursor. Fails: SG_FATAL.
SG_RESULT list_request_link(const struct http_request *request, const char *cursor,
                            struct http_response *response);
