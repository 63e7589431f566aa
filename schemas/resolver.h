// Reads records whose writer used another schema than the compiled one: an older or a newer
// soglia's, or somebody's own.
#pragma once
#include "schemas/record_type.h"

struct resolver;

// A resolver from the schema of a writer to a compiled record. The caller frees it. Fails: SG_DROP
// when the text is no schema. Not for several threads at once.
SG_RESULT resolver_new(struct bytes writer_schema, const struct record_type *reader,
                       struct resolver **ret_resolver);

// Frees it and sets `*resolver` to NULL. Accepts NULL.
void resolver_free(struct resolver **resolver);

// Reads a record that fills all of `avro`. Texts and lists are in the arena. Fails: SG_DROP with
// the field's name when the bytes are not of the writer's schema, or have no place in the record.
SG_RESULT resolver_decode(struct resolver *resolver, struct bytes avro, struct arena *arena,
                          void *ret_record);
