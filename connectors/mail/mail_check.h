// Asks whether mail could be sent now, for people who set soglia up.
#pragma once
#include "connectors/mail/mail_options.h"
#include "core/buffer.h"

// Checks the settings, connects to the mail server, says hello, encrypts and logs in as they say,
// and leaves without sending a mail; takes at most 10 seconds. Adds one line about the server to
// `out`. Fails: SG_FATAL for settings, SG_RETRY for the server, each with one line that says what
// is wrong and no secret. Any thread.
SG_RESULT mail_check(const struct mail_settings *settings, struct buffer *out);
