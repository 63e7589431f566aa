// What a sender saw, for processors with side effects: an input that has no topic.
#pragma once
#include "core/arena.h"
#include "streams/processor.h"

// Stands for outcomes where an input's topic is named; in files it is "outcomes".
extern const enum topic replay_outcome_topic;

// The name of a topic or of outcomes.
const char *replay_outcome_name(enum topic topic);

// Reads {"id","outcome","attempt","code","reply","at"}; texts are in the arena. Fails: SG_FATAL.
SG_RESULT replay_outcome_read(struct bytes json, struct arena *arena,
                              struct effect_outcome *ret_outcome);
