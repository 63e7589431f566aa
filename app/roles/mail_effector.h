// Binds the mail sender to the stream runtime: an outbox entry becomes an attempt, its outcome an
// input.
#pragma once
#include "connectors/mail/mail_sender.h"
#include "core/kafka/consumer.h"
#include "streams/tasks/effector.h"

struct mail_effector;

// Opens the sender, whose log of outcomes is in `folder`. `settings` must live as long. Fails as
// mail_sender_open().
SG_RESULT mail_effector_open(const struct mail_settings *settings, const char *folder,
                             struct mail_effector **ret_effector);
void mail_effector_close(struct mail_effector **effector);

// What the runtime calls. Borrowed as long as the effector lives.
const struct effector *mail_effector_calls(struct mail_effector *effector);

// Tells which worker to wake when an outcome is there; NULL for none any more. A runtime_config's
// `opened`.
void mail_effector_bind(void *effector, struct kafka_consumer *consumer);
