// All source connectors, in the order of `soglia fetch`.
#pragma once
#include "connectors/source.h"

extern const struct source *const connector_table[];
extern const size_t connector_table_count;

// The source of this name, NULL if there is none. Any thread.
const struct source *connector_find(const char *name);
