// Webhooks that wait for a connection, by endpoint, and the rule who goes next: endpoints in turn,
// each one after the other, a host no more than its share, and none that was asked to be left
// alone. It does no locking and looks at no clock.
#pragma once
#include "connectors/webhook/webhook_job.h"

enum {
    WEBHOOK_QUEUE_RUNNING_MAX = 64,    // Jobs that run at the same time.
    WEBHOOK_QUEUE_SHARE = 16,          // Jobs that wait for one endpoint.
    WEBHOOK_QUEUE_LATER_MS_MAX = 60000 // Longest while that is named, and longest pause of ours.
};

struct webhook_queue;

// An empty queue for at most `jobs` jobs, of which `host_share` run at once for one host. NULL when
// memory is out; the caller frees it.
struct webhook_queue *webhook_queue_new(size_t jobs, size_t host_share);

// Frees it with the jobs that wait, sets `*queue` to NULL. Accepts NULL.
void webhook_queue_free(struct webhook_queue **queue);

// Whether a job for the endpoint of this URL may be added. When not, `*ret_later_ms` says when to
// ask again, so that a long line comes back one after the other.
bool webhook_queue_has_room(struct webhook_queue *queue, struct bytes url, int64_t now_ms,
                            int64_t *ret_later_ms);

// Takes a job, whose URL names the endpoint, to wait; there must be room. `host` is what counts as
// the same host. False when memory is out: the job stays the caller's.
bool webhook_queue_add(struct webhook_queue *queue, struct webhook_job *job, struct bytes host);

// Takes the next job that may run; NULL when there is none. The caller ends it with
// webhook_queue_finish().
struct webhook_job *webhook_queue_start(struct webhook_queue *queue, int64_t now_ms);

// How an attempt ended, for those that follow.
struct webhook_queue_end {
    int64_t now_ms;
    int64_t duration_ms;
    bool slow_down;  // Leave the endpoint alone, the longer the oftener in a row this is said.
    int64_t wait_ms; // At least so long, 0 for as we think.
};

// Ends the running of a job; the job stays the caller's.
void webhook_queue_finish(struct webhook_queue *queue, struct webhook_job *job,
                          const struct webhook_queue_end *end);

// When an endpoint may be asked again for which jobs wait, INT64_MAX when none has to be waited
// for.
int64_t webhook_queue_next_ms(const struct webhook_queue *queue, int64_t now_ms);

// Frees the jobs of `partition` that wait and marks those that run as forgotten; of all partitions
// when it is negative.
void webhook_queue_forget(struct webhook_queue *queue, int32_t partition);

// Jobs that wait, and those that run.
size_t webhook_queue_waiting(const struct webhook_queue *queue);
size_t webhook_queue_running(const struct webhook_queue *queue);
