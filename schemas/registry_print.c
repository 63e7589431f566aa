// The embedded registry as Confluent's REST API shows it.
#include "core/service/clock.h"
#include "schemas/registry.h"
#include "schemas/registry_state.h"

#include <jansson.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_AGAIN_US = 1000000, SUBJECT_MISSING = 40401, VERSION_MISSING = 40402 };
enum { SCHEMA_MISSING = 40403 };

// Takes the lock and brings the memory up to date, at most once a second.
static sg_result begin(struct registry *registry)
{
    assert(registry->log != NULL);
    pthread_mutex_lock(&registry->lock);
    int64_t now_us = clock_monotonic_us();
    if (registry->listed_us != 0 && now_us - registry->listed_us < LIST_AGAIN_US) {
        return sg_ok();
    }
    sg_result result =
        registry_log_read(registry->log, registry->settings->timeout_ms, &registry->book);
    registry->listed_us = sg_is_ok(result) ? now_us : 0;
    return result;
}

// Gives the lock back and prints `json`, which it frees.
static sg_result end(struct registry *registry, sg_result result, json_t *json, struct buffer *out)
{
    pthread_mutex_unlock(&registry->lock);
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(json);
    if (sg_is_ok(result)) {
        result = text == NULL ? sg_fail(SG_FATAL, 0, "registry: out of memory")
                              : buffer_append(out, bytes_of_text(text));
    }
    free(text);
    return result;
}

sg_result registry_print_subjects(struct registry *registry, struct buffer *out)
{
    sg_result result = begin(registry);
    json_t *list = json_array();
    const char *last = "";
    for (size_t i = 0; i < registry->book.version_count; i++) {
        const struct registry_version *version = &registry->book.versions[i];
        if (!version->deleted && strcmp(last, version->subject) != 0) {
            json_array_append_new(list, json_string(version->subject));
            last = version->subject;
        }
    }
    return end(registry, result, list, out);
}

sg_result registry_print_versions(struct registry *registry, const char *subject,
                                  struct buffer *out)
{
    sg_result result = begin(registry);
    json_t *list = json_array();
    for (size_t i = 0; i < registry->book.version_count; i++) {
        const struct registry_version *version = &registry->book.versions[i];
        if (!version->deleted && strcmp(subject, version->subject) == 0) {
            json_array_append_new(list, json_integer(version->version));
        }
    }
    if (sg_is_ok(result) && json_array_size(list) == 0) {
        result = sg_fail(SG_DROP, SUBJECT_MISSING, "Subject '%s' not found.", subject);
    }
    return end(registry, result, list, out);
}

static json_t *version_json(const struct registry *registry, const struct registry_version *version)
{
    const struct registry_text *text = registry_book_text(&registry->book, version->id);
    return json_pack("{s:s, s:i, s:i, s:s*}", "subject", version->subject, "version",
                     (int)version->version, "id", (int)version->id, "schema",
                     text == NULL ? NULL : text->schema);
}

sg_result registry_print_version(struct registry *registry, const char *subject, int32_t version,
                                 struct buffer *out)
{
    sg_result result = begin(registry);
    json_t *json = NULL;
    const struct registry_version *found = registry_book_version(&registry->book, subject, version);
    if (found != NULL) {
        json = version_json(registry, found);
    } else if (sg_is_ok(result) && registry_book_version(&registry->book, subject, -1) == NULL) {
        result = sg_fail(SG_DROP, SUBJECT_MISSING, "Subject '%s' not found.", subject);
    } else if (sg_is_ok(result)) {
        result = sg_fail(SG_DROP, VERSION_MISSING, "Version %d not found.", (int)version);
    }
    return end(registry, result, json, out);
}

sg_result registry_print_schema(struct registry *registry, int32_t id, struct buffer *out)
{
    sg_result result = begin(registry);
    json_t *json = NULL;
    const struct registry_text *text = registry_book_text(&registry->book, id);
    if (text != NULL && text->schema != NULL) {
        json = json_pack("{s:s}", "schema", text->schema);
    } else if (sg_is_ok(result)) {
        result = sg_fail(SG_DROP, SCHEMA_MISSING, "Schema %d not found", (int)id);
    }
    return end(registry, result, json, out);
}

sg_result registry_print_users(struct registry *registry, int32_t id, bool with_versions,
                               struct buffer *out)
{
    sg_result result = begin(registry);
    json_t *list = json_array();
    for (size_t i = 0; i < registry->book.version_count; i++) {
        const struct registry_version *version = &registry->book.versions[i];
        if (version->deleted || version->id != id) {
            continue;
        }
        json_array_append_new(list, with_versions
                                        ? json_pack("{s:s, s:i}", "subject", version->subject,
                                                    "version", (int)version->version)
                                        : json_string(version->subject));
    }
    if (sg_is_ok(result) && registry_book_text(&registry->book, id) == NULL) {
        result = sg_fail(SG_DROP, SCHEMA_MISSING, "Schema %d not found", (int)id);
    }
    return end(registry, result, list, out);
}

sg_result registry_print_error(int code, const char *message, struct buffer *out)
{
    json_t *json = json_pack("{s:i, s:s}", "error_code", code, "message", message);
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    json_decref(json);
    sg_result result = text == NULL ? sg_fail(SG_FATAL, 0, "registry: out of memory")
                                    : buffer_append(out, bytes_of_text(text));
    free(text);
    return result;
}
