// The waiting list is bounded by smtp.queue and the running one by the connections, so a walk over
// both is short against the sending of one mail.
#include "connectors/mail/mail_queue.h"
#include "core/hash.h"
#include "core/identity/mail_address.h"
#include "schemas/notification.h"

#include <stdlib.h>
#include <string.h>

// Copies `source` to `*memory` and moves it on.
static struct bytes place(uint8_t **memory, struct bytes source)
{
    struct bytes placed = bytes_of(*memory, source.size);
    if (source.size > 0) {
        memcpy(*memory, source.data, source.size);
    }
    *memory += source.size;
    return placed;
}

// Hashes without regard to case. Over-long addresses are refused later and share one lane here.
static uint64_t hash_folded(struct bytes text)
{
    uint8_t folded[MAIL_ADDRESS_MAX];
    size_t size = text.size < sizeof folded ? text.size : sizeof folded;
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = text.data[i];
        folded[i] = byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 'a' - 'A') : byte;
    }
    return hash_bytes(bytes_of(folded, size));
}

struct mail_job *mail_queue_new_job(int32_t partition, int32_t attempt,
                                    const struct notification *notification)
{
    size_t size = notification->notification_id.size + notification->user_id.size +
                  notification->subscription_id.size + notification->address.size +
                  notification->subject.size + notification->body_text.size +
                  notification->body_html.size;
    struct mail_job *job = calloc(1, sizeof *job + size);
    if (job == NULL) {
        return NULL;
    }
    uint8_t *memory = (uint8_t *)(job + 1);
    job->partition = partition;
    job->attempt = attempt;
    job->notification_id = place(&memory, notification->notification_id);
    job->user_id = place(&memory, notification->user_id);
    if (notification->has_subscription_id) {
        job->subscription_id = place(&memory, notification->subscription_id);
    }
    job->address = place(&memory, notification->address);
    job->subject = place(&memory, notification->subject);
    job->text = place(&memory, notification->body_text);
    job->html = place(&memory, notification->body_html);
    job->has_html = notification->has_body_html;
    job->created_at = notification->created_at;
    job->address_hash = hash_folded(job->address);
    job->domain_hash = hash_folded(mail_address_domain(job->address));
    return job;
}

void mail_queue_free_job(struct mail_job **job)
{
    free(*job);
    *job = NULL;
}

void mail_queue_append(struct mail_list *list, struct mail_job *job)
{
    job->next = NULL;
    if (list->last == NULL) {
        list->first = job;
    } else {
        list->last->next = job;
    }
    list->last = job;
}

// Takes `job` out, whose predecessor is `before` (NULL for the first).
static void unlink_job(struct mail_list *list, struct mail_job *before, struct mail_job *job)
{
    if (before == NULL) {
        list->first = job->next;
    } else {
        before->next = job->next;
    }
    if (list->last == job) {
        list->last = before;
    }
    job->next = NULL;
}

struct mail_job *mail_queue_shift(struct mail_list *list)
{
    struct mail_job *job = list->first;
    if (job != NULL) {
        unlink_job(list, NULL, job);
    }
    return job;
}

size_t mail_queue_forget(struct mail_list *list, int32_t partition)
{
    size_t count = 0;
    struct mail_job *before = NULL;
    for (struct mail_job *job = list->first; job != NULL;) {
        struct mail_job *next = job->next;
        if (partition < 0 || job->partition == partition) {
            unlink_job(list, before, job);
            mail_queue_free_job(&job);
            count++;
        } else {
            before = job;
        }
        job = next;
    }
    return count;
}

void mail_queue_init(struct mail_queue *queue, size_t connections)
{
    *queue = (struct mail_queue){.domain_share = connections < 2 ? 1 : connections / 2};
}

static bool may_run(const struct mail_queue *queue, const struct mail_job *job)
{
    size_t same_domain = 0;
    for (const struct mail_job *other = queue->running.first; other != NULL; other = other->next) {
        if (other->address_hash == job->address_hash) {
            return false;
        }
        same_domain += other->domain_hash == job->domain_hash ? 1 : 0;
    }
    return same_domain < queue->domain_share;
}

struct mail_job *mail_queue_start(struct mail_queue *queue)
{
    struct mail_job *before = NULL;
    for (struct mail_job *job = queue->waiting.first; job != NULL; job = job->next) {
        if (may_run(queue, job)) {
            unlink_job(&queue->waiting, before, job);
            mail_queue_append(&queue->running, job);
            return job;
        }
        before = job;
    }
    return NULL;
}

void mail_queue_finish(struct mail_queue *queue, struct mail_job *job)
{
    struct mail_job *before = NULL;
    for (struct mail_job *at = queue->running.first; at != NULL; at = at->next) {
        if (at == job) {
            unlink_job(&queue->running, before, job);
            return;
        }
        before = at;
    }
}
