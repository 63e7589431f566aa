// Reasons of record_json_read() as answers.
#include "query/accounts/request_body.h"

#include "schemas/record_json.h"
#include "schemas/record_json_scalar.h"

#include <ctype.h>
#include <string.h>

enum { STATUS_BAD_REQUEST = 400 };

sg_result request_body_read(const struct http_request *request, const struct record_type *type,
                            struct arena *arena, void *ret_record, uint64_t *ret_present)
{
    if (request->body.size == 0) {
        return sg_fail(SG_DROP, 0, "the body is empty: send a JSON object");
    }
    SG_TRY(record_json_read(type, request->body, arena, ret_record, ret_present));
    return record_json_require(type, *ret_present, record_json_required(type));
}

// The size of a step of the path at the beginning of the text, with what ends it; 0 if there is
// none.
static size_t step_of(const char *text, struct bytes *ret_name)
{
    size_t open = text[0] == '[' ? 1 : 0;
    size_t size = 0;
    while (isalnum((unsigned char)text[open + size]) != 0 || text[open + size] == '_') {
        size++;
    }
    *ret_name = bytes_of(text + open, size);
    const char *end = text + open + size;
    size_t close = open > 0 && *end == ']' ? 1 : 0;
    if (size == 0 || close != open) {
        return 0;
    }
    end += close;
    if (strncmp(end, ": ", 2) == 0) {
        return open + size + close + 2;
    }
    bool more = *end == '[' || *end == '.';
    return more ? open + size + close + (*end == '.' ? 1 : 0) : 0;
}

// Adds a step, escaped as RFC 6901 wants it. False: there is no room, and nothing was added.
static bool add_step(struct bytes name, size_t *used, char *pointer)
{
    size_t at = *used;
    if (at + 2 * name.size + 2 > REQUEST_POINTER_MAX) {
        return false;
    }
    pointer[at++] = '/';
    for (size_t i = 0; i < name.size; i++) {
        char byte = (char)name.data[i];
        if (byte == '~' || byte == '/') {
            pointer[at++] = '~';
            byte = byte == '~' ? '0' : '1';
        }
        pointer[at++] = byte;
    }
    *used = at;
    return true;
}

// A field that does not exist is named at the end: 'NewUser has no field "passwort"'. Empty when
// the reason may not show it as it is.
static struct bytes unknown_field(const char *reason)
{
    static const char words[] = " has no field \"";
    const char *at = strstr(reason, words);
    bool first = at != NULL && memchr(reason, ' ', (size_t)(at - reason)) == NULL;
    const char *name = first ? at + strlen(words) : "";
    size_t size = strcspn(name, "\"?");
    const char *end = name + size;
    bool whole = size < RECORD_JSON_SHOWN_MAX &&
                 (strcmp(end, "\"") == 0 || strncmp(end, "\": did you mean", 15) == 0);
    return bytes_of(name, whole ? size : 0);
}

void request_body_pointer(const char *reason, char ret_pointer[static REQUEST_POINTER_MAX])
{
    size_t used = 0;
    struct bytes name;
    size_t step = step_of(reason, &name);
    while (step > 0 && add_step(name, &used, ret_pointer)) {
        reason += step;
        step = step_of(reason, &name);
    }
    name = unknown_field(reason);
    if (step == 0 && name.size > 0) {
        (void)add_step(name, &used, ret_pointer);
    }
    ret_pointer[used] = '\0';
}

sg_result request_body_refuse(const struct http_request *request, sg_result failure,
                              struct http_response *response)
{
    if (failure.class != SG_DROP || failure.code != 0) {
        return failure;
    }
    char pointer[REQUEST_POINTER_MAX];
    request_body_pointer(sg_reason(), pointer);
    return http_response_problem_of(response, request,
                                    &(struct http_problem){.status = STATUS_BAD_REQUEST,
                                                           .detail = sg_reason(),
                                                           .pointer = bytes_of_text(pointer)});
}
