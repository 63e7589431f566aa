// What a life left behind, as one text that two worlds can be compared by: committed outputs, final
// state, positions to read on from.
#pragma once
#include "core/buffer.h"

// Committed records of a topic, each partition in order (`sorted`: as a set).
void world_picture_topic(struct buffer *out, const char *topic, bool sorted);

// The newest value of each key of a changelog, in the order of keys.
void world_picture_changelog(struct buffer *out, const char *topic);

// The processor's state on the disk: every record of every store, the index and the place but the
// numbers that may differ (offsets of changelogs). Opens the files: no life may be running.
void world_picture_state(struct buffer *out, const char *processor, const char *folder,
                         int32_t partitions);

// The group's committed offsets, without metadata.
void world_picture_positions(struct buffer *out, const char *processor, int32_t partitions);
