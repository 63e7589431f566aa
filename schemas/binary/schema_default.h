// Default values of a schema in Avro binary.
#pragma once
#include "core/buffer.h"
#include "core/result.h"
#include "schemas/binary/schema_tree.h"

// Adds the value that the JSON stands for (a union's is of its first branch, bytes are code points
// up to 255). Fails: SG_DROP when it is not of the type, or nested deeper than SCHEMA_DEPTH_MAX.
// Any thread.
SG_RESULT schema_default_write(const struct schema_node *node, struct json_t *value,
                               struct buffer *out);
