// What a record must be to be taken, by docs/alert-rules.md. Ingest asks
// before it sends, so that the sender hears of it early; the processors that live by it ask again,
// since anybody may write Avro.
#pragma once
#include "core/result.h"
#include "schemas/alert.h"
#include "schemas/command.h"
#include "schemas/quote.h"
#include "schemas/subscription.h"
#include "schemas/user.h"

enum {
    CHECKS_NAME_MAX = 128,   // Bytes of an instrument, a user id or a subscription id.
    CHECKS_LABEL_MAX = 256,  // Bytes of a label or a display name.
    CHECKS_URL_MAX = 2048,   // Bytes of the URL of a webhook.
    CHECKS_CHANNELS_MAX = 16 // Of one user.
};

// Each fails with SG_DROP and a reason that names the field, its value and what to do. Pure. Any
// thread. `record_timestamp_ms` is that of the record in Kafka.
SG_RESULT check_quote(const struct quote *quote, int64_t record_timestamp_ms);
SG_RESULT check_subscription(const struct subscription *subscription);
SG_RESULT check_user(const struct user *user);
SG_RESULT check_alert(const struct alert *alert);

// Of a command only what names it: what it asks for is answered, not refused.
SG_RESULT check_command_frame(const struct command *command);
