// Versions as ETags.
#include "query/reads/version_tag.h"

#include <inttypes.h>
#include <stdio.h>

enum { TAG_MAX = 32 };

sg_result version_tag_set(struct http_response *response, int64_t version,
                          const struct http_request *request)
{
    char tag[TAG_MAX];
    snprintf(tag, sizeof tag, "\"%" PRId64 "\"", version);
    return http_response_set_tag(response, tag, request->headers[HTTP_HEADER_IF_NONE_MATCH]);
}
