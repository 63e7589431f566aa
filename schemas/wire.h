// Confluent's wire format: byte 0, the id of the writer's schema in 4 bytes (big-endian), Avro
// binary.
#pragma once
#include "schemas/record_type.h"

enum { WIRE_HEAD_BYTES = 5 };

// Adds the record as a message. On failure `out` is as it was. Fails as the record's encode. Any
// thread.
SG_RESULT wire_encode(int32_t id, const struct record_type *type, const void *record,
                      struct buffer *out);

// Splits a message into schema id and Avro binary, which borrows from it. Fails: SG_DROP, telling
// what it looks like instead, when it is no such message. Any thread.
SG_RESULT wire_split(struct bytes message, int32_t *ret_id, struct bytes *ret_avro);
