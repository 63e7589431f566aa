// A job is one piece of memory: the struct, the list of alerts, and behind them the texts.
#include "connectors/webhook/webhook_job.h"
#include "core/result.h"
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

static size_t size_of(const struct notification *notification)
{
    size_t size = notification->notification_id.size + notification->user_id.size +
                  notification->address.size + notification->subscription_id.size +
                  notification->subject.size + notification->body_text.size;
    for (size_t i = 0; i < notification->alert_ids_count; i++) {
        size += sizeof(struct bytes) + notification->alert_ids[i].size;
    }
    return size;
}

struct webhook_job *webhook_job_new(int32_t partition, int32_t attempt,
                                    const struct notification *notification)
{
    struct webhook_job *job = calloc(1, sizeof *job + size_of(notification));
    if (job == NULL) {
        return NULL;
    }
    job->alert_ids = (struct bytes *)(job + 1);
    job->alert_count = notification->alert_ids_count;
    uint8_t *memory = (uint8_t *)(job->alert_ids + job->alert_count);
    job->partition = partition;
    job->attempt = attempt;
    job->notification_id = place(&memory, notification->notification_id);
    job->user_id = place(&memory, notification->user_id);
    job->url = place(&memory, notification->address);
    if (notification->has_subscription_id) {
        job->subscription_id = place(&memory, notification->subscription_id);
    }
    job->subject = place(&memory, notification->subject);
    job->text = place(&memory, notification->body_text);
    for (size_t i = 0; i < job->alert_count; i++) {
        job->alert_ids[i] = place(&memory, notification->alert_ids[i]);
    }
    job->created_at = notification->created_at;
    return job;
}

void webhook_job_free(struct webhook_job **job)
{
    free(*job);
    *job = NULL;
}

void webhook_job_say(struct webhook_job *job, struct bytes words)
{
    size_t size = words.size < WEBHOOK_REPLY_MAX ? words.size : WEBHOOK_REPLY_MAX;
    for (size_t i = 0; i < size; i++) {
        bool printable = words.data[i] >= 0x20 && words.data[i] <= 0x7E;
        job->end.reply[i] = (char)(printable ? words.data[i] : '?');
    }
    job->end.reply[size] = '\0';
}

void webhook_job_append(struct webhook_job_list *list, struct webhook_job *job)
{
    job->next = NULL;
    if (list->last == NULL) {
        list->first = job;
    } else {
        list->last->next = job;
    }
    list->last = job;
    list->count++;
}

struct webhook_job *webhook_job_shift(struct webhook_job_list *list)
{
    struct webhook_job *job = list->first;
    if (job != NULL) {
        list->first = job->next;
        list->last = list->first == NULL ? NULL : list->last;
        list->count--;
        job->next = NULL;
    }
    return job;
}

size_t webhook_job_forget(struct webhook_job_list *list, int32_t partition)
{
    struct webhook_job_list kept = {.first = NULL};
    size_t count = 0;
    for (struct webhook_job *job = webhook_job_shift(list); job != NULL;
         job = webhook_job_shift(list)) {
        if (partition >= 0 && job->partition != partition) {
            webhook_job_append(&kept, SG_MOVE(job));
        } else {
            webhook_job_free(&job);
            count++;
        }
    }
    *list = kept;
    return count;
}
