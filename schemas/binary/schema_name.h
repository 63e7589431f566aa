// Names of Avro types (Avro 1.11, "Names").
#pragma once
#include "core/result.h"
#include "schemas/binary/schema_tree.h"

// Longest full name with its end, in bytes.
enum { SCHEMA_NAME_MAX = 256 };

// True for letters, digits and underscores that do not begin with a digit. Any thread.
bool schema_name_is_valid(const char *name);

// Joins a namespace ("" for none) and a name; a name with dots is full already. Fails: SG_DROP when
// it is not a valid name or too long. Any thread.
SG_RESULT schema_name_full(const char *namespace, const char *name,
                           char ret_full_name[static SCHEMA_NAME_MAX]);

// The part of a full name behind its last dot, borrowed from it. Any thread.
const char *schema_name_simple(const char *full_name);

// The part of a full name before its last dot, "" if there is none. Any thread.
void schema_name_space(const char *full_name, char ret_namespace[static SCHEMA_NAME_MAX]);

// True and the kind when the name is one of Avro's primitive types. Any thread.
bool schema_name_primitive(const char *name, enum schema_kind *ret_kind);
