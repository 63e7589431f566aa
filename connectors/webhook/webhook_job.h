// One attempt to send one notification to a webhook: everything it needs, and then how it ended.
#pragma once
#include "core/bytes.h"
#include "schemas/outcome.h"
#include <stdint.h>

struct notification;

enum { WEBHOOK_REPLY_MAX = 256 };

struct webhook_job {
    struct webhook_job *next;
    int32_t partition;
    int32_t attempt;
    struct bytes notification_id;
    struct bytes user_id;
    struct bytes url;
    struct bytes subscription_id; // Empty for none.
    struct bytes subject;
    struct bytes text;
    struct bytes *alert_ids;
    size_t alert_count;
    int64_t created_at; // ms since the epoch
    bool forgotten;     // Its partition went elsewhere: nobody waits for the outcome.
    struct {
        enum outcome outcome;
        bool ambiguous;
        bool abandoned; // Nothing came of it: the program ends.
        int32_t code;
        char reply[WEBHOOK_REPLY_MAX + 1];
        int64_t at;
        int64_t not_before; // ms since the epoch, 0 for any time
        int64_t duration_us;
    } end;
};

// A copy of the notification as a job, NULL when memory is out. The caller frees it with
// webhook_job_free().
struct webhook_job *webhook_job_new(int32_t partition, int32_t attempt,
                                    const struct notification *notification);

// Frees and sets `*job` to NULL. Accepts NULL.
void webhook_job_free(struct webhook_job **job);

// Sets the words of its end: printable ASCII, everything else as "?", cut to their room.
void webhook_job_say(struct webhook_job *job, struct bytes words);

// A list of jobs, first in, first out.
struct webhook_job_list {
    struct webhook_job *first;
    struct webhook_job *last;
    size_t count;
};

// Adds at the end. The list owns the job until it is taken.
void webhook_job_append(struct webhook_job_list *list, struct webhook_job *job);

// Takes the first one; NULL when there is none.
struct webhook_job *webhook_job_shift(struct webhook_job_list *list);

// Frees the jobs of `partition`, of all partitions when it is negative. Returns how many.
size_t webhook_job_forget(struct webhook_job_list *list, int32_t partition);
