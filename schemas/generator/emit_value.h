// The statements that measure, write and read one value in the generated code.
#pragma once
#include "schemas/generator/shape.h"

#include <stdio.h>

enum action { ACTION_MEASURE, ACTION_WRITE, ACTION_READ };

// One value: where it is in C, what it is called in a reason, and how far its statements are
// indented.
struct place {
    const char *expression; // "record->value"
    const char *name;
    const char *indent;
};

// The most bytes that a value of the type needs, 0 if that depends on the value.
size_t emit_value_bytes(const struct schema_node *node);

// Writes the statement for a value that is no list.
void emit_value(FILE *out, enum action action, const struct schema_node *node,
                const struct place *place);

// Writes the functions for a list of a record: measure_x(), write_x() and read_x().
void emit_list(FILE *out, const char *record, const struct shape *shape);

// The same for a union of records.
void emit_union(FILE *out, const char *record, const struct shape *shape);
