// What tells people and programs what is here.
#include "query/page_routes.h"

#include "core/number.h"
#include "query/openapi_text.h"
#include "query/query_context.h"
#include "web/web_files.h"

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

// The page loads from here alone and is framed by nobody. uPlot sets styles through the object
// model, which needs no exception.
static const char page_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'";

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

// Whether a coding's parameters take it back: ";q=0".
static bool is_refused(struct bytes parameters)
{
    double quality = 1;
    for (size_t i = 0; i + 1 < parameters.size; i++) {
        bool begins = parameters.data[i] == 'q' && parameters.data[i + 1] == '=';
        if (begins && !number_read_double(
                          bytes_of(parameters.data + i + 2, parameters.size - i - 2), &quality)) {
            quality = 0;
        }
    }
    return quality <= 0;
}

// Whether the client takes gzip (RFC 9110 section 12.5.3).
static bool takes_gzip(struct bytes accepted)
{
    static const char coding[] = "gzip";
    if (accepted.size == 0) {
        return false;
    }
    const char *at = (const char *)accepted.data;
    const char *end = at + accepted.size;
    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *item_end = comma == NULL ? end : comma;
        while (at < item_end && (*at == ' ' || *at == '\t')) {
            at++;
        }
        size_t size = (size_t)(item_end - at);
        size_t name = sizeof coding - 1;
        if (size >= name && memcmp(at, coding, name) == 0 &&
            (size == name || at[name] == ';' || at[name] == ' ')) {
            return !is_refused(bytes_of(at + name, size - name));
        }
        at = item_end + 1;
    }
    return false;
}

static sg_result answer_file(const struct web_file *file, const struct http_request *request,
                             struct http_response *response)
{
    SG_TRY(http_response_header(response, "Content-Security-Policy", "%s", page_policy));
    SG_TRY(http_response_header(response, "Vary", "Accept-Encoding"));
    response->content_type = file->content_type;
    if (file->gzipped.size == 0 || !takes_gzip(request->headers[HTTP_HEADER_ACCEPT_ENCODING])) {
        return buffer_append(&response->body, file->plain);
    }
    SG_TRY(http_response_header(response, "Content-Encoding", "gzip"));
    return buffer_append(&response->body, file->gzipped);
}

sg_result page_routes_app(void *context, const struct http_request *request,
                          struct http_response *response)
{
    (void)context;
    SG_TRY(http_response_header(response, "Referrer-Policy", "no-referrer"));
    SG_TRY(http_response_header(response, "Cross-Origin-Opener-Policy", "same-origin"));
    return answer_file(web_files_page(), request, response);
}

sg_result page_routes_asset(void *context, const struct http_request *request,
                            struct http_response *response)
{
    (void)context;
    const struct bytes *path = request->captures;
    const struct web_file *file = web_files_find(path[0], path[1], path[2]);
    if (file == NULL) {
        return http_response_problem(response, request, 404,
                                     "the page has no such file; it may have been renewed since "
                                     "you loaded it");
    }
    SG_TRY(http_response_header(response, "Cache-Control", "public, max-age=31536000, immutable"));
    return answer_file(file, request, response);
}
