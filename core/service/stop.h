// The wish to stop: set by SIGTERM and SIGINT or by a thread that failed, seen by every loop.
#pragma once
#include <stdbool.h>
#include <stdint.h>

// Blocks SIGTERM, SIGINT, SIGPIPE and SIGHUP in this thread and its children, and prepares their
// delivery. Called once, before any thread is started.
void stop_prepare(void);

// Waits until a signal or stop_request() asks to stop, or `timeout_ms` have passed (-1: no limit).
// Main thread. True when asked.
bool stop_wait(int64_t timeout_ms);

// Asks every loop to stop. Any thread.
void stop_request(void);

// True when a stop was asked for. Any thread.
bool stop_requested(void);
