// An endpoint is known as long as a job of it waits or runs, or its pause lasts. Those with waiting
// jobs stand in a ring that turns, so that each has its turn.
#include "connectors/webhook/webhook_queue.h"
#include "core/hash.h"
#include "core/result.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    BUCKETS = 4096,
    ENDPOINTS_MAX = 65536, // Known at the same time; then those without a job are forgotten.
    PAUSE_FIRST_MS = 500,
    LATER_MS_MIN = 50,
    DURATION_MS_MIN = 10,
    DURATION_MS_FIRST = 100, // Of an attempt at an endpoint that is not known yet.
};

struct endpoint {
    struct endpoint *chain; // Next of its bucket.
    struct endpoint *next;  // In the ring.
    struct endpoint *previous;
    struct webhook_job_list waiting;
    struct webhook_job *running;
    uint64_t host;
    int64_t pause_until_ms;
    int64_t promised_ms; // When the last one that found no room is to come again.
    int64_t duration_ms; // Of the last attempt.
    unsigned failures;   // In a row.
    uint64_t hash;
    size_t url_size;
    uint8_t url[];
};

struct webhook_queue {
    size_t jobs_max;
    size_t host_share;
    size_t waiting;
    size_t running;
    uint64_t running_hosts[WEBHOOK_QUEUE_RUNNING_MAX];
    size_t count;          // Endpoints.
    struct endpoint *turn; // Of the ring: who is asked first; NULL for none.
    struct endpoint *buckets[BUCKETS];
};

struct webhook_queue *webhook_queue_new(size_t jobs, size_t host_share)
{
    struct webhook_queue *queue = calloc(1, sizeof *queue);
    if (queue != NULL) {
        queue->jobs_max = jobs;
        queue->host_share = host_share;
    }
    return queue;
}

static void join_ring(struct webhook_queue *queue, struct endpoint *endpoint)
{
    if (queue->turn == NULL) {
        endpoint->next = endpoint->previous = endpoint;
        queue->turn = endpoint;
        return;
    }
    endpoint->next = queue->turn;
    endpoint->previous = queue->turn->previous;
    endpoint->previous->next = endpoint;
    endpoint->next->previous = endpoint;
}

static void leave_ring(struct webhook_queue *queue, struct endpoint *endpoint)
{
    if (endpoint->next == endpoint) {
        queue->turn = NULL;
    } else {
        queue->turn = queue->turn == endpoint ? endpoint->next : queue->turn;
        endpoint->previous->next = endpoint->next;
        endpoint->next->previous = endpoint->previous;
    }
    endpoint->next = endpoint->previous = NULL;
}

static struct endpoint **slot_of(struct webhook_queue *queue, struct bytes url)
{
    uint64_t hash = hash_bytes(url);
    struct endpoint **slot = &queue->buckets[hash % BUCKETS];
    while (*slot != NULL && !((*slot)->hash == hash &&
                              bytes_equal(bytes_of((*slot)->url, (*slot)->url_size), url))) {
        slot = &(*slot)->chain;
    }
    return slot;
}

static bool is_idle(const struct endpoint *endpoint)
{
    return endpoint->waiting.count == 0 && endpoint->running == NULL;
}

// Forgets endpoints without a job; those that were asked to be left alone last.
static void sweep(struct webhook_queue *queue, bool all)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        struct endpoint **slot = &queue->buckets[i];
        while (*slot != NULL) {
            struct endpoint *endpoint = *slot;
            if (is_idle(endpoint) && (all || endpoint->failures == 0)) {
                *slot = endpoint->chain;
                free(endpoint);
                queue->count--;
            } else {
                slot = &endpoint->chain;
            }
        }
    }
}

static struct endpoint *find_or_make(struct webhook_queue *queue, struct bytes url,
                                     struct bytes host)
{
    struct endpoint **slot = slot_of(queue, url);
    if (*slot != NULL) {
        return *slot;
    }
    if (queue->count >= ENDPOINTS_MAX) {
        sweep(queue, false);
        sweep(queue, queue->count >= ENDPOINTS_MAX);
    }
    struct endpoint *endpoint = calloc(1, sizeof *endpoint + url.size);
    if (endpoint == NULL) {
        return NULL;
    }
    endpoint->hash = hash_bytes(url);
    endpoint->host = hash_bytes(host);
    endpoint->duration_ms = DURATION_MS_FIRST;
    endpoint->url_size = url.size;
    if (url.size > 0) {
        memcpy(endpoint->url, url.data, url.size);
    }
    // What slot_of() found may have been moved by the sweep.
    slot = slot_of(queue, url);
    endpoint->chain = *slot;
    *slot = endpoint;
    queue->count++;
    return endpoint;
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
    return value < least ? least : value > most ? most : value;
}

// Each that finds no room is told to come one attempt later than the one before.
static int64_t later_ms(struct endpoint *endpoint, int64_t now_ms)
{
    int64_t free_ms = endpoint->pause_until_ms > now_ms ? endpoint->pause_until_ms : now_ms;
    free_ms += (int64_t)endpoint->waiting.count * endpoint->duration_ms;
    int64_t promised_ms = endpoint->promised_ms > free_ms ? endpoint->promised_ms : free_ms;
    endpoint->promised_ms =
        clamp(promised_ms + endpoint->duration_ms, now_ms, now_ms + WEBHOOK_QUEUE_LATER_MS_MAX);
    return clamp(endpoint->promised_ms - now_ms, LATER_MS_MIN, WEBHOOK_QUEUE_LATER_MS_MAX);
}

bool webhook_queue_has_room(struct webhook_queue *queue, struct bytes url, int64_t now_ms,
                            int64_t *ret_later_ms)
{
    struct endpoint *endpoint = *slot_of(queue, url);
    bool is_full = queue->waiting >= queue->jobs_max;
    if (endpoint == NULL) {
        *ret_later_ms = PAUSE_FIRST_MS;
        return !is_full;
    }
    if (!is_full && endpoint->waiting.count < WEBHOOK_QUEUE_SHARE) {
        return true;
    }
    *ret_later_ms = later_ms(endpoint, now_ms);
    return false;
}

bool webhook_queue_add(struct webhook_queue *queue, struct webhook_job *job, struct bytes host)
{
    assert(queue->waiting < queue->jobs_max);
    struct endpoint *endpoint = find_or_make(queue, job->url, host);
    if (endpoint == NULL) {
        return false;
    }
    if (endpoint->waiting.count == 0) {
        join_ring(queue, endpoint);
    }
    webhook_job_append(&endpoint->waiting, job);
    queue->waiting++;
    return true;
}

static size_t running_for(const struct webhook_queue *queue, uint64_t host)
{
    size_t count = 0;
    for (size_t i = 0; i < queue->running; i++) {
        count += queue->running_hosts[i] == host ? 1 : 0;
    }
    return count;
}

static bool may_run(const struct webhook_queue *queue, const struct endpoint *endpoint,
                    int64_t now_ms)
{
    return endpoint->running == NULL && endpoint->pause_until_ms <= now_ms &&
           queue->running < WEBHOOK_QUEUE_RUNNING_MAX &&
           running_for(queue, endpoint->host) < queue->host_share;
}

struct webhook_job *webhook_queue_start(struct webhook_queue *queue, int64_t now_ms)
{
    struct endpoint *endpoint = queue->turn;
    while (endpoint != NULL && !may_run(queue, endpoint, now_ms)) {
        endpoint = endpoint->next == queue->turn ? NULL : endpoint->next;
    }
    if (endpoint == NULL) {
        return NULL;
    }
    queue->turn = endpoint->next;
    struct webhook_job *job = webhook_job_shift(&endpoint->waiting);
    if (endpoint->waiting.count == 0) {
        leave_ring(queue, endpoint);
    }
    endpoint->running = job;
    queue->waiting--;
    queue->running_hosts[queue->running++] = endpoint->host;
    return job;
}

static int64_t pause_ms(unsigned failures)
{
    int64_t pause = PAUSE_FIRST_MS;
    for (unsigned i = 1; i < failures && pause < WEBHOOK_QUEUE_LATER_MS_MAX; i++) {
        pause *= 2;
    }
    return clamp(pause, 0, WEBHOOK_QUEUE_LATER_MS_MAX);
}

static void end_host(struct webhook_queue *queue, uint64_t host)
{
    size_t at = 0;
    while (queue->running_hosts[at] != host) {
        at++;
    }
    queue->running_hosts[at] = queue->running_hosts[--queue->running];
}

void webhook_queue_finish(struct webhook_queue *queue, struct webhook_job *job,
                          const struct webhook_queue_end *end)
{
    struct endpoint **slot = slot_of(queue, job->url);
    struct endpoint *endpoint = *slot;
    assert(endpoint != NULL && endpoint->running == job);
    endpoint->running = NULL;
    end_host(queue, endpoint->host);
    endpoint->duration_ms = end->duration_ms > DURATION_MS_MIN ? end->duration_ms : DURATION_MS_MIN;
    endpoint->failures = end->slow_down ? endpoint->failures + 1 : 0;
    if (end->slow_down) {
        int64_t pause = pause_ms(endpoint->failures);
        endpoint->pause_until_ms = end->now_ms + (end->wait_ms > pause ? end->wait_ms : pause);
    } else if (endpoint->waiting.count == 0 && endpoint->promised_ms <= end->now_ms) {
        *slot = endpoint->chain;
        free(endpoint);
        queue->count--;
    }
}

int64_t webhook_queue_next_ms(const struct webhook_queue *queue, int64_t now_ms)
{
    int64_t next_ms = INT64_MAX;
    const struct endpoint *endpoint = queue->turn;
    while (endpoint != NULL) {
        bool waits = endpoint->running == NULL && endpoint->pause_until_ms > now_ms;
        next_ms = waits && endpoint->pause_until_ms < next_ms ? endpoint->pause_until_ms : next_ms;
        endpoint = endpoint->next == queue->turn ? NULL : endpoint->next;
    }
    return next_ms;
}

void webhook_queue_forget(struct webhook_queue *queue, int32_t partition)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct endpoint *at = queue->buckets[i]; at != NULL; at = at->chain) {
            size_t before = at->waiting.count;
            queue->waiting -= webhook_job_forget(&at->waiting, partition);
            if (before > 0 && at->waiting.count == 0) {
                leave_ring(queue, at);
            }
            if (at->running != NULL && (partition < 0 || at->running->partition == partition)) {
                at->running->forgotten = true;
            }
        }
    }
}

void webhook_queue_free(struct webhook_queue **queue)
{
    if (*queue == NULL) {
        return;
    }
    webhook_queue_forget(*queue, -1);
    for (size_t i = 0; i < BUCKETS; i++) {
        struct endpoint *endpoint = (*queue)->buckets[i];
        while (endpoint != NULL) {
            struct endpoint *chain = endpoint->chain;
            free(endpoint);
            endpoint = chain;
        }
    }
    free(*queue);
    *queue = NULL;
}

size_t webhook_queue_waiting(const struct webhook_queue *queue)
{
    return queue->waiting;
}

size_t webhook_queue_running(const struct webhook_queue *queue)
{
    return queue->running;
}
