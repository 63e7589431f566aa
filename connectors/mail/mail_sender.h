// The mail sink: takes notifications, sends each over one of a few connections, says what came of
// it. It knows no Kafka; when to try again is the caller's business. Who uses it offers, takes and
// settles from one thread; nothing here makes that thread wait, closing excepted.
#pragma once
#include "connectors/mail/mail_compose.h"
#include "connectors/mail/mail_options.h"
#include "schemas/notification.h"
#include "schemas/outcome.h"

struct mail_sender;

// Called by the sender's own threads when an outcome is there to take: wakes the caller's loop.
typedef void (*mail_wake_fn)(void *context);

struct mail_config {
    const struct mail_settings *settings; // Must live as long as the sender.
    const char *folder;                   // Of the log of outcomes that are not settled.
    mail_wake_fn wake;
    void *wake_context;
    mail_token_fn token; // NULL for mails without links, whatever mail.link_base says.
    void *token_context;
};

// What came of an attempt. The texts are borrowed until the next mail_sender_take() or the close.
struct mail_outcome {
    struct bytes notification_id;
    struct bytes user_id;
    int32_t partition;
    int32_t attempt;
    enum outcome outcome; // SENT, RETRY or REJECTED.
    bool ambiguous;       // RETRY although the server may have taken it.
    int32_t code;         // SMTP reply code, 0 without one.
    struct bytes reply;   // What the server said or what went wrong, printable, at most 256 bytes.
    int64_t at;           // When the attempt ended, ms since the epoch.
    int64_t duration_us;  // 0 when the outcome comes from the log of an earlier run.
};

// Starts smtp.connections threads. The caller closes with mail_sender_close(). Fails: SG_FATAL for
// settings that cannot work and for a folder that cannot be used.
SG_RESULT mail_sender_open(const struct mail_config *config, struct mail_sender **ret_sender);

// Hands over a copy of the notification for its attempt `attempt` (from 1). False when smtp.queue
// mails are under way already or memory is out: offer it again after an outcome. An attempt that
// the log knows is not sent: its outcome is given back.
bool mail_sender_offer(struct mail_sender *sender, int32_t partition, int32_t attempt,
                       const struct notification *notification);

// The next outcome, false when there is none yet.
bool mail_sender_take(struct mail_sender *sender, struct mail_outcome *ret_outcome);

// Says that the outcome of an attempt is committed: the log forgets it. Attempts that are never
// settled are only a larger log.
void mail_sender_settle(struct mail_sender *sender, struct bytes notification_id, int32_t attempt);

// Drops what waits for `partition`, which went elsewhere. Attempts under way end, but their outcome
// is not given out; should the partition come back, the log knows it.
void mail_sender_forget(struct mail_sender *sender, int32_t partition);

// Tells the sender that it will be closed, without waiting: it begins no attempt any more, whatever
// is offered. Accepts NULL. Any thread.
void mail_sender_end(struct mail_sender *sender);

// Lets attempts under way end for 2 seconds, gives up the rest, frees and sets `*sender` to NULL;
// takes less than 4 seconds. Outcomes not taken are in the log. Accepts NULL and half-opened
// senders.
void mail_sender_close(struct mail_sender **sender);
