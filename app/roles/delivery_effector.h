// Binds the senders of mails and webhooks to the stream runtime: an outbox entry becomes an attempt
// by the kind of its channel, its outcome an input.
#pragma once
#include "connectors/mail/mail_options.h"
#include "connectors/webhook/webhook_options.h"
#include "core/kafka/consumer.h"
#include "core/secrets/secrets.h"
#include "streams/tasks/effector.h"

struct delivery_effector;

// All must live as long as the effector.
struct delivery_effector_config {
    const struct mail_settings *mail;
    const struct webhook_settings *webhook;
    const struct secrets *secrets;
    const char *mail_folder; // Of the log of outcomes; so is the next one.
    const char *webhook_folder;
};

// Opens the senders. The caller closes. Fails as mail_sender_open() and webhook_sender_open().
SG_RESULT delivery_effector_open(const struct delivery_effector_config *config,
                                 struct delivery_effector **ret_effector);
void delivery_effector_close(struct delivery_effector **effector);

// Tells the senders that they will be closed, without waiting: they begin no attempt any more.
// Accepts NULL. Any thread.
void delivery_effector_end(struct delivery_effector *effector);

// What the runtime calls. Borrowed as long as the effector lives.
const struct effector *delivery_effector_calls(struct delivery_effector *effector);

// Tells which worker to wake when an outcome is there; NULL for none any more. A runtime_config's
// `opened`.
void delivery_effector_bind(void *effector, struct kafka_consumer *consumer);
