// One interface before the two registries: a lock, a memory, and the rules of registering.
#include "schemas/registry.h"
#include "core/service/clock.h"
#include "schemas/binary/schema_match.h"
#include "schemas/binary/schema_tree.h"
#include "schemas/registry/registry_batch.h"
#include "schemas/registry_state.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_AGAIN_US = 1000000, READ_BACK_MS = 5 };

static const struct option rows[] = {
    {"registry.url", OPTION_TEXT, offsetof(struct registry_settings, url), "", 0, 0, NULL,
     "A Confluent-compatible schema registry; empty for the one that soglia keeps in Kafka."},
    {"registry.topic", OPTION_TEXT, offsetof(struct registry_settings, topic), "_schemas", 0, 0,
     NULL, "Topic of the embedded registry; topics.prefix is put before it."},
    {"registry.timeout", OPTION_DURATION, offsetof(struct registry_settings, timeout_ms), "10s",
     100, 600000, NULL, "How long an answer of the registry is waited for."},
};

struct option_table registry_options(struct registry_settings *target)
{
    return (struct option_table){.title = "Schema registry",
                                 .options = rows,
                                 .count = sizeof rows / sizeof rows[0],
                                 .target = target};
}

static void free_text(char **text)
{
    free(*text);
}

static sg_result open_source(const struct registry_config *config, struct registry *registry)
{
    const struct registry_settings *settings = config->registry;
    if (settings->url[0] != 0) {
        SG_TRY(registry_remote_open(settings->url, settings->timeout_ms, &registry->remote));
        return registry_remote_ping(registry->remote);
    }
    char topic[KAFKA_TOPIC_MAX + 1];
    int size = snprintf(topic, sizeof topic, "%s%s", config->topics->prefix, settings->topic);
    if (size < 0 || (size_t)size >= sizeof topic) {
        return sg_fail(SG_FATAL, 0, "registry.topic and topics.prefix are too long together");
    }
    SG_TRY(registry_log_open(config->kafka, topic, &registry->log));
    return registry_log_read(registry->log, settings->timeout_ms, &registry->book);
}

sg_result registry_open(const struct registry_config *config, struct registry **ret_registry)
{
    SG_CLEANUP(registry_close) struct registry *registry = calloc(1, sizeof *registry);
    if (registry == NULL || pthread_mutex_init(&registry->lock, NULL) != 0) {
        free(SG_MOVE(registry));
        return sg_fail(SG_FATAL, 0, "registry: out of memory");
    }
    registry->settings = config->registry;
    registry->topics = config->topics;
    SG_TRY(open_source(config, registry));
    *ret_registry = SG_MOVE(registry);
    return sg_ok();
}

void registry_close(struct registry **registry)
{
    struct registry *closed = SG_MOVE(*registry);
    if (closed == NULL) {
        return;
    }
    registry_log_close(&closed->log);
    registry_remote_close(&closed->remote);
    registry_book_done(&closed->book);
    pthread_mutex_destroy(&closed->lock);
    free(closed);
}

static struct registry_missing *find_missing(struct registry *registry, int32_t id)
{
    for (size_t i = 0; i < REGISTRY_MISSING_MAX; i++) {
        if (registry->missing[i].looked_us != 0 && registry->missing[i].id == id) {
            return &registry->missing[i];
        }
    }
    return NULL;
}

static void note_missing(struct registry *registry, int32_t id, int64_t now_us)
{
    struct registry_missing *missing = find_missing(registry, id);
    if (missing == NULL) {
        missing = &registry->missing[registry->missing_next++ % REGISTRY_MISSING_MAX];
    }
    *missing = (struct registry_missing){.id = id, .looked_us = now_us};
}

// Looks for an id that is not in memory. An id is given before the first record that names it is
// written, so one look after that record was read is conclusive; the memory of what is missing only
// keeps a flood of bad records from asking for the same id each time.
static sg_result look_for(struct registry *registry, int32_t id)
{
    int64_t now_us = clock_monotonic_us();
    const struct registry_missing *missing = find_missing(registry, id);
    if (missing != NULL && now_us - missing->looked_us < LOOK_AGAIN_US) {
        return sg_fail(SG_DROP, 40403, "no schema is registered under the id %d", (int)id);
    }
    if (registry->log != NULL) {
        SG_TRY(registry_log_read(registry->log, registry->settings->timeout_ms, &registry->book));
    } else {
        sg_result result = registry_remote_fetch(registry->remote, id, &registry->book);
        if (result.class != SG_DROP) {
            SG_TRY(result);
        }
    }
    if (registry_book_text(&registry->book, id) == NULL) {
        note_missing(registry, id, now_us);
        return sg_fail(SG_DROP, 40403, "no schema is registered under the id %d", (int)id);
    }
    return sg_ok();
}

static sg_result find_schema(struct registry *registry, int32_t id, struct bytes *ret_text)
{
    if (registry_book_text(&registry->book, id) == NULL) {
        SG_TRY(look_for(registry, id));
    }
    const struct registry_text *text = registry_book_text(&registry->book, id);
    if (text->schema == NULL) {
        return sg_fail(SG_DROP, 0, "the schema with the id %d is not Avro", (int)id);
    }
    *ret_text = bytes_of_text(text->schema);
    return sg_ok();
}

sg_result registry_schema(struct registry *registry, int32_t id, struct bytes *ret_text)
{
    pthread_mutex_lock(&registry->lock);
    sg_result result = find_schema(registry, id, ret_text);
    pthread_mutex_unlock(&registry->lock);
    return result;
}

// Subject, schema and canonical schema of a topic. Caller frees the last.
static sg_result name_schema(struct registry *registry, enum topic topic,
                             char ret_subject[static REGISTRY_SUBJECT_MAX], char **ret_canonical)
{
    const struct topic_info *info = topic_info(topic);
    assert(info->record != NULL && !info->json);
    char name[KAFKA_TOPIC_MAX + 1];
    topic_full_name(registry->topics, topic, name);
    snprintf(ret_subject, REGISTRY_SUBJECT_MAX, "%s-value", name);
    return registry_record_canonical(bytes_of_text(info->record->schema), ret_canonical);
}

// The id of the topic's schema, 0 when it is not registered.
static sg_result find_id(struct registry *registry, enum topic topic, int32_t *ret_id)
{
    SG_CLEANUP(free_text) char *canonical = NULL;
    char subject[REGISTRY_SUBJECT_MAX];
    SG_TRY(name_schema(registry, topic, subject, &canonical));
    if (registry->remote != NULL) {
        return registry_remote_find(registry->remote, subject, topic_info(topic)->record->schema,
                                    ret_id);
    }
    const struct registry_version *found = registry_book_find(&registry->book, subject, canonical);
    if (found == NULL) {
        SG_TRY(registry_log_read(registry->log, registry->settings->timeout_ms, &registry->book));
        found = registry_book_find(&registry->book, subject, canonical);
    }
    *ret_id = found == NULL ? 0 : found->id;
    return sg_ok();
}

sg_result registry_id(struct registry *registry, enum topic topic, int32_t *ret_id)
{
    pthread_mutex_lock(&registry->lock);
    int32_t id = registry->ids[topic];
    sg_result result = id == 0 ? find_id(registry, topic, &id) : sg_ok();
    registry->ids[topic] = sg_is_ok(result) ? id : 0;
    pthread_mutex_unlock(&registry->lock);
    SG_TRY(result);
    if (id == 0) {
        return sg_fail(SG_FATAL, 0,
                       "topic %s: this program's schema is not registered: run `soglia topics "
                       "apply`",
                       topic_info(topic)->name);
    }
    *ret_id = id;
    return sg_ok();
}

static void free_tree(struct schema_tree **tree)
{
    schema_tree_free(tree);
}

// Whether `reader` reads what was written with an older version. Fails: SG_FATAL with the field.
static sg_result check_version(const struct schema_tree *reader,
                               const struct registry_version *version,
                               const struct registry_text *text)
{
    SG_CLEANUP(free_tree) struct schema_tree *writer = NULL;
    sg_result result = text == NULL || text->schema == NULL
                           ? sg_fail(SG_FATAL, 0, "it is not Avro")
                           : schema_tree_parse(bytes_of_text(text->schema), &writer);
    if (sg_is_ok(result)) {
        result = schema_match_check(schema_tree_root(reader), schema_tree_root(writer));
    }
    if (result.class == SG_DROP) {
        result.class = SG_FATAL;
    }
    return sg_explain(result, "subject %s: what version %d wrote, the new schema cannot read",
                      version->subject, (int)version->version);
}

// BACKWARD_TRANSITIVE: the new schema reads what every version that is not deleted wrote.
static sg_result check_versions(struct registry *registry, const char *subject, const char *schema)
{
    SG_CLEANUP(free_tree) struct schema_tree *reader = NULL;
    SG_TRY(schema_tree_parse(bytes_of_text(schema), &reader));
    for (size_t i = 0; i < registry->book.version_count; i++) {
        const struct registry_version *version = &registry->book.versions[i];
        if (version->deleted || strcmp(version->subject, subject) != 0) {
            continue;
        }
        SG_TRY(check_version(reader, version, registry_book_text(&registry->book, version->id)));
    }
    return sg_ok();
}

static sg_result check_topic(struct registry *registry, enum topic topic)
{
    SG_CLEANUP(free_text) char *canonical = NULL;
    char subject[REGISTRY_SUBJECT_MAX];
    SG_TRY(name_schema(registry, topic, subject, &canonical));
    const char *schema = topic_info(topic)->record->schema;
    if (registry->remote != NULL) {
        return registry_remote_compatible(registry->remote, subject, schema);
    }
    SG_TRY(registry_log_read(registry->log, registry->settings->timeout_ms, &registry->book));
    return check_versions(registry, subject, schema);
}

sg_result registry_compatible(struct registry *registry, enum topic topic)
{
    pthread_mutex_lock(&registry->lock);
    sg_result result = check_topic(registry, topic);
    pthread_mutex_unlock(&registry->lock);
    return result;
}

// Reads until what was just written is seen: a commit returns once it is decided, the marker that
// lets read_committed readers past it follows a moment later.
static sg_result read_back(struct registry *registry, const struct registry_batch *batch)
{
    int64_t timeout_ms = registry->settings->timeout_ms;
    int64_t limit_us = clock_monotonic_us() + timeout_ms * 1000;
    for (;;) {
        const char *unseen = NULL;
        SG_TRY(registry_log_read(registry->log, timeout_ms, &registry->book));
        SG_TRY(registry_batch_check(batch, &registry->book, &unseen));
        if (unseen == NULL) {
            return sg_ok();
        }
        if (clock_monotonic_us() > limit_us) {
            return sg_fail(SG_RETRY, 0, "subject %s: what was committed is not seen after %lld ms",
                           unseen, (long long)timeout_ms);
        }
        clock_sleep_ms(READ_BACK_MS);
    }
}

// Looks up what the book has by now; `*ret_missing` counts the rest.
static sg_result find_all(struct registry *registry, struct registry_applied *applied, size_t count,
                          size_t *ret_missing)
{
    *ret_missing = 0;
    SG_TRY(registry_log_read(registry->log, registry->settings->timeout_ms, &registry->book));
    for (size_t i = 0; i < count; i++) {
        SG_CLEANUP(free_text) char *canonical = NULL;
        char subject[REGISTRY_SUBJECT_MAX];
        SG_TRY(name_schema(registry, applied[i].topic, subject, &canonical));
        const struct registry_version *found =
            registry_book_find(&registry->book, subject, canonical);
        applied[i].id = found == NULL ? 0 : found->id;
        applied[i].is_new = found == NULL;
        *ret_missing += applied[i].is_new;
    }
    return sg_ok();
}

static sg_result add_to_batch(struct registry *registry, struct registry_applied *applied,
                              struct registry_batch *batch)
{
    SG_CLEANUP(free_text) char *canonical = NULL;
    char subject[REGISTRY_SUBJECT_MAX];
    const char *schema = topic_info(applied->topic)->record->schema;
    SG_TRY(name_schema(registry, applied->topic, subject, &canonical));
    SG_TRY(check_versions(registry, subject, schema));
    return registry_batch_add(batch, &registry->book,
                              &(struct registry_schema){subject, canonical, schema}, &applied->id);
}

static sg_result apply_to_log(struct registry *registry, struct registry_applied *applied,
                              size_t count)
{
    size_t missing = 0;
    SG_TRY(find_all(registry, applied, count, &missing));
    if (missing == 0) {
        return sg_ok();
    }
    // What an older writer was about to register is decided now; it may be these very schemas.
    SG_TRY(registry_log_claim(registry->log));
    SG_TRY(find_all(registry, applied, count, &missing));
    if (missing == 0) {
        return sg_ok();
    }
    SG_CLEANUP(registry_batch_free) struct registry_batch *batch = registry_batch_new(missing);
    if (batch == NULL) {
        return sg_fail(SG_FATAL, 0, "registry: out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        if (applied[i].is_new) {
            SG_TRY(add_to_batch(registry, &applied[i], batch));
        }
    }
    SG_TRY(registry_batch_write(batch, registry->log));
    return read_back(registry, batch);
}

static sg_result apply_to_remote(struct registry *registry, struct registry_applied *applied,
                                 size_t count)
{
    for (size_t i = 0; i < count; i++) {
        SG_CLEANUP(free_text) char *canonical = NULL;
        char subject[REGISTRY_SUBJECT_MAX];
        const char *schema = topic_info(applied[i].topic)->record->schema;
        SG_TRY(name_schema(registry, applied[i].topic, subject, &canonical));
        SG_TRY(registry_remote_find(registry->remote, subject, schema, &applied[i].id));
        applied[i].is_new = applied[i].id == 0;
        if (applied[i].is_new) {
            SG_TRY(registry_remote_register(registry->remote, subject, schema, &applied[i].id));
        }
    }
    return sg_ok();
}

sg_result registry_apply(struct registry *registry, struct registry_applied *applied, size_t count)
{
    pthread_mutex_lock(&registry->lock);
    sg_result result = registry->remote != NULL ? apply_to_remote(registry, applied, count)
                                                : apply_to_log(registry, applied, count);
    for (size_t i = 0; sg_is_ok(result) && i < count; i++) {
        registry->ids[applied[i].topic] = applied[i].id;
    }
    pthread_mutex_unlock(&registry->lock);
    return result;
}
