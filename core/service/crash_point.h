// Named places where a test may end the process, as if power for it were cut there, and numbers
// that a test may change. Builds for use have neither.
#pragma once

#include <stdint.h>

// Ends the process here, without any clean-up, when the environment asks for it:
// SOGLIA_CRASH_AT=<name>[:<nth passage>][:kill], several with commas between. "kill" sends SIGKILL
// to itself, else _exit(86). The first passage is 1 and the default. Does nothing in builds without
// crash points. Any thread.
void crash_point(const char *name);

// A bound of ours that a test makes smaller, to reach with little what needs much, or larger, to
// see what it is there for: SOGLIA_TEST_NUMBERS=<name>=<number>, several with commas between.
// `usual` without it, and always in builds without crash points. Any thread.
int64_t crash_point_number(const char *name, int64_t usual);
