// One thread takes the signals, since a handler may do next to nothing; an eventfd wakes who waits.
#include "core/service/stop.h"

#include "core/service/clock.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EXIT_BY_SIGINT = 128 + SIGINT };

static atomic_bool is_requested;
static int wake_fd = -1;

static void block_signals(sigset_t *ret_stopping)
{
    sigemptyset(ret_stopping);
    sigaddset(ret_stopping, SIGTERM);
    sigaddset(ret_stopping, SIGINT);
    sigaddset(ret_stopping, SIGHUP);
    sigset_t blocked = *ret_stopping;
    sigaddset(&blocked, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &blocked, NULL);
}

static void *take_signals(void *stopping)
{
    for (int interrupts = 0;;) {
        int number = 0;
        if (sigwait(stopping, &number) != 0) {
            continue;
        }
        interrupts += number == SIGINT;
        if (interrupts > 1) {
            _exit(EXIT_BY_SIGINT);
        }
        stop_request();
    }
    return NULL;
}

void stop_prepare(void)
{
    static sigset_t stopping;
    block_signals(&stopping);
    wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_t thread;
    if (wake_fd < 0 || pthread_create(&thread, NULL, take_signals, &stopping) != 0) {
        perror("soglia: signals cannot be taken");
        _exit(EXIT_FAILURE);
    }
    pthread_detach(thread);
}

bool stop_wait(int64_t timeout_ms)
{
    int64_t end_us = clock_monotonic_us() + timeout_ms * 1000;
    while (!stop_requested()) {
        int64_t left_ms = timeout_ms < 0 ? -1 : (end_us - clock_monotonic_us() + 999) / 1000;
        if (timeout_ms >= 0 && left_ms <= 0) {
            return false;
        }
        struct pollfd wake = {.fd = wake_fd, .events = POLLIN};
        poll(&wake, 1, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);
    }
    return true;
}

void stop_request(void)
{
    atomic_store(&is_requested, true);
    // Never read: once written, the descriptor stays readable and wakes every waiter.
    uint64_t one = 1;
    if (wake_fd >= 0 && write(wake_fd, &one, sizeof one) < 0) {
        // The counter is full, so it is readable already.
        return;
    }
}

bool stop_requested(void)
{
    return atomic_load(&is_requested);
}
