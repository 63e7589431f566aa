// Bytes damaged in the ways that hostile or broken senders damage them.
#pragma once
#include "core/buffer.h"
#include "random_record.h"

// Changes the content of `bytes` at random: bits, bytes, numbers at the edges, cuts, repeats.
void mutation_apply(struct random_source *source, struct buffer *bytes);
