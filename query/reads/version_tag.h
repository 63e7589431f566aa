// The ETag of a user or a subscription: its version. What If-Match brings back.
#pragma once
#include "query/http/http_response.h"

// Adds it, and turns a 200 into a 304 when the client has that version. Fails: SG_FATAL.
SG_RESULT version_tag_set(struct http_response *response, int64_t version,
                          const struct http_request *request);
