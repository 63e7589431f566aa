// What a registry holds, in memory: versions of subjects and texts of ids. Pure: no Kafka, no lock.
#pragma once
#include "schemas/registry/registry_record.h"

struct registry_version {
    char subject[REGISTRY_SUBJECT_MAX];
    int32_t version;
    int32_t id;
    bool deleted;
};

// A text never changes and stays as long as the book, whatever becomes of its versions: records in
// the topics still name its id.
struct registry_text {
    int32_t id;
    char *schema; // NULL for what is not Avro.
    char *canonical;
};

struct registry_book {
    struct registry_version *versions; // In the order of subject and version.
    size_t version_count;
    size_t version_room;
    struct registry_text *texts; // In the order of id.
    size_t text_count;
    size_t text_room;
};

// Most versions, and most texts, of one registry.
enum { REGISTRY_BOOK_MAX = 100000 };

// Frees what it holds; an all-zero book is an empty one.
void registry_book_done(struct registry_book *book);

// Takes a record of the log. The first text of an id stays. Fails: SG_DROP for a schema that is not
// JSON, SG_FATAL without memory or past REGISTRY_BOOK_MAX.
SG_RESULT registry_book_take(struct registry_book *book, const struct registry_record *record);

// Keeps a text that came without a version. Fails as registry_book_take().
SG_RESULT registry_book_keep(struct registry_book *book, int32_t id, struct bytes schema);

// The text of an id, NULL if there is none.
const struct registry_text *registry_book_text(const struct registry_book *book, int32_t id);

// The text that is `canonical`, NULL if there is none.
const struct registry_text *registry_book_same(const struct registry_book *book,
                                               const char *canonical);

// A version that is not deleted; -1 is the latest. NULL if there is none.
const struct registry_version *registry_book_version(const struct registry_book *book,
                                                     const char *subject, int32_t version);

// The latest version of the subject that is not deleted and whose text is `canonical`, NULL if
// there is none.
const struct registry_version *registry_book_find(const struct registry_book *book,
                                                  const char *subject, const char *canonical);

// One more than the highest id, and than the highest version of the subject, deleted ones included.
int32_t registry_book_next_id(const struct registry_book *book);
int32_t registry_book_next_version(const struct registry_book *book, const char *subject);
