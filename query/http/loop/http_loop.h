// A thread that runs one libmicrohttpd daemon. The library's own threads will not do: one that
// meets just as many ready connections as it takes events at a time (128) waits for more before it
// answers any (0.9.75, MHD_epoll()), which keeps all of them waiting; here it never waits inside.
#pragma once
#include "core/result.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct http_loop {
    struct MHD_Daemon *daemon;
    int events;        // The daemon's epoll descriptor.
    int wake_fd;       // Readable when the daemon is to be run whatever its connections do.
    atomic_bool woken; // Since the daemon was run.
    atomic_bool ends;
    pthread_t thread;
};

// Starts the thread for a daemon without threads of its own, which it owns from now on. On failure
// the daemon is stopped. Fails: SG_FATAL.
SG_RESULT http_loop_open(struct http_loop *loop, struct MHD_Daemon *daemon);

// Runs the daemon at once: behind MHD_resume_connection(), whose own signal may be lost between two
// runs. Any thread.
void http_loop_wake(struct http_loop *loop);

// Runs the daemon once more, ends the thread and the daemon. Accepts one that was never opened, all
// zero.
void http_loop_close(struct http_loop *loop);
