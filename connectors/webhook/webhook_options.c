// The table of settings and what must hold between them.
#include "connectors/webhook/webhook_options.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const struct option options[] = {
    {.key = "webhook.http",
     .type = OPTION_BOOL,
     .offset = offsetof(struct webhook_settings, http),
     .fallback = "false",
     .help = "Send to http:// too, which anybody on the way can read; for closed networks. Users "
             "register https:// all the same: this is for notifications that others write."},
    {.key = "webhook.private_addresses",
     .type = OPTION_BOOL,
     .offset = offsetof(struct webhook_settings, private_addresses),
     .fallback = "false",
     .help = "Send to private, loopback, link-local and other special addresses too. Whoever may "
             "register a webhook then reaches what this host reaches."},
    {.key = "webhook.ca_file",
     .type = OPTION_TEXT,
     .offset = offsetof(struct webhook_settings, ca_file),
     .fallback = "",
     .help = "PEM file of the authorities trusted for the receivers' certificates; empty for the "
             "system's."},
    {.key = "webhook.connections",
     .type = OPTION_INT,
     .offset = offsetof(struct webhook_settings, connections),
     .fallback = "32",
     .min = 1,
     .max = WEBHOOK_CONNECTIONS_MAX,
     .help = "Webhooks sent at the same time; an endpoint gets one after the other."},
    {.key = "webhook.host_connections",
     .type = OPTION_INT,
     .offset = offsetof(struct webhook_settings, host_connections),
     .fallback = "4",
     .min = 1,
     .max = WEBHOOK_CONNECTIONS_MAX,
     .help = "Of these, most to one host."},
    {.key = "webhook.queue",
     .type = OPTION_INT,
     .offset = offsetof(struct webhook_settings, queue),
     .fallback = "1024",
     .min = 1,
     .max = 65536,
     .help = "Webhooks held in memory for sending, 16 of an endpoint; more wait in the outbox."},
    {.key = "webhook.connect_timeout",
     .type = OPTION_DURATION,
     .offset = offsetof(struct webhook_settings, connect_timeout_ms),
     .fallback = "5s",
     .min = 10,
     .max = 300000,
     .help = "Longest time until the connection stands, name look-up and TLS included."},
    {.key = "webhook.timeout",
     .type = OPTION_DURATION,
     .offset = offsetof(struct webhook_settings, timeout_ms),
     .fallback = "15s",
     .min = 10,
     .max = 300000,
     .help = "Longest time of one attempt. A receiver that answers later may have taken the "
             "message, which is then sent again under the same webhook-id."},
};

struct option_table webhook_options(struct webhook_settings *target)
{
    return (struct option_table){"Webhooks", options, sizeof options / sizeof options[0], target,
                                 false};
}

sg_result webhook_options_check(const struct webhook_settings *settings)
{
    if (settings->ca_file[0] != '\0' && access(settings->ca_file, R_OK) != 0) {
        return sg_fail(SG_FATAL, errno, "webhook.ca_file: %s: %s", settings->ca_file,
                       strerror(errno));
    }
    if (settings->connect_timeout_ms > settings->timeout_ms) {
        return sg_fail(SG_FATAL, 0,
                       "webhook.connect_timeout is longer than webhook.timeout, of which it is a "
                       "part");
    }
    return sg_ok();
}
