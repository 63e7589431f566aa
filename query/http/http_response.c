// Answers.
#include "query/http/http_response.h"

#include "core/hash.h"
#include "core/utf8.h"
#include "query/http/json_writer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATUS_OK = 200, STATUS_NOT_MODIFIED = 304 };

void http_response_init(struct http_response *response)
{
    *response = (struct http_response){.status = STATUS_OK};
    buffer_init(&response->body, HTTP_BODY_MAX);
}

static void drop_stream(struct http_response *response)
{
    if (response->stream != NULL) {
        response->stream->work.release(&response->stream->work);
        response->stream = NULL;
    }
}

void http_response_done(struct http_response *response)
{
    if (response == NULL) {
        return;
    }
    for (size_t i = 0; i < response->header_count; i++) {
        free(response->headers[i].value);
    }
    response->header_count = 0;
    drop_stream(response);
    buffer_done(&response->body);
}

sg_result http_response_header(struct http_response *response, const char *name, const char *format,
                               ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *value = NULL;
    int size = vasprintf(&value, format, arguments);
    va_end(arguments);
    if (size < 0) {
        return sg_fail(SG_FATAL, 0, "header %s: out of memory", name);
    }
    if (response->header_count == HTTP_RESPONSE_HEADERS_MAX || size == 0 ||
        !utf8_is_printable(bytes_of_text(value))) {
        free(value);
        return sg_fail(SG_FATAL, 0, "header %s: too many headers, or a value that is none", name);
    }
    response->headers[response->header_count++] = (struct http_response_header){name, value};
    return sg_ok();
}

const char *http_response_find(const struct http_response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++) {
        if (strcmp(response->headers[i].name, name) == 0) {
            return response->headers[i].value;
        }
    }
    return NULL;
}

const char *http_response_title(int status)
{
    static const struct {
        int status;
        const char *title;
    } titles[] = {
        {200, "OK"},
        {201, "Created"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {409, "Conflict"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    };
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        if (titles[i].status == status) {
            return titles[i].title;
        }
    }
    return "Error";
}

sg_result http_response_problem(struct http_response *response, const struct http_request *request,
                                int status, const char *detail)
{
    return http_response_problem_of(response, request,
                                    &(struct http_problem){.status = status, .detail = detail});
}

sg_result http_response_problem_of(struct http_response *response,
                                   const struct http_request *request,
                                   const struct http_problem *problem)
{
    buffer_clear(&response->body);
    drop_stream(response);
    response->status = problem->status;
    response->content_type = "application/problem+json";
    struct json_writer json;
    json_writer_init(&json, &response->body);
    json_writer_object(&json, NULL);
    json_writer_literal(&json, "type", "about:blank");
    json_writer_literal(&json, "title", http_response_title(problem->status));
    json_writer_int(&json, "status", problem->status);
    json_writer_literal(&json, "detail", problem->detail);
    if (request != NULL && request->path.size > 0) {
        json_writer_text(&json, "instance", request->path);
    }
    if (problem->pointer.size > 0) {
        json_writer_text(&json, "pointer", problem->pointer);
    }
    if (problem->command_id.size > 0) {
        json_writer_text(&json, "command_id", problem->command_id);
    }
    json_writer_end(&json);
    return json_writer_finish(&json);
}

// True when the list of entity tags has `tag` (weak comparison, RFC 9110 section 13.1.2) or is "*".
static bool list_has_tag(struct bytes list, const char *tag)
{
    size_t size = strlen(tag);
    for (size_t i = 0; i < list.size; i++) {
        if (list.data[i] == '*') {
            return true;
        }
        if (list.data[i] != '"') {
            continue;
        }
        if (list.size - i >= size && memcmp(list.data + i, tag, size) == 0) {
            return true;
        }
        const uint8_t *end = memchr(list.data + i + 1, '"', list.size - i - 1);
        if (end == NULL) {
            return false;
        }
        i = (size_t)(end - list.data);
    }
    return false;
}

sg_result http_response_set_tag(struct http_response *response, const char *tag,
                                struct bytes if_none_match)
{
    SG_TRY(http_response_header(response, "ETag", "%s", tag));
    if (response->status == STATUS_OK && list_has_tag(if_none_match, tag)) {
        response->status = STATUS_NOT_MODIFIED;
        response->content_type = NULL;
        buffer_clear(&response->body);
    }
    return sg_ok();
}

sg_result http_response_tag(struct http_response *response, struct bytes if_none_match)
{
    char hash[HASH_IDENTITY_CHARS + 1];
    hash_identity(buffer_bytes(&response->body), hash);
    char tag[HASH_IDENTITY_CHARS + 3];
    snprintf(tag, sizeof tag, "\"%s\"", hash);
    return http_response_set_tag(response, tag, if_none_match);
}
