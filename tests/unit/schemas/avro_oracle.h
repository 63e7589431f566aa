// avro-c, the independent implementation that the generated code is compared with.
#pragma once
#include "schemas/record_type.h"

struct avro_oracle;

// An oracle for records of the type, NULL when avro-c refuses its schema. Freed by the caller.
struct avro_oracle *avro_oracle_new(const struct record_type *type);
void avro_oracle_free(struct avro_oracle **oracle);

// Writes the record by avro-c. False when avro-c fails.
bool avro_oracle_encode(struct avro_oracle *oracle, const void *record, struct buffer *out);

// Reads checked bytes by avro-c and writes what it has read. False when avro-c fails.
bool avro_oracle_rewrite(struct avro_oracle *oracle, struct bytes avro, struct buffer *out);
