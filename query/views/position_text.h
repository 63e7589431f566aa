// Positions of the views as compact text, "quotes:0=12,1=40": the offsets to be read next, so that
// a record at offset o is in the views once its partition's number is above o. Topics are separated
// by semicolons.
#pragma once
#include "query/views/view_store.h"

enum { POSITION_TEXT_MAX = 4096 };

// Some of the topics that views are made of.
struct position_topics {
    const enum topic *topics;
    size_t count;
};

// Adds the positions of a snapshot in these topics to `out`. Fails: SG_FATAL, SG_DROP when they do
// not fit in it.
SG_RESULT position_text_print(const struct view_snapshot *snapshot,
                              const struct position_topics *topics, struct buffer *out);

// Whether the snapshot has reached what the text asks for. Fails: SG_DROP for a text that is broken
// or names what the views do not follow; SG_FATAL.
SG_RESULT position_text_reached(const struct view_snapshot *snapshot, struct bytes text,
                                bool *ret_reached);
