// The webhook sink: takes notifications, posts each to its endpoint, says what came of it. It knows
// no Kafka; when to try again is the caller's business. Who uses it offers, takes and settles from
// one thread; nothing here makes that thread wait, closing excepted.
#pragma once
#include "connectors/webhook/webhook_options.h"
#include "connectors/webhook/webhook_signature.h"
#include "schemas/notification.h"
#include "schemas/outcome.h"

struct webhook_sender;

// Called by the sender's own thread when an outcome is there to take: wakes the caller's loop.
typedef void (*webhook_wake_fn)(void *context);

// Writes the keys of an endpoint. Called by the sender's own thread.
typedef void (*webhook_keys_fn)(void *context, struct bytes user_id, struct bytes url,
                                struct webhook_keys *ret_keys);

struct webhook_config {
    const struct webhook_settings *settings; // Must live as long as the sender.
    const char *folder;                      // Of the log of outcomes that are not settled.
    webhook_wake_fn wake;
    void *wake_context;
    webhook_keys_fn keys;
    void *keys_context;
};

// What came of an attempt. The texts are borrowed until the next webhook_sender_take() or the
// close.
struct webhook_outcome {
    struct bytes notification_id;
    int32_t partition;
    int32_t attempt;
    enum outcome outcome; // SENT, RETRY or REJECTED.
    int32_t code;         // HTTP status, 0 without one.
    struct bytes reply;   // What the receiver said or what went wrong, printable.
    int64_t at;           // When the attempt ended, ms since the epoch.
    int64_t not_before;   // When the receiver wants the next one at the earliest, 0 for any time.
    int64_t duration_us;  // 0 when the outcome comes from the log of an earlier run.
};

// Starts the sender's thread. The caller closes with webhook_sender_close(). Fails: SG_FATAL for
// settings that cannot work and for a folder that cannot be used.
SG_RESULT webhook_sender_open(const struct webhook_config *config,
                              struct webhook_sender **ret_sender);

// Hands over a copy of the notification for its attempt `attempt` (from 1). False when the endpoint
// or the queue has no room or memory is out: `*ret_later_ms` says after which while to offer it
// again. An attempt that the log knows is not made: its outcome is given back.
bool webhook_sender_offer(struct webhook_sender *sender, int32_t partition, int32_t attempt,
                          const struct notification *notification, int64_t *ret_later_ms);

// The next outcome, false when there is none yet.
bool webhook_sender_take(struct webhook_sender *sender, struct webhook_outcome *ret_outcome);

// Says that the outcome of an attempt is committed: the log forgets it.
void webhook_sender_settle(struct webhook_sender *sender, struct bytes notification_id,
                           int32_t attempt);

// Drops what waits for `partition`, which went elsewhere. Attempts under way end, but their outcome
// is not given out; should the partition come back, the log knows it.
void webhook_sender_forget(struct webhook_sender *sender, int32_t partition);

// Tells the sender that it will be closed, without waiting: it begins no attempt any more, whatever
// is offered. Accepts NULL. Any thread.
void webhook_sender_end(struct webhook_sender *sender);

// Lets attempts under way end for 2 seconds after webhook_sender_end() or this, gives up the rest,
// frees and sets `*sender` to NULL. Outcomes not taken are in the log. Accepts NULL and half-opened
// senders.
void webhook_sender_close(struct webhook_sender **sender);
