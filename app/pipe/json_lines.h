// The loop of the commands that take JSON lines for a topic from standard input.
#pragma once
#include "app/command.h"
#include "app/pipe/transcoder.h"

// Takes one encoded line. Fails: SG_DROP refuses this line only.
typedef sg_result (*json_lines_fn)(void *context, struct bytes value, struct bytes key);

// Encodes every line and hands it on; empty lines are left out. A line that is refused is told on
// standard error with its number, and the others go on. `*ret_taken` counts those handed on. Fails:
// SG_FATAL at the end when lines were refused, or as soon as going on makes no sense.
SG_RESULT json_lines_run(struct transcoder *transcoder, enum topic topic, json_lines_fn take,
                         void *context, int64_t *ret_taken);
