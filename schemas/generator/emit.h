// The files of one type.
#pragma once
#include "core/result.h"
#include "schemas/binary/schema_tree.h"

#include <stdio.h>

// Writes the header of a record or an enum.
void emit_header(FILE *out, const struct schema_node *node);

// Writes the source of an enum.
void emit_enum(FILE *out, const struct schema_node *node);

// Writes the encoder and decoder of a record.
void emit_coder(FILE *out, const struct schema_node *node);

// Writes the descriptor and the defaults of a record; `schema` is its compact text.
void emit_descriptor(FILE *out, const struct schema_node *node, const char *schema);

// Writes the text as C string literals, one a line.
void emit_text(FILE *out, const char *text);
