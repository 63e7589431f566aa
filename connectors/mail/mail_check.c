// A connection of its own, so that the check disturbs no mail under way.
#include "connectors/mail/mail_check.h"
#include "connectors/mail/smtp_transfer.h"

// Words for what the settings make of encryption.
static const char *encryption(const struct mail_settings *settings)
{
    switch (mail_options_tls(settings)) {
    case MAIL_TLS_OFF:
        return "not encrypted";
    case MAIL_TLS_TRY:
        return "encrypted if it offers STARTTLS";
    case MAIL_TLS_REQUIRED:
        return "encrypted, certificate checked";
    }
    return "";
}

static const char *advice(const struct smtp_report *report)
{
    if (!report->judgement.configuration) {
        return "is smtp.url right and the server up?";
    }
    return "look at smtp.user, smtp.password, smtp.tls and smtp.ca_file";
}

sg_result mail_check(const struct mail_settings *settings, struct buffer *out)
{
    SG_TRY(mail_options_check(settings));
    atomic_bool stop = false;
    SG_CLEANUP(smtp_transfer_close) struct smtp_transfer *transfer = NULL;
    SG_TRY(smtp_transfer_open(settings, &stop, &transfer));
    struct smtp_report report;
    smtp_transfer_probe(transfer, &report);
    if (report.judgement.verdict != SMTP_SENT) {
        return sg_fail(SG_RETRY, report.code, "mail server %s: %s; %s", settings->url, report.reply,
                       advice(&report));
    }
    return buffer_print(out, "mail server %s: ready, %s%s", settings->url, encryption(settings),
                        settings->user[0] != '\0' ? ", logged in" : "");
}
