// What a process has around it, in the hands of a test: clocks that move only when somebody waits,
// the wish to stop, crash points, a registry that knows every topic. Links in place of the real
// ones.
#pragma once
#include "schemas/codec.h"
#include "schemas/topic_table.h"

enum { FAKE_CRASH_STATUS = 86 };

// The process ends at the `nth` passage of this crash point; NULL: at none.
void fake_process_crash_at(const char *point, int nth);

// Moves both clocks.
void fake_clock_advance(int64_t ms);

// Takes the wish to stop back.
void fake_process_unstop(void);

// A codec as the runtime has it for this topic. The caller frees it. NULL without memory.
struct codec *fake_process_codec(enum topic topic);
