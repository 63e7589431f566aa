// Target: the way of a request through the router to bodies and forms. The input is a request as it
// is sent: a line "METHOD target", lines "Name: value", an empty line, the body.
#include "core/json_reader.h"
#include "core/utf8.h"
#include "query/accounts/form_body.h"
#include "query/accounts/request_body.h"
#include "query/accounts/write_job.h"
#include "query/http/http_router.h"
#include "schemas/log_in.h"
#include "schemas/new_user.h"
#include "schemas/record_json.h"
#include "schemas/subscribe.h"
#include "schemas/subscription_patch.h"
#include "schemas/user_patch.h"

#include <assert.h>
#include <string.h>

enum { ARENA_BYTES = 1 << 20, METHOD_MAX = 16, NAME_MAX_BYTES = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

union any_body {
    struct new_user new_user;
    struct user_patch user_patch;
    struct log_in log_in;
    struct subscription_patch subscription_patch;
    struct subscribe subscribe;
};

// RFC 6901: nothing, or steps that begin with a slash, where a tilde is escaped.
static void check_pointer(const char *pointer)
{
    assert(pointer[0] == '\0' || pointer[0] == '/');
    assert(utf8_is_printable(bytes_of_text(pointer)));
    for (const char *at = strchr(pointer, '~'); at != NULL; at = strchr(at + 1, '~')) {
        assert(at[1] == '0' || at[1] == '1');
    }
}

// Its first step is a field of the record, or what the body calls so.
static void check_step(const struct record_type *type, struct bytes body, const char *pointer)
{
    size_t size = strcspn(pointer + 1, "/");
    bool known = memchr(pointer, '~', strlen(pointer)) != NULL;
    for (size_t i = 0; i < type->field_count && !known; i++) {
        known = bytes_is_text(bytes_of(pointer + 1, size), type->fields[i].name);
    }
    for (size_t i = 0; i + size <= body.size && !known; i++) {
        // An escape may spell it otherwise.
        known = memcmp(body.data + i, pointer + 1, size) == 0 || body.data[i] == '\\';
    }
    assert(known);
}

static sg_result read_body(const struct record_type *type, const struct http_request *request,
                           struct http_response *response)
{
    SG_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    union any_body body;
    uint64_t present = 0;
    bool has = false;
    int64_t version = 0;
    assert(arena != NULL && type->size <= sizeof body);
    sg_result result = request_body_read(request, type, arena, &body, &present);
    if (!sg_is_ok(result)) {
        char pointer[REQUEST_POINTER_MAX];
        assert(result.class == SG_DROP && (result.code == 0 || result.code == 413));
        request_body_pointer(sg_reason(), pointer);
        check_pointer(pointer);
        if (pointer[0] != '\0') {
            check_step(type, request->body, pointer);
        }
        return request_body_refuse(request, result, response);
    }
    uint64_t required = record_json_required(type);
    assert((present & required) == required);
    SG_TRY(write_job_expected(request, &has, &version));
    return buffer_append(&response->body, bytes_of_text("{}"));
}

static sg_result read_form(void *context, const struct http_request *request,
                           struct http_response *response)
{
    static const char *const names[] = {"do", "low", "List-Unsubscribe"};
    SG_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    (void)context;
    assert(arena != NULL);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct bytes value = {NULL, 0};
        bool found = false;
        sg_result result = form_body_find(request->body, names[i], arena, &value, &found);
        if (!sg_is_ok(result)) {
            assert(result.class == SG_DROP && (result.code == 0 || result.code == 413));
            return request_body_refuse(request, result, response);
        }
        assert(!found || utf8_is_printable(value));
    }
    return buffer_append(&response->body, bytes_of_text("{}"));
}

static const struct record_type *const types[] = {&new_user_type, &user_patch_type, &log_in_type,
                                                  &subscription_patch_type, &subscribe_type};

// A body by the number of its record.
static sg_result read_by_number(void *context, const struct http_request *request,
                                struct http_response *response)
{
    (void)context;
    size_t number = (size_t)(request->captures[0].data[0]) % (sizeof types / sizeof types[0]);
    return read_body(types[number], request, response);
}

static const struct http_route routes[] = {
    {.path = "/", .handle = read_form, .content_type = "application/json", .tagged = true},
    {.method = HTTP_POST,
     .path = "/body/{number}",
     .handle = read_by_number,
     .content_type = "application/json",
     .body_types = {"application/merge-patch+json", "application/json"}},
    {.method = HTTP_POST,
     .path = "/form",
     .handle = read_form,
     .content_type = "text/html; charset=utf-8",
     .body_types = {"application/x-www-form-urlencoded"},
     .tolerant = true},
};

// A line without its end, cut off `*rest`.
static struct bytes next_line(struct bytes *rest)
{
    const uint8_t *end = rest->size > 0 ? memchr(rest->data, '\n', rest->size) : NULL;
    size_t size = end == NULL ? rest->size : (size_t)(end - rest->data);
    struct bytes line = bytes_of(rest->data, size);
    size_t skip = end == NULL ? size : size + 1;
    *rest = bytes_of(rest->data + skip, rest->size - skip);
    return line;
}

// The text before the separator; `*line` is what stands behind it.
static struct bytes before(struct bytes *line, const char *separator)
{
    for (size_t i = 0; i + strlen(separator) <= line->size; i++) {
        if (memcmp(line->data + i, separator, strlen(separator)) == 0) {
            struct bytes head = bytes_of(line->data, i);
            size_t skip = i + strlen(separator);
            *line = bytes_of(line->data + skip, line->size - skip);
            return head;
        }
    }
    return bytes_of(NULL, 0);
}

static void read_headers(struct http_request *request, struct bytes *rest)
{
    for (struct bytes line = next_line(rest); line.size > 0; line = next_line(rest)) {
        struct bytes name = before(&line, ": ");
        for (size_t i = 0; i < HTTP_HEADER_COUNT; i++) {
            if (bytes_is_text(name, http_header_name((enum http_header)i))) {
                request->headers[i] = line;
            }
        }
    }
}

// Every answer is whole: a problem is JSON, nothing is a fault of ours, no header ends early.
static void check_answer(const struct http_response *response)
{
    assert(response->status >= 200 && response->status < 600);
    assert(response->status != 500 && response->status != 503);
    for (size_t i = 0; i < response->header_count; i++) {
        assert(utf8_is_printable(bytes_of_text(response->headers[i].value)));
    }
    if (response->status >= 400) {
        SG_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
        struct json_reader reader;
        assert(strcmp(response->content_type, "application/problem+json") == 0);
        json_reader_start(&reader, buffer_bytes(&response->body), arena);
        assert(sg_is_ok(json_reader_skip(&reader)) && sg_is_ok(json_reader_end(&reader)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct http_application application = {
        .routes = routes, .route_count = sizeof routes / sizeof routes[0]};
    static struct http_request request;
    SG_CLEANUP(http_response_done) struct http_response response;
    struct bytes rest = bytes_of(data, size);
    struct bytes line = next_line(&rest);
    struct bytes method = before(&line, " ");
    char method_text[METHOD_MAX] = "";
    bool wait = false;
    memcpy(method_text, method.size > 0 ? method.data : data,
           method.size < METHOD_MAX ? method.size : 0);
    http_response_init(&response);
    sg_result parsed = http_request_parse(&request, line);
    if (!sg_is_ok(parsed)) {
        assert(sg_is_ok(http_router_refuse(NULL, parsed, &response)));
        check_answer(&response);
        return 0;
    }
    request.method = http_method_of(method_text);
    read_headers(&request, &rest);
    request.body = rest;
    assert(sg_is_ok(http_router_answer(&application, &request, false, &response, &wait)) && !wait);
    check_answer(&response);
    return 0;
}
