// The watcher's thread. One lock guards everything; it is never held while a handler runs.
#include "query/http/http_watch.h"

#include "core/service/clock.h"
#include "core/service/log.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { TICK_MS = 250, US_PER_MS = 1000, US_PER_S = 1000000, NS_PER_US = 1000 };

struct http_watched {
    struct http_loop *loop;
    struct MHD_Connection *connection;
    int socket;
    int64_t deadline_us; // When the client is cut; 0: it is not its turn.
    bool suspended;
    bool gone;                          // The client hung up meanwhile.
    const struct http_request *request; // Waits for news; NULL: waits for the work alone.
    struct http_work *work;
    int64_t late_us; // When its wait is over; 0: it has not waited.
    struct http_watched *previous;
    struct http_watched *next;
};

struct http_watch {
    const struct http_application *application;
    int64_t timeout_us;
    int64_t wait_us;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    bool started;
    bool quit;    // Nobody may wait any more.
    bool closing; // The thread is to end.
    size_t waiting;
    bool news; // Since the thread last looked.
    struct http_watched *first;
    int64_t asked_us; // When the sockets of streams were last asked.
    struct pollfd *asked;
    struct http_watched **asked_of;
    size_t asked_room;
};

// Lets a suspended connection go on. The lock is held.
static void wake(struct http_watch *watch, struct http_watched *watched)
{
    watched->suspended = false;
    watch->waiting--;
    MHD_resume_connection(watched->connection);
    http_loop_wake(watched->loop);
}

static bool may_go_on(const struct http_watch *watch, const struct http_watched *watched,
                      int64_t now_us)
{
    if (watch->quit || (watched->late_us > 0 && now_us >= watched->late_us)) {
        return true;
    }
    if (watched->work != NULL) {
        return watched->work->done(watched->work);
    }
    bool ready = false;
    sg_result result =
        watch->application->ready(watch->application->context, watched->request, &ready);
    // A failure is an answer too: the handler meets it again and sends it.
    return ready || !sg_is_ok(result);
}

// Looks at every connection. The lock is held.
static void look(struct http_watch *watch)
{
    int64_t now_us = clock_monotonic_us();
    for (struct http_watched *each = watch->first; each != NULL; each = each->next) {
        if (each->suspended && may_go_on(watch, each, now_us)) {
            wake(watch, each);
        }
        if (each->deadline_us > 0 && now_us >= each->deadline_us) {
            // The server sees the end of the connection and removes it.
            shutdown(each->socket, SHUT_RDWR);
            each->deadline_us = 0;
        }
    }
    watch->news = false;
}

static bool make_room(struct http_watch *watch)
{
    if (watch->waiting <= watch->asked_room) {
        return true;
    }
    size_t room = 2 * watch->waiting;
    struct pollfd *asked = realloc(watch->asked, room * sizeof *asked);
    watch->asked = asked == NULL ? watch->asked : asked;
    struct http_watched **asked_of = realloc(watch->asked_of, room * sizeof *asked_of);
    watch->asked_of = asked_of == NULL ? watch->asked_of : asked_of;
    if (asked == NULL || asked_of == NULL) {
        return false;
    }
    watch->asked_room = room;
    return true;
}

// Nobody reads from the sockets of waiting streams, so nobody else sees who hung up. The lock is
// held.
static void look_for_gone(struct http_watch *watch)
{
    watch->asked_us = clock_monotonic_us();
    if (!make_room(watch)) {
        return;
    }
    nfds_t count = 0;
    for (struct http_watched *each = watch->first; each != NULL; each = each->next) {
        if (each->suspended && each->request == NULL) {
            watch->asked[count] = (struct pollfd){.fd = each->socket, .events = POLLRDHUP};
            watch->asked_of[count++] = each;
        }
    }
    int found = count == 0 ? 0 : poll(watch->asked, count, 0);
    for (nfds_t i = 0; i < count && found > 0; i++) {
        if (watch->asked[i].revents != 0) {
            watch->asked_of[i]->gone = true;
            wake(watch, watch->asked_of[i]);
        }
    }
}

static struct timespec tick_end(void)
{
    int64_t end_us = clock_monotonic_us() + TICK_MS * US_PER_MS;
    return (struct timespec){.tv_sec = end_us / US_PER_S, .tv_nsec = end_us % US_PER_S * NS_PER_US};
}

static void *run(void *context)
{
    struct http_watch *watch = context;
    log_thread_name("http-watch");
    pthread_mutex_lock(&watch->lock);
    while (!watch->closing) {
        look(watch);
        if (clock_monotonic_us() - watch->asked_us > TICK_MS * US_PER_MS) {
            look_for_gone(watch);
        }
        struct timespec end = tick_end();
        int status = 0;
        while (!watch->closing && !watch->news && status == 0) {
            status = pthread_cond_timedwait(&watch->changed, &watch->lock, &end);
        }
    }
    pthread_mutex_unlock(&watch->lock);
    return NULL;
}

sg_result http_watch_open(const struct http_application *application, int64_t timeout_ms,
                          int64_t wait_ms, struct http_watch **ret_watch)
{
    struct http_watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL) {
        return sg_fail(SG_FATAL, 0, "http: out of memory");
    }
    watch->application = application;
    watch->timeout_us = timeout_ms * US_PER_MS;
    watch->wait_us = wait_ms * US_PER_MS;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&watch->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&watch->lock, NULL);
    if (pthread_create(&watch->thread, NULL, run, watch) != 0) {
        http_watch_close(&watch);
        return sg_fail(SG_FATAL, 0, "http: the system gives no more threads");
    }
    watch->started = true;
    *ret_watch = watch;
    return sg_ok();
}

void http_watch_quit(struct http_watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    watch->quit = true;
    look(watch);
    pthread_mutex_unlock(&watch->lock);
}

void http_watch_close(struct http_watch **watch)
{
    struct http_watch *closing = *watch;
    if (closing == NULL) {
        return;
    }
    if (closing->started) {
        pthread_mutex_lock(&closing->lock);
        closing->closing = true;
        pthread_cond_signal(&closing->changed);
        pthread_mutex_unlock(&closing->lock);
        pthread_join(closing->thread, NULL);
    }
    pthread_cond_destroy(&closing->changed);
    pthread_mutex_destroy(&closing->lock);
    free(closing->asked);
    free(closing->asked_of);
    free(closing);
    *watch = NULL;
}

struct http_watched *http_watch_add(struct http_watch *watch, struct http_loop *loop,
                                    struct MHD_Connection *connection, int socket)
{
    struct http_watched *watched = calloc(1, sizeof *watched);
    if (watched == NULL) {
        return NULL;
    }
    watched->loop = loop;
    watched->connection = connection;
    watched->socket = socket;
    watched->deadline_us = clock_monotonic_us() + watch->timeout_us;
    pthread_mutex_lock(&watch->lock);
    watched->next = watch->first;
    if (watch->first != NULL) {
        watch->first->previous = watched;
    }
    watch->first = watched;
    pthread_mutex_unlock(&watch->lock);
    return watched;
}

void http_watch_remove(struct http_watch *watch, struct http_watched *watched)
{
    if (watched == NULL) {
        return;
    }
    pthread_mutex_lock(&watch->lock);
    if (watched->previous != NULL) {
        watched->previous->next = watched->next;
    } else {
        watch->first = watched->next;
    }
    if (watched->next != NULL) {
        watched->next->previous = watched->previous;
    }
    if (watched->suspended) {
        watch->waiting--;
    }
    pthread_mutex_unlock(&watch->lock);
    free(watched);
}

void http_watch_turn(struct http_watch *watch, struct http_watched *watched, bool client)
{
    if (watched == NULL) {
        return;
    }
    pthread_mutex_lock(&watch->lock);
    watched->deadline_us = client ? clock_monotonic_us() + watch->timeout_us : 0;
    watched->late_us = client ? 0 : watched->late_us;
    pthread_mutex_unlock(&watch->lock);
}

// The lock is held.
static void suspend(struct http_watch *watch, struct http_watched *watched,
                    const struct http_request *request, struct http_work *work)
{
    MHD_suspend_connection(watched->connection);
    watched->suspended = true;
    watched->request = request;
    watched->work = work;
    watch->waiting++;
    // What it waits for may have come since the one who waits looked. Only this one is looked at:
    // with many streams somebody begins to wait all the time.
    if (may_go_on(watch, watched, clock_monotonic_us())) {
        wake(watch, watched);
    }
}

bool http_watch_wait(struct http_watch *watch, struct http_watched *watched,
                     const struct http_request *request)
{
    if (watched == NULL) {
        return false;
    }
    pthread_mutex_lock(&watch->lock);
    bool wait = !watch->quit;
    if (wait) {
        if (watched->late_us == 0) {
            watched->late_us = clock_monotonic_us() + watch->wait_us;
        }
        suspend(watch, watched, request, request->work);
    }
    pthread_mutex_unlock(&watch->lock);
    return wait;
}

bool http_watch_wait_more(struct http_watch *watch, struct http_watched *watched,
                          struct http_work *work)
{
    if (watched == NULL) {
        return false;
    }
    pthread_mutex_lock(&watch->lock);
    bool wait = !watch->quit;
    if (wait) {
        watched->deadline_us = 0;
        watched->late_us = 0;
        suspend(watch, watched, NULL, work);
    }
    pthread_mutex_unlock(&watch->lock);
    return wait;
}

bool http_watch_ends(struct http_watch *watch, const struct http_watched *watched)
{
    pthread_mutex_lock(&watch->lock);
    bool ends = watch->quit || (watched != NULL && watched->gone);
    pthread_mutex_unlock(&watch->lock);
    return ends;
}

bool http_watch_late(struct http_watch *watch, const struct http_watched *watched)
{
    if (watched == NULL) {
        return true;
    }
    pthread_mutex_lock(&watch->lock);
    bool late = watch->quit || (watched->late_us > 0 && clock_monotonic_us() >= watched->late_us);
    pthread_mutex_unlock(&watch->lock);
    return late;
}

void http_watch_notify(struct http_watch *watch)
{
    pthread_mutex_lock(&watch->lock);
    if (watch->waiting > 0) {
        watch->news = true;
        pthread_cond_signal(&watch->changed);
    }
    pthread_mutex_unlock(&watch->lock);
}
