// The plain text body of a message.
#pragma once
#include "streams/processors/alert_words.h"

// Adds the body of a message on this alert. Fails: SG_DROP past the buffer's limit, SG_FATAL
// without memory. Any thread.
SG_RESULT message_text_print(const struct alert_words *words, const struct alert *alert,
                             struct buffer *out);
