// The thread asks, keeps what it found, and waits.
#include "core/kafka/partition_watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    EVERY_S = 10,
    // Nothing else is asked before Kafka has answered this short call: a stop has to wait for the
    // call that runs.
    PROBE_MS = 1000,
};

struct watched {
    char topic[KAFKA_TOPIC_MAX + 1];
    int32_t partitions;
};

struct partition_watch {
    struct kafka_admin *admin;
    pthread_t thread;
    size_t count;
    struct watched *watched;

    pthread_mutex_t lock; // Guards what follows.
    pthread_cond_t end;
    bool closing;
    bool changed;
    sg_result found;
    char reason[SG_REASON_MAX];
};

static sg_result ask(struct partition_watch *watch, bool *ret_changed)
{
    SG_TRY(kafka_admin_wait(watch->admin, PROBE_MS));
    for (size_t i = 0; i < watch->count; i++) {
        const struct watched *watched = &watch->watched[i];
        struct kafka_topic_facts facts;
        SG_TRY(kafka_admin_describe(watch->admin, watched->topic, &facts));
        if (!facts.exists) {
            return sg_fail(SG_FATAL, 0, "topic %s is not there: run `soglia topics apply`",
                           watched->topic);
        }
        *ret_changed = *ret_changed || facts.partitions != watched->partitions;
    }
    return sg_ok();
}

static void keep(struct partition_watch *watch, sg_result found, bool changed)
{
    pthread_mutex_lock(&watch->lock);
    watch->found = found;
    watch->changed = watch->changed || changed;
    if (!sg_is_ok(found)) {
        snprintf(watch->reason, sizeof watch->reason, "%s", sg_reason());
    }
    pthread_mutex_unlock(&watch->lock);
}

// False when the end is asked for.
static bool wait(struct partition_watch *watch)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += EVERY_S;
    pthread_mutex_lock(&watch->lock);
    int waited = 0;
    while (!watch->closing && waited != ETIMEDOUT) {
        waited = pthread_cond_timedwait(&watch->end, &watch->lock, &until);
    }
    bool goes_on = !watch->closing;
    pthread_mutex_unlock(&watch->lock);
    return goes_on;
}

static void *run(void *context)
{
    struct partition_watch *watch = context;
    while (wait(watch)) {
        bool changed = false;
        sg_result found = ask(watch, &changed);
        keep(watch, found, changed);
    }
    return NULL;
}

static void free_watch(struct partition_watch *watch)
{
    pthread_cond_destroy(&watch->end);
    pthread_mutex_destroy(&watch->lock);
    free(watch->watched);
    free(watch);
}

static void init_end(pthread_cond_t *end)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(end, &attributes);
    pthread_condattr_destroy(&attributes);
}

sg_result partition_watch_open(const struct partition_watch_config *config,
                               struct partition_watch **ret_watch)
{
    struct partition_watch *watch = calloc(1, sizeof *watch);
    struct watched *watched = calloc(config->count, sizeof *watched);
    if (watch == NULL || watched == NULL) {
        free(watch);
        free(watched);
        return sg_fail(SG_FATAL, 0, "out of memory to watch partitions");
    }
    for (size_t i = 0; i < config->count; i++) {
        snprintf(watched[i].topic, sizeof watched[i].topic, "%s", config->topics[i]);
        watched[i].partitions = config->counts[i];
    }
    watch->admin = config->admin;
    watch->count = config->count;
    watch->watched = watched;
    watch->found = sg_ok();
    pthread_mutex_init(&watch->lock, NULL);
    init_end(&watch->end);
    if (pthread_create(&watch->thread, NULL, run, watch) != 0) {
        free_watch(watch);
        return sg_fail(SG_FATAL, 0, "the system gives no more threads");
    }
    *ret_watch = watch;
    return sg_ok();
}

void partition_watch_close(struct partition_watch **watch)
{
    struct partition_watch *closing = SG_MOVE(*watch);
    if (closing == NULL) {
        return;
    }
    pthread_mutex_lock(&closing->lock);
    closing->closing = true;
    pthread_cond_signal(&closing->end);
    pthread_mutex_unlock(&closing->lock);
    pthread_join(closing->thread, NULL);
    free_watch(closing);
}

sg_result partition_watch_look(struct partition_watch *watch, bool *ret_changed)
{
    pthread_mutex_lock(&watch->lock);
    *ret_changed = watch->changed;
    sg_result found = watch->found;
    if (!sg_is_ok(found)) {
        found = sg_fail(found.class, found.code, "%s", watch->reason);
    }
    pthread_mutex_unlock(&watch->lock);
    return found;
}
