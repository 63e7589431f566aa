// The map of all processors.
#pragma once
#include "streams/processor.h"

// The processors in the order in which an event meets them. Any thread.
extern const struct processor *const topology[PROCESSOR_COUNT];

// The processor of this name, NULL if there is none. Any thread.
const struct processor *topology_find(const char *name);

// The names by number, for metric_name_values().
const char *const *topology_names(void);
