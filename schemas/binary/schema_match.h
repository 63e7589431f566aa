// Which parts of two schemas belong together, and whether a reader can read everything that a
// writer may have written (Avro 1.11, "Schema Resolution").
#pragma once
#include "core/result.h"
#include "schemas/binary/schema_tree.h"

// True when values of the two types may belong together as far as the types themselves tell: the
// same kind, and the same name or an alias of it where there is one, or a kind that is promoted
// (int to long, float, double; long to float, double; float to double; string and bytes to each
// other). Members are not compared. Any thread.
bool schema_match_types(const struct schema_node *reader, const struct schema_node *writer);

// The branch of the reader's union for a value of the writer's type: one of the same kind before
// one it is promoted to; -1 without any. Any thread.
int schema_match_branch(const struct schema_node *reader_union, const struct schema_node *writer);

// The index of the writer's field that a reader's field takes its value from, by name or else by
// alias; -1 when the writer has none. Any thread.
int schema_match_field(const struct schema_field *reader, const struct schema_node *writer_record);

// The reader's symbol for a writer's one: the same, or the default; -1 without either. Any thread.
int schema_match_symbol(const struct schema_node *reader_enum, const char *symbol);

// Fails with SG_DROP, naming the field, when something the writer may write cannot be read. Any
// thread.
SG_RESULT schema_match_check(const struct schema_node *reader, const struct schema_node *writer);
