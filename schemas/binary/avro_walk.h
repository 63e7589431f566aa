// Walks bytes that nobody has checked by the schema they claim to be written with, and finds
// whatever is wrong with them. What it accepts, any Avro library may read.
#pragma once
#include "core/arena.h"
#include "schemas/binary/binary_reader.h"
#include "schemas/binary/schema_tree.h"

// Most values of one message, so that values without bytes (null) cannot take for ever. Comparing
// the keys of a map counts as well.
enum { AVRO_WALK_VALUES_MAX = 1 << 22 };

// A walk through one message.
struct avro_walk {
    struct binary_reader reader;
    struct arena *arena; // For the keys of maps.
    unsigned depth;
    size_t values;
};

// Starts at the first byte.
void avro_walk_start(struct avro_walk *walk, struct bytes avro, struct arena *arena);

// Steps into a value and out of it. Fails: SG_DROP past SCHEMA_DEPTH_MAX or AVRO_WALK_VALUES_MAX.
SG_RESULT avro_walk_enter(struct avro_walk *walk, const char *field);
void avro_walk_leave(struct avro_walk *walk);

// Goes over one value; `field` names it in the reason. Fails: SG_DROP for anything that is not a
// value of the type.
SG_RESULT avro_walk_value(struct avro_walk *walk, const struct schema_node *node,
                          const char *field);

// Fails with SG_DROP when two keys of a map are the same, or there are too many to compare.
SG_RESULT avro_walk_keys(struct avro_walk *walk, const struct binary_list *keys);

// Goes over a whole message. Fails: SG_DROP unless the bytes are exactly one value of the type.
SG_RESULT avro_walk_message(const struct schema_node *node, struct bytes avro, struct arena *arena);
