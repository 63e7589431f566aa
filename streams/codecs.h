// The codecs of a worker or a task: one a topic, with the schema id that the registry gave its
// record. One thread.
#pragma once
#include "schemas/codec.h"
#include "schemas/registry.h"
#include "schemas/topic_table.h"

struct codecs {
    struct codec *by_topic[TOPIC_COUNT]; // NULL for topics that are not used or hold raw bytes.
};

// Adds the codec of a topic if it holds records. Fails: SG_FATAL when its schema is not registered,
// SG_RETRY.
SG_RESULT codecs_add(struct codecs *codecs, struct registry *registry, enum topic topic);

// Frees all.
void codecs_done(struct codecs *codecs);
