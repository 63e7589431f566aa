// Each thread takes the next task of the list.
#include "streams/opening.h"

#include "core/service/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { THREADS_MAX = 64 };

struct failure {
    size_t at; // In the list.
    sg_result result;
    char reason[SG_REASON_MAX];
};

// One of the threads.
struct opener {
    struct crew *crew;
    pthread_t thread;
    struct failure failure;
};

struct crew {
    const struct task_config *config;
    const char *name;
    struct opening *openings;
    size_t count;
    atomic_size_t next;
    atomic_bool has_failed;
    struct opener openers[THREADS_MAX];
};

static void open_some(struct opener *opener)
{
    struct crew *crew = opener->crew;
    while (!atomic_load(&crew->has_failed)) {
        size_t at = atomic_fetch_add(&crew->next, 1);
        if (at >= crew->count) {
            return;
        }
        struct opening *opening = &crew->openings[at];
        sg_result opened =
            task_open(crew->config, opening->committed, opening->count, &opening->task);
        if (!sg_is_ok(opened)) {
            opener->failure = (struct failure){.at = at, .result = opened};
            snprintf(opener->failure.reason, sizeof opener->failure.reason, "%s", sg_reason());
            atomic_store(&crew->has_failed, true);
        }
    }
}

static void *run_opener(void *context)
{
    struct opener *opener = context;
    log_thread_name(opener->crew->name);
    open_some(opener);
    return NULL;
}

static sg_result first_failure(const struct crew *crew, size_t openers)
{
    const struct failure *first = NULL;
    for (size_t i = 0; i < openers; i++) {
        const struct failure *failure = &crew->openers[i].failure;
        if (!sg_is_ok(failure->result) && (first == NULL || failure->at < first->at)) {
            first = failure;
        }
    }
    return first == NULL ? sg_ok()
                         : sg_fail(first->result.class, first->result.code, "%s", first->reason);
}

sg_result opening_run(const struct task_config *config, const char *name, int64_t threads,
                      struct opening *openings, size_t count)
{
    struct crew crew = {.config = config, .name = name, .openings = openings, .count = count};
    size_t wanted = (size_t)threads < count ? (size_t)threads : count;
    wanted = wanted < THREADS_MAX ? wanted : THREADS_MAX;
    // The first opener is this thread. Without more threads it opens them all.
    size_t openers = 1;
    for (; openers < wanted; openers++) {
        struct opener *opener = &crew.openers[openers];
        opener->crew = &crew;
        if (pthread_create(&opener->thread, NULL, run_opener, opener) != 0) {
            break;
        }
    }
    crew.openers[0].crew = &crew;
    open_some(&crew.openers[0]);
    for (size_t i = 1; i < openers; i++) {
        pthread_join(crew.openers[i].thread, NULL);
    }
    return first_failure(&crew, openers);
}
