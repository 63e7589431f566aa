// Named places where a test may end the process, as if power for it were cut there.
#pragma once

// Ends the process here, without any clean-up, when the environment asks for it:
// SOGLIA_CRASH_AT=<name>[:<nth passage>][:kill], several with commas between. "kill" sends SIGKILL
// to itself, else _exit(86). The first passage is 1 and the default. Does nothing in builds without
// crash points. Any thread.
void crash_point(const char *name);
