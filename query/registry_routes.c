// Confluent's registry, reading half.
#include "query/registry_routes.h"

#include "core/number.h"
#include "query/query_context.h"
#include "query/views/view_feeder.h"

#include <stdlib.h>

enum {
    VERSION_LATEST = -1,
    ERROR_SCHEMA = 40403,
    ERROR_NO_CONFIG = 40408,
    ERROR_BAD_VERSION = 42202,
    ERROR_UNAVAILABLE = 50301,
    CODE_BASE = 100, // Their codes are the HTTP status and two digits.
};

static void free_text(char **text)
{
    free(*text);
    *text = NULL;
}

static sg_result answer_error(struct http_response *response, int code, const char *message)
{
    buffer_clear(&response->body);
    response->status = code / CODE_BASE;
    return registry_print_error(code, message, &response->body);
}

// Turns a failure of the registry into its answer; other failures stay what they are.
static sg_result answer(struct http_response *response, sg_result result)
{
    if (result.class == SG_DROP && result.code >= CODE_BASE * CODE_BASE) {
        return answer_error(response, result.code, sg_reason());
    }
    if (result.class == SG_RETRY) {
        return answer_error(response, ERROR_UNAVAILABLE, sg_reason());
    }
    return result;
}

// The registry; NULL when there is none to be asked, then the answer is written.
static sg_result find_registry(const struct query_context *query, struct http_response *response,
                               struct registry **ret_registry)
{
    *ret_registry = NULL;
    if (query->registry_external) {
        return answer_error(response, ERROR_SCHEMA,
                            "The schema registry of this installation is another server");
    }
    struct registry *registry = query->feeder == NULL ? NULL : view_feeder_registry(query->feeder);
    if (registry == NULL) {
        return answer_error(response, ERROR_UNAVAILABLE, "The schemas have not been read yet");
    }
    *ret_registry = registry;
    return sg_ok();
}

// The same, and the subject of the path; the caller frees it.
static sg_result find_subject(const struct query_context *query, const struct http_request *request,
                              struct http_response *response, struct registry **ret_registry,
                              char **ret_subject)
{
    *ret_subject = bytes_to_text(request->captures[0]);
    if (*ret_subject == NULL) {
        return sg_fail(SG_RETRY, 0, "the server is out of memory");
    }
    return find_registry(query, response, ret_registry);
}

sg_result registry_routes_subjects(void *context, const struct http_request *request,
                                   struct http_response *response)
{
    (void)request;
    struct registry *registry = NULL;
    SG_TRY(find_registry(context, response, &registry));
    return registry == NULL ? sg_ok()
                            : answer(response, registry_print_subjects(registry, &response->body));
}

sg_result registry_routes_versions(void *context, const struct http_request *request,
                                   struct http_response *response)
{
    SG_CLEANUP(free_text) char *subject = NULL;
    struct registry *registry = NULL;
    SG_TRY(find_subject(context, request, response, &registry, &subject));
    return registry == NULL
               ? sg_ok()
               : answer(response, registry_print_versions(registry, subject, &response->body));
}

// "latest", "-1" or a number from 1; 0 for anything else.
static int32_t read_version(struct bytes text)
{
    int64_t version = 0;
    if (bytes_is_text(text, "latest")) {
        return VERSION_LATEST;
    }
    bool read = number_read_int(text, &version) && version <= INT32_MAX;
    return read && (version >= 1 || version == VERSION_LATEST) ? (int32_t)version : 0;
}

sg_result registry_routes_version(void *context, const struct http_request *request,
                                  struct http_response *response)
{
    SG_CLEANUP(free_text) char *subject = NULL;
    struct registry *registry = NULL;
    SG_TRY(find_subject(context, request, response, &registry, &subject));
    if (registry == NULL) {
        return sg_ok();
    }
    int32_t version = read_version(request->captures[1]);
    if (version == 0) {
        return answer_error(response, ERROR_BAD_VERSION,
                            "The specified version is not a valid version id: a version is a "
                            "number from 1, or \"latest\"");
    }
    return answer(response, registry_print_version(registry, subject, version, &response->body));
}

// The schema id of the path, -1 when it is none.
static int32_t read_id(const struct http_request *request)
{
    int64_t id = 0;
    bool read = number_read_int(request->captures[0], &id) && id >= 0 && id <= INT32_MAX;
    return read ? (int32_t)id : -1;
}

enum schema_part { SCHEMA_TEXT, SCHEMA_SUBJECTS, SCHEMA_VERSIONS };

static sg_result print_part(struct registry *registry, int32_t id, enum schema_part part,
                            struct buffer *out)
{
    return part == SCHEMA_TEXT ? registry_print_schema(registry, id, out)
                               : registry_print_users(registry, id, part == SCHEMA_VERSIONS, out);
}

static sg_result answer_schema(void *context, const struct http_request *request,
                               enum schema_part part, struct http_response *response)
{
    struct registry *registry = NULL;
    SG_TRY(find_registry(context, response, &registry));
    if (registry == NULL) {
        return sg_ok();
    }
    int32_t id = read_id(request);
    if (id < 0) {
        return answer_error(response, ERROR_SCHEMA, "Schema not found");
    }
    return answer(response, print_part(registry, id, part, &response->body));
}

sg_result registry_routes_schema(void *context, const struct http_request *request,
                                 struct http_response *response)
{
    return answer_schema(context, request, SCHEMA_TEXT, response);
}

sg_result registry_routes_schema_subjects(void *context, const struct http_request *request,
                                          struct http_response *response)
{
    return answer_schema(context, request, SCHEMA_SUBJECTS, response);
}

sg_result registry_routes_schema_versions(void *context, const struct http_request *request,
                                          struct http_response *response)
{
    return answer_schema(context, request, SCHEMA_VERSIONS, response);
}

sg_result registry_routes_types(void *context, const struct http_request *request,
                                struct http_response *response)
{
    (void)context;
    (void)request;
    return buffer_append(&response->body, bytes_of_text("[\"AVRO\"]"));
}

sg_result registry_routes_config(void *context, const struct http_request *request,
                                 struct http_response *response)
{
    (void)context;
    (void)request;
    return buffer_append(&response->body,
                         bytes_of_text("{\"compatibilityLevel\":\"BACKWARD_TRANSITIVE\"}"));
}

sg_result registry_routes_subject_config(void *context, const struct http_request *request,
                                         struct http_response *response)
{
    (void)context;
    const struct bytes *fallback = http_request_parameter(request, "defaultToGlobal");
    if (fallback != NULL && bytes_is_text(*fallback, "true")) {
        return registry_routes_config(context, request, response);
    }
    return answer_error(response, ERROR_NO_CONFIG,
                        "Subject does not have subject-level compatibility configured");
}

sg_result registry_routes_mode(void *context, const struct http_request *request,
                               struct http_response *response)
{
    (void)context;
    (void)request;
    return buffer_append(&response->body, bytes_of_text("{\"mode\":\"READONLY\"}"));
}
