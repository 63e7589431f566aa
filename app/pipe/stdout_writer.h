// Standard output of the commands that stand in a pipe.
#pragma once
#include "core/bytes.h"
#include "core/result.h"

// Writes the bytes, buffered: stdin_reader flushes before it waits, main() at the end. Fails:
// SG_FATAL with the system's words.
SG_RESULT stdout_writer_put(struct bytes bytes);
