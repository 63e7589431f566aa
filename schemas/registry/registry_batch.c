// Ids are chosen behind those of the book.
#include "schemas/registry/registry_batch.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct version {
    char *canonical;
    struct registry_record record;
};

struct registry_batch {
    size_t capacity;
    size_t count;
    int32_t new_ids;
    struct version versions[];
};

struct registry_batch *registry_batch_new(size_t capacity)
{
    struct registry_batch *batch = calloc(1, sizeof *batch + capacity * sizeof batch->versions[0]);
    if (batch != NULL) {
        batch->capacity = capacity;
    }
    return batch;
}

void registry_batch_free(struct registry_batch **batch)
{
    struct registry_batch *freed = SG_MOVE(*batch);
    for (size_t i = 0; freed != NULL && i < freed->count; i++) {
        registry_record_done(&freed->versions[i].record);
        free(freed->versions[i].canonical);
    }
    free(freed);
}

static int32_t choose_id(struct registry_batch *batch, const struct registry_book *book,
                         const char *canonical)
{
    const struct registry_text *same = registry_book_same(book, canonical);
    if (same != NULL) {
        return same->id;
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (strcmp(batch->versions[i].canonical, canonical) == 0) {
            return batch->versions[i].record.id;
        }
    }
    return registry_book_next_id(book) + batch->new_ids++;
}

sg_result registry_batch_add(struct registry_batch *batch, const struct registry_book *book,
                             const struct registry_schema *schema, int32_t *ret_id)
{
    assert(batch->count < batch->capacity);
    int32_t id = choose_id(batch, book, schema->canonical);
    struct version *added = &batch->versions[batch->count++];
    added->canonical = strdup(schema->canonical);
    added->record =
        (struct registry_record){.kind = REGISTRY_RECORD_SCHEMA,
                                 .version = registry_book_next_version(book, schema->subject),
                                 .id = id,
                                 .schema = strdup(schema->schema)};
    snprintf(added->record.subject, sizeof added->record.subject, "%s", schema->subject);
    if (added->canonical == NULL || added->record.schema == NULL) {
        return sg_fail(SG_FATAL, 0, "subject %s: out of memory", schema->subject);
    }
    *ret_id = id;
    return sg_ok();
}

static void free_list(const struct registry_record ***list)
{
    free(*list);
}

sg_result registry_batch_write(const struct registry_batch *batch, struct registry_log *log)
{
    SG_CLEANUP(free_list)
    const struct registry_record **records = calloc(batch->count, sizeof(struct registry_record *));
    if (records == NULL) {
        return sg_fail(SG_FATAL, 0, "registry: out of memory");
    }
    for (size_t i = 0; i < batch->count; i++) {
        records[i] = &batch->versions[i].record;
    }
    return registry_log_write(log, records, batch->count);
}

sg_result registry_batch_check(const struct registry_batch *batch, const struct registry_book *book,
                               const char **ret_unseen)
{
    *ret_unseen = NULL;
    for (size_t i = 0; i < batch->count && *ret_unseen == NULL; i++) {
        const struct registry_record *record = &batch->versions[i].record;
        const struct registry_version *found =
            registry_book_find(book, record->subject, batch->versions[i].canonical);
        if (found == NULL) {
            *ret_unseen = record->subject;
        } else if (found->id != record->id) {
            return sg_fail(SG_RETRY, 0, "subject %s: another program took the id %d",
                           record->subject, (int)record->id);
        }
    }
    return sg_ok();
}
