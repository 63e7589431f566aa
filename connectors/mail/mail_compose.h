// From an attempt to its mail: what the notification says, what the settings add, and the link.
#pragma once
#include "connectors/mail/mail_mailbox.h"
#include "connectors/mail/mail_options.h"
#include "core/buffer.h"

struct mail_job;

// Writes the token of the link that stands for a person's subscription. Any thread. Fails: SG_DROP
// when there can be none; the mail then goes without a link.
typedef SG_RESULT (*mail_token_fn)(void *context, struct bytes user_id,
                                   struct bytes subscription_id, struct buffer *ret_token);

struct mail_composer {
    const struct mail_settings *settings; // Must live as long.
    struct mail_mailbox from;             // Of smtp.from.
    mail_token_fn token;                  // NULL for mails without links.
    void *token_context;
};

// Adds the mail of the job to `out`. Fails: SG_DROP for what can never be a mail, saying why; as
// buffer_append(). Any thread.
SG_RESULT mail_compose(const struct mail_composer *composer, const struct mail_job *job,
                       struct buffer *out);
