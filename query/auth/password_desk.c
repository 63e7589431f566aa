// A queue with two ends and a few threads. One lock guards it and the state of every job; a job
// belongs to its asker and, while it is hashed, to the thread too: who leaves last frees it.
#include "query/auth/password_desk.h"

#include "core/service/clock.h"
#include "core/service/log.h"
#include "core/service/metric.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS_MAX = 16, US_PER_S = 1000000, DUMMY_BYTES = 32 };

enum job_state { JOB_WAITING, JOB_RUNNING, JOB_DONE };

// In memory that is locked, guarded and wiped.
struct password_job {
    struct password_desk *desk;
    struct password_job *older; // In the queue.
    struct password_job *newer;
    enum job_state state;
    bool is_dropped;
    bool is_verification;
    bool is_possible; // False: whatever is verified, it does not match.
    bool has_failed;
    bool matches;
    bool needs_rehash;
    size_t password_size;
    size_t hash_size;
    char hash[PASSWORD_HASH_MAX]; // Of a verification the one that is tried.
    uint8_t password[PASSWORD_BYTES_MAX];
};

struct password_desk {
    struct password_cost cost;
    password_desk_wake_fn *wake;
    void *context;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct password_job *oldest;
    struct password_job *newest;
    size_t waiting;
    size_t waiting_max;
    size_t jobs; // Not freed.
    bool is_closing;
    int64_t job_us; // What a job took of late.
    size_t thread_count;
    pthread_t threads[THREADS_MAX];
    char dummy[PASSWORD_HASH_MAX];
};

static void unlink_job(struct password_desk *desk, struct password_job *job)
{
    *(job->older == NULL ? &desk->oldest : &job->older->newer) = job->newer;
    *(job->newer == NULL ? &desk->newest : &job->newer->older) = job->older;
    job->older = NULL;
    job->newer = NULL;
    desk->waiting--;
    metric_set(METRIC_PASSWORDS_WAITING, 0, 0, (int64_t)desk->waiting);
}

static void link_job(struct password_desk *desk, struct password_job *job)
{
    job->older = desk->newest;
    *(desk->newest == NULL ? &desk->oldest : &desk->newest->newer) = job;
    desk->newest = job;
    desk->waiting++;
    metric_set(METRIC_PASSWORDS_WAITING, 0, 0, (int64_t)desk->waiting);
}

static void free_job(struct password_job *job)
{
    job->desk->jobs--;
    sodium_free(job); // Wipes.
}

// The work, without the lock.
static void run_job(struct password_job *job)
{
    const struct password_cost *cost = &job->desk->cost;
    struct bytes password = bytes_of(job->password, job->password_size);
    if (job->is_verification) {
        struct bytes hash = bytes_of(job->hash, job->hash_size);
        job->matches = password_verify(password, hash) && job->is_possible;
        job->needs_rehash = job->matches && password_needs_rehash(hash, cost);
    } else {
        sg_result result = password_hash(password, cost, job->hash);
        job->has_failed = !sg_is_ok(result);
    }
    sodium_memzero(job->password, sizeof job->password);
}

// Takes the oldest job; NULL once the desk closes.
static struct password_job *take_job(struct password_desk *desk)
{
    pthread_mutex_lock(&desk->lock);
    while (desk->oldest == NULL && !desk->is_closing) {
        pthread_cond_wait(&desk->changed, &desk->lock);
    }
    struct password_job *job = desk->is_closing ? NULL : desk->oldest;
    if (job != NULL) {
        unlink_job(desk, job);
        job->state = JOB_RUNNING;
    }
    pthread_mutex_unlock(&desk->lock);
    return job;
}

static void end_job(struct password_desk *desk, struct password_job *job, int64_t took_us)
{
    metric_observe_us(METRIC_PASSWORD_SECONDS, 0, took_us);
    pthread_mutex_lock(&desk->lock);
    desk->job_us = (desk->job_us + took_us) / 2;
    job->state = JOB_DONE;
    bool is_dropped = job->is_dropped;
    if (is_dropped) {
        free_job(job);
    }
    pthread_mutex_unlock(&desk->lock);
    if (!is_dropped && desk->wake != NULL) {
        desk->wake(desk->context);
    }
}

static void *work(void *context)
{
    struct password_desk *desk = context;
    log_thread_name("password");
    struct password_job *job = NULL;
    while ((job = take_job(desk)) != NULL) {
        int64_t began_us = clock_monotonic_us();
        run_job(job);
        end_job(desk, job, clock_monotonic_us() - began_us);
    }
    return NULL;
}

static sg_result make_dummy(struct password_desk *desk)
{
    uint8_t nobody[DUMMY_BYTES];
    randombytes_buf(nobody, sizeof nobody);
    int64_t began_us = clock_monotonic_us();
    sg_result result = password_hash(bytes_of(nobody, sizeof nobody), &desk->cost, desk->dummy);
    desk->job_us = clock_monotonic_us() - began_us;
    sodium_memzero(nobody, sizeof nobody);
    if (!sg_is_ok(result)) {
        return sg_fail(SG_FATAL, 0, "auth.password_memory: a hash of %zu bytes finds no memory",
                       desk->cost.memory_bytes);
    }
    return sg_ok();
}

static sg_result start_threads(struct password_desk *desk, size_t count)
{
    assert(count > 0 && count <= THREADS_MAX);
    while (desk->thread_count < count) {
        int error = pthread_create(&desk->threads[desk->thread_count], NULL, work, desk);
        if (error != 0) {
            return sg_fail(SG_FATAL, error, "passwords: cannot start a thread: %s",
                           strerror(error));
        }
        desk->thread_count++;
    }
    return sg_ok();
}

sg_result password_desk_open(const struct auth_settings *settings, password_desk_wake_fn *wake,
                             void *context, struct password_desk **ret_desk)
{
    if (sodium_init() < 0) {
        return sg_fail(SG_FATAL, 0, "passwords: the system gives no random numbers");
    }
    SG_CLEANUP(password_desk_close) struct password_desk *desk = calloc(1, sizeof *desk);
    if (desk == NULL) {
        return sg_fail(SG_FATAL, 0, "passwords: out of memory");
    }
    desk->cost = (struct password_cost){(size_t)settings->password_memory,
                                        (unsigned long long)settings->password_passes};
    desk->wake = wake;
    desk->context = context;
    desk->waiting_max = (size_t)settings->password_waiting;
    pthread_mutex_init(&desk->lock, NULL);
    pthread_cond_init(&desk->changed, NULL);
    SG_TRY(make_dummy(desk));
    SG_TRY(start_threads(desk, (size_t)settings->password_threads));
    *ret_desk = SG_MOVE(desk);
    return sg_ok();
}

void password_desk_close(struct password_desk **desk)
{
    struct password_desk *closing = *desk;
    if (closing == NULL) {
        return;
    }
    pthread_mutex_lock(&closing->lock);
    closing->is_closing = true;
    pthread_cond_broadcast(&closing->changed);
    pthread_mutex_unlock(&closing->lock);
    for (size_t i = 0; i < closing->thread_count; i++) {
        pthread_join(closing->threads[i], NULL);
    }
    assert(closing->jobs == 0);
    pthread_cond_destroy(&closing->changed);
    pthread_mutex_destroy(&closing->lock);
    free(closing);
    *desk = NULL;
}

// A job that holds the password and nothing else yet.
static struct password_job *new_job(struct password_desk *desk, struct bytes password)
{
    struct password_job *job = sodium_malloc(sizeof *job);
    if (job == NULL) {
        return NULL;
    }
    memset(job, 0, sizeof *job);
    job->desk = desk;
    job->password_size = password.size;
    if (password.size > 0) {
        memcpy(job->password, password.data, password.size);
    }
    return job;
}

// Hands a job over. One that cannot wait is freed.
static sg_result offer(struct password_desk *desk, struct password_job *job,
                       struct password_job **ret_job)
{
    if (job == NULL) {
        return sg_fail(SG_RETRY, 0, "no memory to hash a password");
    }
    pthread_mutex_lock(&desk->lock);
    bool is_full = desk->waiting >= desk->waiting_max;
    if (!is_full) {
        desk->jobs++;
        link_job(desk, job);
        pthread_cond_signal(&desk->changed);
    }
    pthread_mutex_unlock(&desk->lock);
    if (is_full) {
        sodium_free(job);
        metric_add(METRIC_PASSWORDS_REFUSED, 0, 0, 1);
        return sg_fail(SG_RETRY, 0, "too many passwords wait to be checked");
    }
    *ret_job = job;
    return sg_ok();
}

sg_result password_desk_hash(struct password_desk *desk, struct bytes password,
                             struct password_job **ret_job)
{
    if (password.size > PASSWORD_BYTES_MAX) {
        return sg_fail(SG_DROP, 0, "a password has at most %d bytes", PASSWORD_BYTES_MAX);
    }
    return offer(desk, new_job(desk, password), ret_job);
}

sg_result password_desk_verify(struct password_desk *desk, struct bytes password, struct bytes hash,
                               struct password_job **ret_job)
{
    bool is_possible = password.size <= PASSWORD_BYTES_MAX && password_is_hash(hash);
    if (password.size > PASSWORD_BYTES_MAX) {
        password.size = PASSWORD_BYTES_MAX;
    }
    if (!is_possible) {
        hash = bytes_of_text(desk->dummy);
    }
    struct password_job *job = new_job(desk, password);
    if (job != NULL) {
        job->is_verification = true;
        job->is_possible = is_possible;
        memcpy(job->hash, hash.data, hash.size);
        job->hash_size = hash.size;
    }
    return offer(desk, job, ret_job);
}

int64_t password_desk_retry_s(struct password_desk *desk)
{
    pthread_mutex_lock(&desk->lock);
    int64_t wait_us = (int64_t)desk->waiting * desk->job_us / (int64_t)desk->thread_count;
    pthread_mutex_unlock(&desk->lock);
    return 1 + wait_us / US_PER_S;
}

bool password_job_is_done(const struct password_job *job)
{
    pthread_mutex_lock(&job->desk->lock);
    bool is_done = job->state == JOB_DONE;
    pthread_mutex_unlock(&job->desk->lock);
    return is_done;
}

sg_result password_job_hash(const struct password_job *job, const char **ret_hash)
{
    assert(job->state == JOB_DONE && !job->is_verification);
    if (job->has_failed) {
        return sg_fail(SG_RETRY, 0, "no memory to hash a password");
    }
    *ret_hash = job->hash;
    return sg_ok();
}

bool password_job_matches(const struct password_job *job)
{
    assert(job->state == JOB_DONE && job->is_verification);
    return job->matches;
}

bool password_job_needs_rehash(const struct password_job *job)
{
    assert(job->state == JOB_DONE && job->is_verification);
    return job->needs_rehash;
}

void password_job_drop(struct password_job **job)
{
    struct password_job *dropped = *job;
    if (dropped == NULL) {
        return;
    }
    struct password_desk *desk = dropped->desk;
    pthread_mutex_lock(&desk->lock);
    if (dropped->state == JOB_WAITING) {
        unlink_job(desk, dropped);
    }
    if (dropped->state == JOB_RUNNING) {
        dropped->is_dropped = true;
    } else {
        free_job(dropped);
    }
    pthread_mutex_unlock(&desk->lock);
    *job = NULL;
}
