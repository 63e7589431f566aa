// The shape of a field as the generated code sees it, and which shapes it can have.
#pragma once
#include "core/result.h"
#include "schemas/binary/schema_tree.h"

struct shape {
    const struct schema_field *field;
    bool is_optional;
    const struct schema_node *value;           // Without the null of an optional field.
    const struct schema_node *item;            // Of an array or a map, else NULL.
    const struct schema_node *const *branches; // Of a union of records, else NULL.
    size_t branch_count;
};

// The shape of a field. Fails: SG_DROP when the generated code cannot hold it.
SG_RESULT shape_of(const struct schema_field *field, struct shape *ret_shape);

// Fails with SG_DROP when the generated code cannot hold the type, with the field's name.
SG_RESULT shape_check(const struct schema_node *node);
