// The table of settings and what must hold between them.
#include "connectors/mail/mail_options.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

const struct option mail_options[] = {
    {.key = "smtp.url",
     .type = OPTION_TEXT,
     .offset = offsetof(struct mail_settings, url),
     .fallback = "smtp://localhost:1025",
     .help = "Mail server: smtp://host:port, or smtps://host:port for TLS from the first byte."},
    {.key = "smtp.from",
     .type = OPTION_TEXT,
     .offset = offsetof(struct mail_settings, from),
     .fallback = "soglia <alerts@localhost>",
     .help = "Sender of the mails: \"Name <name@domain>\"."},
    {.key = "smtp.user",
     .type = OPTION_TEXT,
     .offset = offsetof(struct mail_settings, user),
     .fallback = "",
     .help = "User to log in as; empty to send without logging in."},
    {.key = "smtp.password",
     .type = OPTION_SECRET,
     .offset = offsetof(struct mail_settings, password),
     .fallback = "",
     .help = "Password of smtp.user."},
    {.key = "smtp.tls",
     .type = OPTION_CHOICE,
     .offset = offsetof(struct mail_settings, tls),
     .fallback = "try",
     .choices = "required|try|off",
     .help = "STARTTLS: required checks the server's certificate, try encrypts when the server "
             "offers it (and is required when there is a password), off never encrypts."},
    {.key = "smtp.ca_file",
     .type = OPTION_TEXT,
     .offset = offsetof(struct mail_settings, ca_file),
     .fallback = "",
     .help = "PEM file of the authorities trusted for the server's certificate; empty for the "
             "system's."},
    {.key = "smtp.hello",
     .type = OPTION_TEXT,
     .offset = offsetof(struct mail_settings, hello),
     .fallback = "",
     .help = "Name told to the server in EHLO; empty for the name of this host."},
    {.key = "smtp.domain",
     .type = OPTION_TEXT,
     .offset = offsetof(struct mail_settings, domain),
     .fallback = "",
     .help = "Right side of the Message-ID; empty for the domain of smtp.from."},
    {.key = "mail.link_base",
     .type = OPTION_TEXT,
     .offset = offsetof(struct mail_settings, link_base),
     .fallback = "",
     .help = "Address under which people reach `soglia serve`, as https://soglia.example/: mails "
             "then have a link to change, pause or end their alert, and the headers for "
             "unsubscribing with one click (RFC 8058). Empty for no links."},
    {.key = "smtp.connections",
     .type = OPTION_INT,
     .offset = offsetof(struct mail_settings, connections),
     .fallback = "4",
     .min = 1,
     .max = MAIL_CONNECTIONS_MAX,
     .help = "Connections to the mail server; one recipient domain gets at most half of them."},
    {.key = "smtp.queue",
     .type = OPTION_INT,
     .offset = offsetof(struct mail_settings, queue),
     .fallback = "1000",
     .min = 1,
     .max = 10000,
     .help = "Mails held in memory for the connections; more wait in the outbox."},
    {.key = "smtp.timeout",
     .type = OPTION_DURATION,
     .offset = offsetof(struct mail_settings, timeout_ms),
     .fallback = "5m",
     .min = 100,
     .max = 3600000,
     .help = "Longest time of one attempt. A server that answers later may have taken the mail, "
             "which is then sent again under the same Message-ID."},
};
const size_t mail_options_count = sizeof mail_options / sizeof mail_options[0];

static void free_url(CURLU **url)
{
    curl_url_cleanup(*url);
    *url = NULL;
}

static void free_part(char **part)
{
    curl_free(*part);
    *part = NULL;
}

static bool has_part(CURLU *url, CURLUPart part)
{
    SG_CLEANUP(free_part) char *text = NULL;
    return curl_url_get(url, part, &text, 0) == CURLUE_OK && text != NULL && text[0] != '\0';
}

// The URL is not repeated in the reason: somebody may have put a password into it.
static sg_result check_url(const char *text)
{
    if (text[0] == '\0') {
        return sg_fail(SG_FATAL, 0,
                       "smtp.url is empty: set it to the mail server, as smtp://localhost:25");
    }
    SG_CLEANUP(free_url) CURLU *url = curl_url();
    if (url == NULL) {
        return sg_fail(SG_FATAL, 0, "smtp.url: out of memory");
    }
    bool known = strncasecmp(text, "smtp://", 7) == 0 || strncasecmp(text, "smtps://", 8) == 0;
    if (!known || curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK) {
        return sg_fail(SG_FATAL, 0, "smtp.url: must be smtp://host:port or smtps://host:port");
    }
    if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD)) {
        return sg_fail(SG_FATAL, 0,
                       "smtp.url: holds a user or password; use smtp.user and smtp.password");
    }
    SG_CLEANUP(free_part) char *path = NULL;
    bool bare = curl_url_get(url, CURLUPART_PATH, &path, 0) == CURLUE_OK && strcmp(path, "/") == 0;
    if (!bare || has_part(url, CURLUPART_QUERY) || has_part(url, CURLUPART_FRAGMENT)) {
        return sg_fail(SG_FATAL, 0,
                       "smtp.url: has something behind the port; the EHLO name is smtp.hello");
    }
    return sg_ok();
}

static sg_result check_host(const char *key, const char *name)
{
    if (name[0] != '\0' && !mail_address_is_host(bytes_of_text(name))) {
        return sg_fail(SG_FATAL, 0, "%s: \"%s\" is not a host name", key, name);
    }
    return sg_ok();
}

// What may stand in an address without being encoded, as is used in headers and HTML.
static bool is_plain_address(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-._~:/[]%";
    return text[strspn(text, plain)] == '\0';
}

static sg_result check_link_base(const char *text)
{
    if (text[0] == '\0') {
        return sg_ok();
    }
    bool known = strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0;
    SG_CLEANUP(free_url) CURLU *url = curl_url();
    if (url == NULL) {
        return sg_fail(SG_FATAL, 0, "mail.link_base: out of memory");
    }
    if (!known || strlen(text) > MAIL_LINK_BASE_MAX || !is_plain_address(text) ||
        curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK) {
        return sg_fail(SG_FATAL, 0,
                       "mail.link_base: must be an address as https://soglia.example/, without "
                       "user, query and fragment, of at most %d bytes",
                       MAIL_LINK_BASE_MAX);
    }
    return sg_ok();
}

sg_result mail_options_check(const struct mail_settings *settings)
{
    SG_TRY(check_url(settings->url));
    SG_TRY(check_link_base(settings->link_base));
    struct mail_mailbox from;
    if (!sg_is_ok(mail_mailbox_read(settings->from, &from))) {
        return sg_fail(SG_FATAL, 0, "smtp.from: \"%s\": %s", settings->from, sg_reason());
    }
    SG_TRY(check_host("smtp.hello", settings->hello));
    SG_TRY(check_host("smtp.domain", settings->domain));
    if ((settings->user[0] == '\0') != (settings->password[0] == '\0')) {
        return sg_fail(SG_FATAL, 0, "smtp.user and smtp.password: set both or none");
    }
    if (mail_options_is_smtps(settings) && strcmp(settings->tls, "off") == 0) {
        return sg_fail(SG_FATAL, 0, "smtp.tls is off but smtp.url begins with smtps://");
    }
    return sg_ok();
}

bool mail_options_is_smtps(const struct mail_settings *settings)
{
    return strncasecmp(settings->url, "smtps:", 6) == 0;
}

enum mail_tls mail_options_tls(const struct mail_settings *settings)
{
    if (strcmp(settings->tls, "off") == 0) {
        return MAIL_TLS_OFF;
    }
    bool required = strcmp(settings->tls, "required") == 0 || settings->user[0] != '\0' ||
                    mail_options_is_smtps(settings);
    return required ? MAIL_TLS_REQUIRED : MAIL_TLS_TRY;
}
