// One connection to the mail server, kept open from mail to mail, and one mail at a time over it.
// Building the mail is mime_message.h's work, deciding when to try again the caller's.
#pragma once
#include "connectors/mail/mail_options.h"
#include "connectors/mail/smtp_reply.h"
#include "connectors/mail/smtp_verdict.h"
#include <stdatomic.h>

struct smtp_transfer;

// How an attempt ended.
struct smtp_report {
    struct smtp_judgement judgement;
    bool abandoned;                 // Given up because `stop` was set; nothing is known.
    int code;                       // SMTP reply code, 0 without one.
    char reply[SMTP_REPLY_MAX + 1]; // What the server said, or what went wrong; printable ASCII.
    int64_t duration_us;
};

// Prepares a connection; nothing is sent yet. `settings` were checked by mail_options_check() and
// live as long as the transfer, as does `stop`: when it becomes true, a running attempt is given
// up within about a second. The caller closes with smtp_transfer_close(). All calls from one
// thread. Fails: SG_FATAL without memory or when a setting is not supported by libcurl.
SG_RESULT smtp_transfer_open(const struct mail_settings *settings, const atomic_bool *stop,
                             struct smtp_transfer **ret_transfer);

// Sends one mail to one checked address and waits for the end, at most smtp.timeout. Connects or
// uses the connection of the mail before. Every failure is in the report.
void smtp_transfer_send(struct smtp_transfer *transfer, struct bytes recipient,
                        struct bytes message, struct smtp_report *ret_report);

// Connects anew, says hello, encrypts and logs in as the settings say, and quits; sends no mail.
// Every failure is in the report.
void smtp_transfer_probe(struct smtp_transfer *transfer, struct smtp_report *ret_report);

// Says QUIT without waiting for the answer, frees and sets `*transfer` to NULL. Accepts NULL.
void smtp_transfer_close(struct smtp_transfer **transfer);
