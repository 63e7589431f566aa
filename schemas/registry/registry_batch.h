// Versions that are written together: one transaction takes no longer for twenty than for one.
#pragma once
#include "schemas/registry/registry_book.h"
#include "schemas/registry/registry_log.h"

struct registry_schema {
    const char *subject;
    const char *canonical;
    const char *schema;
};

struct registry_batch;

// For `capacity` versions. NULL without memory.
struct registry_batch *registry_batch_new(size_t capacity);

// Accepts NULL.
void registry_batch_free(struct registry_batch **batch);

// Adds a version that the book does not have, copied, and chooses its id: equal schemas have one,
// in the book and in the batch. Fails: SG_FATAL without memory.
SG_RESULT registry_batch_add(struct registry_batch *batch, const struct registry_book *book,
                             const struct registry_schema *schema, int32_t *ret_id);

// Writes all or none, as registry_log_write().
SG_RESULT registry_batch_write(const struct registry_batch *batch, struct registry_log *log);

// Whether the book has all of it by now; else a subject that is missing, borrowed. Fails: SG_RETRY
// when a program that does not claim the log took an id at the same moment.
SG_RESULT registry_batch_check(const struct registry_batch *batch, const struct registry_book *book,
                               const char **ret_unseen);
