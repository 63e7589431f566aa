// Request targets (RFC 9112 section 3.2, RFC 3986). Everything here comes from outside.
#include "query/http/http_request.h"

#include "core/number.h"
#include "core/utf8.h"

#include <string.h>

enum { STATUS_BAD_REQUEST = 400, STATUS_TARGET_TOO_LONG = 414, SHOWN_MAX = 64 };

static const char *const method_names[] = {"GET",   "HEAD",   "OPTIONS", "POST",   "PUT",
                                           "PATCH", "DELETE", "TRACE",   "CONNECT"};

static const char *const header_names[HTTP_HEADER_COUNT] = {
    [HTTP_HEADER_ACCEPT] = "Accept",
    [HTTP_HEADER_ACCEPT_ENCODING] = "Accept-Encoding",
    [HTTP_HEADER_AUTHORIZATION] = "Authorization",
    [HTTP_HEADER_CONTENT_TYPE] = "Content-Type",
    [HTTP_HEADER_FORWARDED_FOR] = "X-Forwarded-For",
    [HTTP_HEADER_IDEMPOTENCY_KEY] = "Idempotency-Key",
    [HTTP_HEADER_IF_MATCH] = "If-Match",
    [HTTP_HEADER_IF_NONE_MATCH] = "If-None-Match",
    [HTTP_HEADER_LAST_EVENT_ID] = "Last-Event-ID",
    [HTTP_HEADER_MIN_POSITION] = "Soglia-Min-Position",
    [HTTP_HEADER_ORIGIN] = "Origin",
};

enum http_method http_method_of(const char *name)
{
    for (size_t i = 0; i < sizeof method_names / sizeof method_names[0]; i++) {
        if (strcmp(method_names[i], name) == 0) {
            return (enum http_method)i;
        }
    }
    return HTTP_METHOD_UNKNOWN;
}

const char *http_method_name(enum http_method method)
{
    return method == HTTP_METHOD_UNKNOWN ? "unknown" : method_names[method];
}

const char *http_header_name(enum http_header header)
{
    return header_names[header];
}

static struct bytes part(struct bytes whole, size_t from, size_t to)
{
    return bytes_of(whole.data + from, to - from);
}

// The place of `byte` at or after `from`, the size of the slice if it is not there.
static size_t find(struct bytes slice, size_t from, uint8_t byte)
{
    const uint8_t *found =
        from < slice.size ? memchr(slice.data + from, byte, slice.size - from) : NULL;
    return found == NULL ? slice.size : (size_t)(found - slice.data);
}

// Copies into the request's text, escapes resolved. The text has room: decoding never grows.
static sg_result decode(struct http_request *request, struct bytes raw, struct bytes *ret_slice)
{
    uint8_t *out = request->text + request->text_size;
    size_t size = 0;
    for (size_t i = 0; i < raw.size; i++) {
        if (raw.data[i] != '%') {
            out[size++] = raw.data[i];
            continue;
        }
        bool whole = raw.size - i > 2;
        int high = whole ? number_hex_digit(raw.data[i + 1]) : -1;
        int low = whole ? number_hex_digit(raw.data[i + 2]) : -1;
        if (high < 0 || low < 0) {
            return sg_fail(SG_DROP, STATUS_BAD_REQUEST,
                           "a percent sign must be followed by two hexadecimal digits");
        }
        out[size++] = (uint8_t)(high * 16 + low);
        i += 2;
    }
    struct bytes slice = bytes_of(out, size);
    if (!utf8_is_printable(slice)) {
        return sg_fail(SG_DROP, STATUS_BAD_REQUEST,
                       "the target must be UTF-8 without control characters");
    }
    request->text_size += size;
    *ret_slice = slice;
    return sg_ok();
}

static sg_result check_characters(struct bytes target)
{
    for (size_t i = 0; i < target.size; i++) {
        if (target.data[i] <= ' ' || target.data[i] >= 0x7F || target.data[i] == '#') {
            return sg_fail(SG_DROP, STATUS_BAD_REQUEST,
                           "byte 0x%02X must be percent-encoded in a target", target.data[i]);
        }
    }
    return sg_ok();
}

// Cuts scheme and authority off an absolute form; another target stays as it is.
static struct bytes origin_form(struct bytes target)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t size = strlen(schemes[i]);
        if (target.size > size && memcmp(target.data, schemes[i], size) == 0) {
            return part(target, find(target, size, '/'), target.size);
        }
    }
    return target;
}

static sg_result parse_path(struct http_request *request)
{
    struct bytes path = request->path;
    if (path.size == 0 || path.data[0] != '/') {
        return sg_fail(SG_DROP, STATUS_BAD_REQUEST, "a path begins with a slash");
    }
    size_t at = 1;
    while (path.size > 1 && at <= path.size) {
        if (request->segment_count == HTTP_SEGMENTS_MAX) {
            return sg_fail(SG_DROP, STATUS_BAD_REQUEST, "a path has at most %d segments",
                           HTTP_SEGMENTS_MAX);
        }
        size_t end = find(path, at, '/');
        SG_TRY(decode(request, part(path, at, end), &request->segments[request->segment_count]));
        request->segment_count++;
        at = end + 1;
    }
    return sg_ok();
}

static sg_result parse_parameter(struct http_request *request, struct bytes pair)
{
    if (request->parameter_count == HTTP_PARAMETERS_MAX) {
        return sg_fail(SG_DROP, STATUS_BAD_REQUEST, "a query has at most %d parameters",
                       HTTP_PARAMETERS_MAX);
    }
    struct http_parameter parameter = {.name = {NULL, 0}};
    size_t equals = find(pair, 0, '=');
    SG_TRY(decode(request, part(pair, 0, equals), &parameter.name));
    SG_TRY(decode(request, part(pair, equals < pair.size ? equals + 1 : equals, pair.size),
                  &parameter.value));
    for (size_t i = 0; i < request->parameter_count; i++) {
        if (bytes_equal(request->parameters[i].name, parameter.name)) {
            int shown = parameter.name.size < SHOWN_MAX ? (int)parameter.name.size : SHOWN_MAX;
            return sg_fail(SG_DROP, STATUS_BAD_REQUEST, "parameter \"%.*s\" is given twice", shown,
                           (const char *)parameter.name.data);
        }
    }
    request->parameters[request->parameter_count++] = parameter;
    return sg_ok();
}

static sg_result parse_query(struct http_request *request)
{
    struct bytes query = request->query;
    for (size_t at = 0; at < query.size;) {
        size_t end = find(query, at, '&');
        if (end > at) {
            SG_TRY(parse_parameter(request, part(query, at, end)));
        }
        at = end + 1;
    }
    return sg_ok();
}

sg_result http_request_parse(struct http_request *request, struct bytes target)
{
    // The text is left as it is: clearing 16 KiB for each request would be waste.
    memset(request, 0, offsetof(struct http_request, text));
    if (target.size > HTTP_TARGET_MAX) {
        return sg_fail(SG_DROP, STATUS_TARGET_TOO_LONG, "a target has at most %d bytes",
                       HTTP_TARGET_MAX);
    }
    SG_TRY(check_characters(target));
    uint8_t *copy = request->text;
    memcpy(copy, target.data, target.size);
    request->text_size = target.size;
    struct bytes own = origin_form(bytes_of(copy, target.size));
    if (own.size == 1 && own.data[0] == '*') {
        request->whole_server = true;
        return sg_ok();
    }
    static const uint8_t root[] = "/";
    size_t question = find(own, 0, '?');
    // "http://host" and "http://host?x=1" mean the root.
    bool bare_host = own.size < target.size && question == 0;
    request->path = bare_host ? bytes_of(root, 1) : part(own, 0, question);
    request->query = question < own.size ? part(own, question + 1, own.size) : bytes_of(root, 0);
    SG_TRY(parse_path(request));
    return parse_query(request);
}

bool http_request_set_user(struct http_request *request, struct bytes user_id)
{
    if (user_id.size == 0 || user_id.size > sizeof request->user_text) {
        return false;
    }
    memcpy(request->user_text, user_id.data, user_id.size);
    request->user_id = bytes_of(request->user_text, user_id.size);
    return true;
}

const struct bytes *http_request_parameter(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->parameter_count; i++) {
        if (bytes_is_text(request->parameters[i].name, name)) {
            return &request->parameters[i].value;
        }
    }
    return NULL;
}
