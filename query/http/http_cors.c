// Origins are compared as texts: browsers write them in one way.
#include "query/http/http_cors.h"

#include "query/http/http_accept.h"

#include <string.h>

enum { ORIGIN_MAX = 512 };

// Scheme and host in printable ASCII, without a path.
static bool is_origin(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] <= ' ' || text.data[i] >= 0x7F) {
            return false;
        }
    }
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t size = strlen(schemes[i]);
        if (text.size > size && text.size < ORIGIN_MAX &&
            memcmp(text.data, schemes[i], size) == 0) {
            return memchr(text.data + size, '/', text.size - size) == NULL;
        }
    }
    return false;
}

sg_result http_cors_check(const char *origins)
{
    struct bytes rest = bytes_of_text(origins);
    struct bytes origin;
    while (http_accept_next(&rest, &origin)) {
        if (!bytes_is_text(origin, "*") && !is_origin(origin)) {
            return sg_fail(SG_FATAL, 0,
                           "http.cors_origins: \"%.*s\" is no origin: write scheme and host, as "
                           "https://example.org",
                           (int)origin.size, (const char *)origin.data);
        }
    }
    return sg_ok();
}

static bool is_allowed(const char *origins, struct bytes origin)
{
    struct bytes rest = bytes_of_text(origins);
    struct bytes each;
    while (http_accept_next(&rest, &each)) {
        if (bytes_is_text(each, "*") || bytes_equal(each, origin)) {
            return true;
        }
    }
    return false;
}

sg_result http_cors_apply(const char *origins, const struct http_request *request,
                          struct http_response *response)
{
    if (origins == NULL || origins[0] == '\0') {
        return sg_ok();
    }
    // Caches must not give one origin's answer to another, nor to nobody.
    SG_TRY(http_response_header(response, "Vary", "Origin"));
    struct bytes origin = request->headers[HTTP_HEADER_ORIGIN];
    if (!is_origin(origin) || !is_allowed(origins, origin)) {
        return sg_ok();
    }
    SG_TRY(http_response_header(response, "Access-Control-Allow-Origin", "%.*s", (int)origin.size,
                                (const char *)origin.data));
    const char *methods = http_response_find(response, "Allow");
    if (request->method != HTTP_OPTIONS || methods == NULL) {
        return http_response_header(response, "Access-Control-Expose-Headers",
                                    "ETag, Link, Location, Retry-After, Soglia-Position");
    }
    SG_TRY(http_response_header(response, "Access-Control-Allow-Methods", "%s", methods));
    SG_TRY(http_response_header(response, "Access-Control-Max-Age", "600"));
    return http_response_header(
        response, "Access-Control-Allow-Headers",
        "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, "
        "Soglia-Min-Position");
}
