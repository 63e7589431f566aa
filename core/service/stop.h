// The wish to stop: set by SIGTERM, SIGINT and SIGHUP or by a thread that failed, seen by every
// loop. A second SIGINT, from somebody who does not want to wait, ends the process at once.
#pragma once
#include <stdbool.h>
#include <stdint.h>

// Blocks SIGTERM, SIGINT, SIGHUP and SIGPIPE in this thread and those that it starts later, and
// starts the one thread that takes them. Called once, before any other thread is started. Ends the
// process when the system refuses.
void stop_prepare(void);

// Waits until a signal or stop_request() asks to stop, or `timeout_ms` have passed (-1: no limit).
// Any thread. True when asked.
bool stop_wait(int64_t timeout_ms);

// Asks every loop to stop. Any thread.
void stop_request(void);

// True when a stop was asked for. Any thread.
bool stop_requested(void);
