// Waits for the daemon's connections and for whoever resumes one.
#include "query/http/loop/http_loop.h"

#include "core/service/log.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

// In ms, -1 for no limit.
static int wait_of(struct MHD_Daemon *daemon)
{
    MHD_UNSIGNED_LONG_LONG wait_ms = 0;
    if (MHD_get_timeout(daemon, &wait_ms) != MHD_YES) {
        return -1;
    }
    return wait_ms > INT_MAX ? INT_MAX : (int)wait_ms;
}

// Before the daemon is run, so that a wish that comes meanwhile is seen by the next wait. One that
// comes before the flag is cleared, and writes nothing, is seen by the run.
static void take_wishes(struct http_loop *loop)
{
    uint64_t count = 0;
    ssize_t got = read(loop->wake_fd, &count, sizeof count);
    (void)got; // None is no failure.
    atomic_store(&loop->woken, false);
}

static void *run(void *context)
{
    struct http_loop *loop = context;
    log_thread_name("http");
    while (!atomic_load(&loop->ends)) {
        struct pollfd wanted[] = {{.fd = loop->events, .events = POLLIN},
                                  {.fd = loop->wake_fd, .events = POLLIN}};
        // A failure, as by a signal, is one more run.
        poll(wanted, 2, wait_of(loop->daemon));
        if (wanted[1].revents != 0) {
            take_wishes(loop);
        }
        MHD_run(loop->daemon);
    }
    return NULL;
}

sg_result http_loop_open(struct http_loop *loop, struct MHD_Daemon *daemon)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    loop->events = info == NULL ? -1 : info->epoll_fd;
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->daemon = daemon;
    atomic_init(&loop->woken, false);
    atomic_init(&loop->ends, false);
    int error = loop->events < 0 || loop->wake_fd < 0
                    ? EMFILE
                    : pthread_create(&loop->thread, NULL, run, loop);
    if (error == 0) {
        return sg_ok();
    }
    if (loop->wake_fd >= 0) {
        close(loop->wake_fd);
    }
    MHD_stop_daemon(daemon);
    loop->daemon = NULL;
    return sg_fail(SG_FATAL, error, "http: a thread cannot be started: %s", strerror(error));
}

void http_loop_wake(struct http_loop *loop)
{
    const uint64_t one = 1;
    if (atomic_exchange(&loop->woken, true)) {
        return; // Many are resumed at a time.
    }
    ssize_t written = write(loop->wake_fd, &one, sizeof one);
    (void)written; // A full counter is readable, too.
}

void http_loop_close(struct http_loop *loop)
{
    if (loop->daemon == NULL) {
        return;
    }
    atomic_store(&loop->ends, true);
    http_loop_wake(loop);
    pthread_join(loop->thread, NULL);
    // What was resumed at last is answered before everything is closed.
    MHD_run(loop->daemon);
    MHD_stop_daemon(loop->daemon);
    close(loop->wake_fd);
    loop->daemon = NULL;
}
