// The HTML body of a message: one small table, styles in place, nothing fetched from anywhere.
#pragma once
#include "streams/processors/alert_words.h"

// Adds the body of a message on this alert; every value from outside is escaped. Fails: SG_DROP
// past the buffer's limit, SG_FATAL without memory. Any thread.
SG_RESULT message_html_print(const struct alert_words *words, const struct alert *alert,
                             struct buffer *out);
