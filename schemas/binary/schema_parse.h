// From the JSON of a schema to its nodes. For schema_tree.c alone.
#pragma once
#include "core/arena.h"
#include "schemas/binary/schema_tree.h"

enum { SCHEMA_PARSE_BYTES_MAX = 8 << 20 }; // Of all nodes of a schema.

// Makes the nodes in the arena; texts and default values borrow from the JSON. Fails: SG_DROP with
// the reason when it is no valid schema or larger than the limits. Any thread.
SG_RESULT schema_parse(struct json_t *json, struct arena *arena,
                       const struct schema_node **ret_root);
