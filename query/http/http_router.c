// Routes and what HTTP asks of every resource: methods, negotiation, conditions, errors.
#include "query/http/http_router.h"

#include "core/service/log.h"
#include "query/http/http_accept.h"

#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 64, METHODS_TEXT_MAX = 96, RETRY_AFTER_S = 1 };

static struct bytes next_segment(const char **path)
{
    const char *start = **path == '/' ? *path + 1 : *path;
    size_t size = strcspn(start, "/");
    *path = start + size;
    return bytes_of(start, size);
}

// True when the segments are those of the pattern; captures what its {names} stand for.
static bool path_matches(const char *pattern, struct http_request *request)
{
    size_t captured = 0;
    for (size_t i = 0; i < request->segment_count; i++) {
        if (*pattern == '\0') {
            return false;
        }
        struct bytes wanted = next_segment(&pattern);
        bool capture = wanted.size > 0 && wanted.data[0] == '{';
        if (!capture && !bytes_equal(wanted, request->segments[i])) {
            return false;
        }
        if (capture && (request->segments[i].size == 0 || captured == HTTP_CAPTURES_MAX)) {
            return false;
        }
        if (capture) {
            request->captures[captured++] = request->segments[i];
        }
    }
    return *pattern == '\0' || strcmp(pattern, "/") == 0;
}

static unsigned method_bit(enum http_method method)
{
    return 1U << (unsigned)method;
}

const struct http_route *http_router_find(const struct http_application *application,
                                          struct http_request *request, unsigned *ret_allowed)
{
    unsigned allowed = 0;
    for (size_t i = 0; i < application->route_count; i++) {
        const struct http_route *route = &application->routes[i];
        if (!path_matches(route->path, request)) {
            continue;
        }
        unsigned methods = method_bit(route->method) | method_bit(HTTP_OPTIONS);
        if (route->method == HTTP_GET) {
            methods |= method_bit(HTTP_HEAD);
        }
        allowed |= methods;
        if ((methods & method_bit(request->method)) != 0 && request->method != HTTP_OPTIONS) {
            *ret_allowed = allowed;
            return route;
        }
    }
    *ret_allowed = allowed;
    return NULL;
}

static sg_result add_allow(struct http_response *response, unsigned allowed)
{
    char text[METHODS_TEXT_MAX] = "";
    size_t used = 0;
    for (unsigned method = 0; method < HTTP_METHOD_UNKNOWN; method++) {
        if ((allowed & (1U << method)) != 0) {
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", used > 0 ? ", " : "",
                                     http_method_name((enum http_method)method));
        }
    }
    return http_response_header(response, "Allow", "%s", text);
}

static sg_result answer_options(struct http_response *response, unsigned allowed)
{
    response->status = 204;
    response->content_type = NULL;
    return add_allow(response, allowed);
}

// Answers a request that no route takes.
static sg_result answer_unrouted(struct http_request *request, unsigned allowed,
                                 struct http_response *response)
{
    if (request->method == HTTP_METHOD_UNKNOWN) {
        return http_response_problem(response, request, 501, "this server has no such method");
    }
    if (allowed == 0) {
        return http_response_problem(response, request, 404,
                                     "there is nothing at this path; a slash inside a name is "
                                     "written %2F, and /api lists all paths");
    }
    if (request->method == HTTP_OPTIONS) {
        return answer_options(response, allowed);
    }
    SG_TRY(add_allow(response, allowed));
    return http_response_problem(response, request, 405, "this resource has no such method");
}

static bool parameter_known(const struct http_route *route, struct bytes name)
{
    for (size_t i = 0; i < HTTP_ROUTE_PARAMETERS_MAX && route->parameters[i] != NULL; i++) {
        if (bytes_is_text(name, route->parameters[i])) {
            return true;
        }
    }
    return route->waits && bytes_is_text(name, "min_position");
}

static sg_result check_parameters(const struct http_route *route,
                                  const struct http_request *request)
{
    for (size_t i = 0; i < request->parameter_count && !route->tolerant; i++) {
        struct bytes name = request->parameters[i].name;
        if (!parameter_known(route, name)) {
            int shown = name.size < SHOWN_MAX ? (int)name.size : SHOWN_MAX;
            return sg_fail(SG_DROP, 400, "this resource has no parameter \"%.*s\"", shown,
                           (const char *)name.data);
        }
    }
    return sg_ok();
}

sg_result http_router_refuse(const struct http_request *request, sg_result failure,
                             struct http_response *response)
{
    switch (failure.class) {
    case SG_DROP:
        if (failure.code == 401) {
            SG_TRY(http_response_header(response, "WWW-Authenticate", "Bearer"));
        }
        return http_response_problem(response, request, failure.code >= 400 ? failure.code : 400,
                                     sg_reason());
    case SG_RETRY:
        SG_TRY(http_response_header(response, "Retry-After", "%d", RETRY_AFTER_S));
        return http_response_problem(response, request, 503, sg_reason());
    case SG_OK:
    case SG_ABORT:
    case SG_FATAL:
        break;
    }
    struct log_field fields[] = {
        log_bytes("path", request == NULL ? bytes_of_text("") : request->path),
        log_text("reason", sg_reason()),
        {.name = NULL},
    };
    log_error("a request failed", fields);
    return http_response_problem(response, request, 500, "the fault is ours; it has been logged");
}

// Whether a request must wait for its min_position. A failure is the answer.
static sg_result check_ready(const struct http_application *application, bool late,
                             const struct http_request *request, bool *ret_wait)
{
    bool ready = true;
    if (application->ready != NULL) {
        SG_TRY(application->ready(application->context, request, &ready));
    }
    if (!ready && late) {
        return sg_fail(SG_RETRY, 0, "the views have not reached min_position in time");
    }
    *ret_wait = !ready;
    return sg_ok();
}

// Who asks, where the route wants to know it.
static sg_result check_access(const struct http_application *application,
                              const struct http_route *route, struct http_request *request)
{
    if (route->access == HTTP_ACCESS_PUBLIC || application->authorize == NULL) {
        return sg_ok();
    }
    SG_TRY(application->authorize(application->context, route->access, request));
    if (route->access == HTTP_ACCESS_USER && request->user_id.size == 0) {
        return sg_fail(SG_DROP, 401,
                       "this needs a token: POST /v1/sessions gives one, which is sent as "
                       "\"Authorization: Bearer TOKEN\"");
    }
    return sg_ok();
}

static sg_result check_types(const struct http_route *route, const struct http_request *request)
{
    if (!route->tolerant && route->content_type != NULL &&
        !http_accept_takes(request->headers[HTTP_HEADER_ACCEPT], route->content_type)) {
        return sg_fail(SG_DROP, 406, "this resource is %s", route->content_type);
    }
    if (route->body_types[0] == NULL) {
        return request->body.size == 0 ? sg_ok()
                                       : sg_fail(SG_DROP, 413, "this resource takes no body");
    }
    for (size_t i = 0; i < HTTP_BODY_TYPES_MAX && route->body_types[i] != NULL; i++) {
        if (http_accept_is(request->headers[HTTP_HEADER_CONTENT_TYPE], route->body_types[i])) {
            return sg_ok();
        }
    }
    return sg_fail(SG_DROP, 415, "the body must be sent as Content-Type: %s", route->body_types[0]);
}

// Everything that the route asks before its handler is called.
static sg_result check_request(const struct http_application *application,
                               const struct http_route *route, bool late,
                               struct http_request *request, bool *ret_wait)
{
    SG_TRY(check_access(application, route, request));
    SG_TRY(check_parameters(route, request));
    SG_TRY(check_types(route, request));
    return route->waits ? check_ready(application, late, request, ret_wait) : sg_ok();
}

static sg_result answer_found(const struct http_application *application,
                              const struct http_route *route, struct http_request *request,
                              struct http_response *response, bool *ret_wait)
{
    response->content_type = route->content_type;
    SG_TRY(route->handle(application->context, request, response));
    *ret_wait = response->wait_for != NULL;
    if (*ret_wait && request->late) {
        return sg_fail(SG_RETRY, 0, "this could not be done in time");
    }
    if (route->tagged && response->status == 200) {
        SG_TRY(http_response_tag(response, request->headers[HTTP_HEADER_IF_NONE_MATCH]));
    }
    return sg_ok();
}

sg_result http_router_answer(const struct http_application *application,
                             struct http_request *request, bool late,
                             struct http_response *response, bool *ret_wait)
{
    *ret_wait = false;
    if (request->whole_server && request->method == HTTP_OPTIONS) {
        return answer_options(response, method_bit(HTTP_GET) | method_bit(HTTP_HEAD) |
                                            method_bit(HTTP_OPTIONS));
    }
    if (request->whole_server) {
        return http_response_problem(response, request, 400, "only OPTIONS has the target *");
    }
    unsigned allowed = 0;
    const struct http_route *route = http_router_find(application, request, &allowed);
    if (route == NULL) {
        return answer_unrouted(request, allowed, response);
    }
    // A request that comes again with its work was let through before.
    request->late = late;
    sg_result result = request->work != NULL
                           ? sg_ok()
                           : check_request(application, route, late, request, ret_wait);
    if (sg_is_ok(result) && !*ret_wait) {
        result = answer_found(application, route, request, response, ret_wait);
    }
    if (sg_is_ok(result)) {
        return result;
    }
    *ret_wait = false;
    return http_router_refuse(request, result, response);
}
