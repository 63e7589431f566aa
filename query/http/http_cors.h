// Cross-origin requests (Fetch standard, section 3.2): pages of other origins may read answers when
// a setting names those origins. Tokens travel in a header, so no cookies are ever involved.
#pragma once
#include "query/http/http_response.h"

// Fails unless `origins` is empty, "*" or a list of origins ("https://example.org") between commas:
// SG_FATAL naming the wrong one. Any thread.
SG_RESULT http_cors_check(const char *origins);

// Adds what a page of the request's origin needs, if that origin is one of `origins`; to the answer
// of an OPTIONS also what it may send. Fails: SG_FATAL without memory. Any thread.
SG_RESULT http_cors_apply(const char *origins, const struct http_request *request,
                          struct http_response *response);
