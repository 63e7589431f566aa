// Confluent's REST API over HTTP.
#include "schemas/registry/registry_remote.h"
#include "core/net/http_client.h"

#include <jansson.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    URL_MAX = 2048,
    BODY_BYTES_MAX = 4 << 20,
    MESSAGE_MAX = 400,
    NOT_FOUND = 404,
    CONFLICT = 409,
};

struct registry_remote {
    struct http_client *http;
    char url[URL_MAX]; // Without a slash at its end.
};

static const char *const headers[] = {
    "Accept: application/vnd.schemaregistry.v1+json, application/json",
    "Content-Type: application/vnd.schemaregistry.v1+json",
    NULL,
};

static void free_json(json_t **json)
{
    json_decref(*json);
}

sg_result registry_remote_open(const char *url, int64_t timeout_ms,
                               struct registry_remote **ret_remote)
{
    size_t size = strlen(url);
    if (size >= URL_MAX / 2 ||
        (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)) {
        return sg_fail(SG_FATAL, 0, "registry.url is no http:// or https:// URL");
    }
    SG_CLEANUP(registry_remote_close)
    struct registry_remote *remote = calloc(1, sizeof *remote);
    if (remote == NULL) {
        return sg_fail(SG_FATAL, 0, "registry: out of memory");
    }
    while (size > 0 && url[size - 1] == '/') {
        size--;
    }
    snprintf(remote->url, sizeof remote->url, "%.*s", (int)size, url);
    const struct http_client_limits limits = {.connect_timeout_ms = timeout_ms,
                                              .timeout_ms = timeout_ms,
                                              .response_bytes = BODY_BYTES_MAX};
    SG_TRY(http_client_open(&limits, &remote->http));
    *ret_remote = SG_MOVE(remote);
    return sg_ok();
}

void registry_remote_close(struct registry_remote **remote)
{
    struct registry_remote *closed = SG_MOVE(*remote);
    if (closed != NULL) {
        http_client_close(&closed->http);
        free(closed);
    }
}

// What an answer that is no success says, as a result. Confluent's code tells more than the status:
// 40401 (subject), 40403 (schema), 409 and 40901 (incompatible), 42201 (invalid), 50003 (forward).
static sg_result judge_answer(const char *what, const struct http_client_response *response,
                              const json_t *json)
{
    int code = (int)json_integer_value(json_object_get(json, "error_code"));
    const char *message = json_string_value(json_object_get(json, "message"));
    enum sg_class class = http_client_is_passing(response->status) ? SG_RETRY : SG_FATAL;
    return sg_fail(class, code == 0 ? response->status : code, "registry: %s: HTTP %d, %d %.*s",
                   what, response->status, code, MESSAGE_MAX, message == NULL ? "" : message);
}

// Asks, and judges the answer. `*ret_json` is the caller's. `body` is freed; NULL for none.
static sg_result ask(struct registry_remote *remote, const char *method, const char *path,
                     json_t *body, json_t **ret_json)
{
    char url[URL_MAX];
    snprintf(url, sizeof url, "%s%s", remote->url, path);
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    json_decref(body);
    const struct http_client_request request = {
        .method = method, .url = url, .headers = headers, .body = bytes_of_text(text)};
    struct http_client_response response;
    sg_result result = http_client_send(remote->http, &request, &response);
    free(text);
    if (result.class == SG_DROP) {
        result.class = SG_FATAL;
    }
    SG_TRY(sg_explain(result, "registry"));

    json_error_t error;
    SG_CLEANUP(free_json)
    json_t *json =
        json_loadb((const char *)response.body.data, response.body.size, JSON_DECODE_ANY, &error);
    if (response.status < 200 || response.status > 299) {
        return judge_answer(path, &response, json);
    }
    if (json == NULL) {
        return sg_fail(SG_FATAL, 0, "registry: %s: what answers is no registry", path);
    }
    *ret_json = SG_MOVE(json);
    return sg_ok();
}

// "/subjects/<subject><rest>" with the subject escaped (RFC 3986, unreserved characters stay).
static void subject_path(char path[static URL_MAX / 2], const char *begin, const char *subject,
                         const char *rest)
{
    int used = snprintf(path, URL_MAX / 2, "%s", begin);
    for (; *subject != 0 && used < URL_MAX / 2 - 64; subject++) {
        bool plain = (*subject >= 'a' && *subject <= 'z') || (*subject >= 'A' && *subject <= 'Z') ||
                     (*subject >= '0' && *subject <= '9') || strchr("-._~", *subject) != NULL;
        used += snprintf(path + used, (size_t)(URL_MAX / 2 - used), plain ? "%c" : "%%%02X",
                         (unsigned char)*subject);
    }
    snprintf(path + used, (size_t)(URL_MAX / 2 - used), "%s", rest);
}

static sg_result read_id(const json_t *json, int32_t *ret_id)
{
    const json_t *id = json_object_get(json, "id");
    if (!json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) > INT32_MAX) {
        return sg_fail(SG_FATAL, 0, "registry: the answer has no id");
    }
    *ret_id = (int32_t)json_integer_value(id);
    return sg_ok();
}

sg_result registry_remote_ping(struct registry_remote *remote)
{
    SG_CLEANUP(free_json) json_t *json = NULL;
    SG_TRY(ask(remote, "GET", "/subjects", NULL, &json));
    return json_is_array(json) ? sg_ok()
                               : sg_fail(SG_FATAL, 0, "registry: what answers is no registry");
}

sg_result registry_remote_fetch(struct registry_remote *remote, int32_t id,
                                struct registry_book *book)
{
    char path[64];
    snprintf(path, sizeof path, "/schemas/ids/%d", (int)id);
    SG_CLEANUP(free_json) json_t *json = NULL;
    sg_result result = ask(remote, "GET", path, NULL, &json);
    if (result.class == SG_FATAL && (result.code == 40403 || result.code == NOT_FOUND)) {
        return sg_fail(SG_DROP, result.code, "the registry has no schema %d", (int)id);
    }
    SG_TRY(result);
    const char *schema = json_string_value(json_object_get(json, "schema"));
    const char *type = json_string_value(json_object_get(json, "schemaType"));
    if (schema == NULL || (type != NULL && strcmp(type, "AVRO") != 0)) {
        return sg_fail(SG_DROP, 0, "schema %d of the registry is not Avro", (int)id);
    }
    return registry_book_keep(book, id, bytes_of_text(schema));
}

sg_result registry_remote_find(struct registry_remote *remote, const char *subject,
                               const char *schema, int32_t *ret_id)
{
    char path[URL_MAX / 2];
    subject_path(path, "/subjects/", subject, "");
    SG_CLEANUP(free_json) json_t *json = NULL;
    sg_result result = ask(remote, "POST", path, json_pack("{s:s}", "schema", schema), &json);
    if (result.class == SG_FATAL &&
        (result.code == 40401 || result.code == 40403 || result.code == NOT_FOUND)) {
        *ret_id = 0;
        return sg_ok();
    }
    SG_TRY(result);
    return read_id(json, ret_id);
}

sg_result registry_remote_compatible(struct registry_remote *remote, const char *subject,
                                     const char *schema)
{
    char path[URL_MAX / 2];
    subject_path(path, "/compatibility/subjects/", subject, "/versions?verbose=true");
    SG_CLEANUP(free_json) json_t *json = NULL;
    sg_result result = ask(remote, "POST", path, json_pack("{s:s}", "schema", schema), &json);
    if (result.class == SG_FATAL && (result.code == 40401 || result.code == 40402)) {
        return sg_ok(); // A subject without versions takes everything.
    }
    SG_TRY(result);
    if (json_is_true(json_object_get(json, "is_compatible"))) {
        return sg_ok();
    }
    const json_t *messages = json_object_get(json, "messages");
    const char *message = json_string_value(json_array_get(messages, 0));
    return sg_fail(SG_FATAL, CONFLICT, "registry: %s: the schema is not compatible: %.*s", subject,
                   MESSAGE_MAX, message == NULL ? "(no reason given)" : message);
}

sg_result registry_remote_register(struct registry_remote *remote, const char *subject,
                                   const char *schema, int32_t *ret_id)
{
    char path[URL_MAX / 2];
    subject_path(path, "/config/", subject, "");
    SG_CLEANUP(free_json) json_t *level = NULL;
    SG_TRY(ask(remote, "PUT", path, json_pack("{s:s}", "compatibility", "BACKWARD_TRANSITIVE"),
               &level));
    subject_path(path, "/subjects/", subject, "/versions");
    SG_CLEANUP(free_json) json_t *json = NULL;
    sg_result result = ask(remote, "POST", path, json_pack("{s:s}", "schema", schema), &json);
    if (result.class == SG_FATAL && (result.code == CONFLICT || result.code == 40901)) {
        // The answer to the question says more than the refusal.
        SG_TRY(registry_remote_compatible(remote, subject, schema));
        return sg_fail(SG_FATAL, result.code, "registry: %s: the schema is not compatible",
                       subject);
    }
    SG_TRY(result);
    return read_id(json, ret_id);
}
