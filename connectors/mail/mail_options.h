// Settings of the mail sink: which server, how to talk to it, who the sender is.
#pragma once
#include "connectors/mail/mail_mailbox.h"
#include "core/settings/option.h"

struct mail_settings {
    const char *url;
    const char *from;
    const char *user;
    const char *password;
    const char *tls;
    const char *ca_file;
    const char *hello;
    const char *domain;
    const char *link_base;
    int64_t connections;
    int64_t queue;
    int64_t timeout_ms;
};

enum { MAIL_CONNECTIONS_MAX = 64, MAIL_LINK_BASE_MAX = 256 };

// How a connection is encrypted.
enum mail_tls {
    MAIL_TLS_OFF,      // Never.
    MAIL_TLS_TRY,      // STARTTLS when the server offers it, whatever its certificate.
    MAIL_TLS_REQUIRED, // STARTTLS or smtps, with a certificate that is checked.
};

// The rows of struct mail_settings.
extern const struct option mail_options[];
extern const size_t mail_options_count;

// Checks what single rows cannot. Fails: SG_FATAL in one line that names the setting to change and
// no secret. Any thread.
SG_RESULT mail_options_check(const struct mail_settings *settings);

// What smtp.tls means together with the other settings: "try" with a password is "required", so
// that nobody between can have the password by hiding STARTTLS. Any thread.
enum mail_tls mail_options_tls(const struct mail_settings *settings);

// True when smtp.url begins with smtps://. Any thread.
bool mail_options_is_smtps(const struct mail_settings *settings);
