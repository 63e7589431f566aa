// One record of the _schemas topic: JSON keys and values in Confluent's format. Pure: no Kafka.
#pragma once
#include "core/buffer.h"

enum registry_record_kind {
    REGISTRY_RECORD_SCHEMA,         // A version of a subject, or with `tombstone` its end.
    REGISTRY_RECORD_DELETE_SUBJECT, // Every version of the subject up to `version` is deleted.
    REGISTRY_RECORD_OTHER,          // CONFIG, MODE, NOOP and what else does not concern us.
};

enum { REGISTRY_SUBJECT_MAX = 300 };

struct registry_record {
    enum registry_record_kind kind;
    char subject[REGISTRY_SUBJECT_MAX];
    int32_t version;
    int32_t id;
    bool deleted;   // A soft deletion: the id stays known.
    bool tombstone; // A hard one.
    char *schema;   // Owned: freed by registry_record_done(). NULL for what is not Avro.
};

// Reads a record. Fails: SG_DROP for what is no record of a registry. Any thread.
SG_RESULT registry_record_read(struct bytes key, struct bytes value, bool has_value,
                               struct registry_record *ret_record);

// Frees what the record owns. Accepts NULL.
void registry_record_done(struct registry_record *record);

// Write key and value of a SCHEMA record. Fail as buffer_append(). Any thread.
SG_RESULT registry_record_key(const struct registry_record *record, struct buffer *out);
SG_RESULT registry_record_value(const struct registry_record *record, struct buffer *out);

// The same text for schemas that differ only in spaces and in the order of their attributes. The
// caller frees it. Fails: SG_DROP for what is not JSON, SG_FATAL without memory. Any thread.
SG_RESULT registry_record_canonical(struct bytes schema, char **ret_text);
