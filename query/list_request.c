// Parameters of lists.
#include "query/list_request.h"

#include "core/number.h"
#include "core/timestamp.h"

#include <inttypes.h>
#include <string.h>

enum { LINK_MAX = 3 * HTTP_TARGET_MAX, NAME_BYTES_MAX = 128 };

sg_result list_request_int(const struct http_request *request, const char *name,
                           const int64_t limits[static 2], int64_t fallback, int64_t *ret_value)
{
    const struct bytes *text = http_request_parameter(request, name);
    int64_t value = fallback;
    bool read = text == NULL || number_read_int(*text, &value);
    if (!read || value < limits[0] || value > limits[1]) {
        return sg_fail(SG_DROP, 400, "%s must be a number from %" PRId64 " to %" PRId64, name,
                       limits[0], limits[1]);
    }
    *ret_value = value;
    return sg_ok();
}

sg_result list_request_limit(const struct http_request *request, size_t *ret_limit)
{
    static const int64_t limits[] = {1, LIST_REQUEST_LIMIT_MAX};
    int64_t limit = 0;
    SG_TRY(list_request_int(request, "limit", limits, LIST_REQUEST_LIMIT_DEFAULT, &limit));
    *ret_limit = (size_t)limit;
    return sg_ok();
}

sg_result list_request_name(const struct http_request *request, const char *name,
                            struct bytes *ret_name)
{
    const struct bytes *text = http_request_parameter(request, name);
    if (text != NULL && (text->size == 0 || text->size > NAME_BYTES_MAX)) {
        return sg_fail(SG_DROP, 400, "%s must have 1 to %d bytes", name, NAME_BYTES_MAX);
    }
    *ret_name = text == NULL ? bytes_of_text("") : *text;
    return sg_ok();
}

sg_result list_request_time(const struct http_request *request, const char *name, int64_t fallback,
                            int64_t *ret_ms)
{
    const struct bytes *text = http_request_parameter(request, name);
    int64_t ms = fallback;
    bool read = text == NULL || number_read_int(*text, &ms) || timestamp_read(*text, &ms);
    if (!read) {
        return sg_fail(SG_DROP, 400,
                       "%s must be a time like 2026-11-21T08:00:00Z, or milliseconds since 1970",
                       name);
    }
    *ret_ms = ms;
    return sg_ok();
}

// True for the parameters that do not choose what is in the list.
static bool is_paging(struct bytes name)
{
    return bytes_is_text(name, "limit") || bytes_is_text(name, "cursor") ||
           bytes_is_text(name, "min_position");
}

sg_result list_request_scope(const struct http_request *request, struct buffer *out)
{
    for (size_t i = 0; i < request->segment_count; i++) {
        SG_TRY(buffer_append(out, request->segments[i]));
        SG_TRY(buffer_append_byte(out, 0));
    }
    for (size_t i = 0; i < request->parameter_count; i++) {
        const struct http_parameter *parameter = &request->parameters[i];
        if (!is_paging(parameter->name)) {
            SG_TRY(buffer_append_byte(out, 1));
            SG_TRY(buffer_append(out, parameter->name));
            SG_TRY(buffer_append_byte(out, 0));
            SG_TRY(buffer_append(out, parameter->value));
        }
    }
    return sg_ok();
}

sg_result list_request_cursor(const struct http_request *request, struct bytes scope,
                              uint8_t key[static PAGE_CURSOR_KEY_MAX], struct bytes *ret_key)
{
    const struct bytes *text = http_request_parameter(request, "cursor");
    size_t size = 0;
    if (text != NULL) {
        SG_TRY(page_cursor_read(scope, *text, key, &size));
    }
    *ret_key = bytes_of(key, size);
    return sg_ok();
}

static bool is_unreserved(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (byte != 0 && strchr("-._~:", byte) != NULL);
}

static sg_result append_encoded(struct buffer *out, struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (is_unreserved(text.data[i])) {
            SG_TRY(buffer_append_byte(out, text.data[i]));
        } else {
            SG_TRY(buffer_print(out, "%%%02X", text.data[i]));
        }
    }
    return sg_ok();
}

sg_result list_request_link(const struct http_request *request, const char *cursor,
                            struct http_response *response)
{
    SG_CLEANUP(buffer_done) struct buffer link;
    buffer_init(&link, LINK_MAX);
    // Encoded anew from what was understood: nothing of the request is echoed as it came.
    for (size_t i = 0; i < request->segment_count; i++) {
        SG_TRY(buffer_append_byte(&link, '/'));
        SG_TRY(append_encoded(&link, request->segments[i]));
    }
    SG_TRY(buffer_print(&link, "?cursor=%s", cursor));
    for (size_t i = 0; i < request->parameter_count; i++) {
        const struct http_parameter *parameter = &request->parameters[i];
        if (bytes_is_text(parameter->name, "cursor") ||
            bytes_is_text(parameter->name, "min_position")) {
            continue;
        }
        SG_TRY(buffer_append_byte(&link, '&'));
        SG_TRY(append_encoded(&link, parameter->name));
        SG_TRY(buffer_append_byte(&link, '='));
        SG_TRY(append_encoded(&link, parameter->value));
    }
    return http_response_header(response, "Link", "<%.*s>; rel=\"next\"", (int)link.size,
                                (const char *)link.data);
}
