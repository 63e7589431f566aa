// What tells people and programs what is here.
#include "query/page_routes.h"

#include "query/openapi_text.h"
#include "query/query_context.h"

#include <string.h>

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>soglia</title>"
    "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:3rem auto;"
    "padding:0 1rem;color:#222;background:#fff}h1{font-weight:600}table{border-collapse:collapse;"
    "width:100%}td{padding:.35rem .5rem;border-top:1px solid #ddd;vertical-align:top}"
    "code{font-size:.95em}a{color:#0b57d0}@media(prefers-color-scheme:dark){body{color:#ddd;"
    "background:#161616}td{border-color:#333}a{color:#8ab4f8}}</style></head><body>"
    "<h1>soglia</h1><p>Watches values that move and tells the right person once. This server "
    "answers:</p><table>";
static const char tail[] = "</table></body></html>\n";

// Routes are ours: nothing in them needs escaping.
static sg_result add_route(struct buffer *out, const struct http_route *route)
{
    bool plain = strchr(route->path, '{') == NULL;
    SG_TRY(buffer_append(out, bytes_of_text("<tr><td>")));
    if (plain) {
        SG_TRY(buffer_print(out, "<a href=\"%s\"><code>%s</code></a>", route->path, route->path));
    } else {
        SG_TRY(buffer_print(out, "<code>%s</code>", route->path));
    }
    return buffer_print(out, "</td><td>%s</td></tr>", route->summary);
}

sg_result page_routes_index(void *context, const struct http_request *request,
                            struct http_response *response)
{
    (void)request;
    const struct query_context *query = context;
    SG_TRY(buffer_append(&response->body, bytes_of_text(head)));
    for (size_t i = 0; i < query->application->route_count; i++) {
        SG_TRY(add_route(&response->body, &query->application->routes[i]));
    }
    return buffer_append(&response->body, bytes_of_text(tail));
}

sg_result page_routes_openapi(void *context, const struct http_request *request,
                              struct http_response *response)
{
    (void)context;
    (void)request;
    return buffer_append(&response->body, openapi_text());
}
