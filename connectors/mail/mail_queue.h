// Mails that wait for a connection, and the rule who goes next: the oldest one whose recipient and
// recipient's domain do not already hold their share. It does no locking.
#pragma once
#include "connectors/mail/smtp_reply.h"
#include "schemas/outcome.h"
#include <stdint.h>

struct notification;

// One attempt to send one notification: everything it needs, and then how it ended. Owns its bytes.
struct mail_job {
    struct mail_job *next;
    int32_t partition;
    int32_t attempt;
    struct bytes notification_id;
    struct bytes user_id;
    struct bytes subscription_id; // Empty for none.
    struct bytes address;
    struct bytes subject;
    struct bytes text;
    struct bytes html;
    bool has_html;
    int64_t created_at;    // ms since the epoch
    uint64_t address_hash; // Of the address without regard to case.
    uint64_t domain_hash;
    bool forgotten; // Its partition went elsewhere: nobody waits for the outcome.
    struct {
        enum outcome outcome;
        bool ambiguous;
        bool abandoned; // Nothing came of it: the program ends.
        int32_t code;
        char reply[SMTP_REPLY_MAX + 1];
        int64_t at;
        int64_t duration_us;
    } end;
};

// A copy of the notification as a job, NULL when memory is out. The caller frees it with
// mail_queue_free_job().
struct mail_job *mail_queue_new_job(int32_t partition, int32_t attempt,
                                    const struct notification *notification);

// Frees and sets `*job` to NULL. Accepts NULL.
void mail_queue_free_job(struct mail_job **job);

// A list of jobs, first in, first out.
struct mail_list {
    struct mail_job *first;
    struct mail_job *last;
};

// Adds at the end. The list owns the job until it is taken.
void mail_queue_append(struct mail_list *list, struct mail_job *job);

// Takes the first one; NULL when there is none.
struct mail_job *mail_queue_shift(struct mail_list *list);

// Frees the jobs of `partition`, of all partitions when it is negative. Returns how many.
size_t mail_queue_forget(struct mail_list *list, int32_t partition);

struct mail_queue {
    struct mail_list waiting;
    struct mail_list running; // Borrowed: owned by whoever runs them.
    size_t domain_share;      // Most that run at once for one domain.
};

// An empty queue for `connections` runners: one domain gets half of them, one address one.
void mail_queue_init(struct mail_queue *queue, size_t connections);

// Takes the oldest waiting job that may run and counts it as running; NULL when there is none. The
// caller ends it with mail_queue_finish().
struct mail_job *mail_queue_start(struct mail_queue *queue);

// Ends the running of a job; the job stays the caller's.
void mail_queue_finish(struct mail_queue *queue, struct mail_job *job);
