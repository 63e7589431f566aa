// The settings that a processor runs with in a case.
#pragma once
#include "core/arena.h"
#include "streams/processor.h"

// Those of the JSON object, whose values are texts as on the command line, and the defaults of all
// others; data NULL: all are at their defaults. In the arena; NULL for a processor that has none.
// Fails: SG_DROP when the processor has no such setting or the value is wrong; SG_FATAL.
SG_RESULT replay_settings_read(const struct processor *processor, struct bytes json,
                               struct arena *arena, const void **ret_settings);
