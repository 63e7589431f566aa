// Makes schema files self-contained: a name that another file defines is replaced by its
// definition, where it is first used.
#pragma once
#include "core/result.h"

#include <jansson.h>

// Definitions by full name, each self-contained.
struct embed {
    json_t *definitions;
};

// Adds the types of one file, which may use those of the files before. Fails: SG_DROP when a type
// is unknown or defined differently elsewhere.
SG_RESULT embed_file(struct embed *embed, const json_t *schema);

// The self-contained schema of a type; the caller owns it. Fails: SG_DROP when it is unknown.
SG_RESULT embed_schema(const struct embed *embed, const char *full_name, json_t **ret_schema);
