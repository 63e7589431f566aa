// The page behind a link of a mail: one alert, its thresholds, and two buttons. Without scripts.
#pragma once
#include "core/buffer.h"
#include "schemas/subscription.h"

// Writes the page; `message` says what just happened, "" for nothing. `subscription` NULL: it has
// ended. Fails as buffer_append(). Any thread.
SG_RESULT link_page_write(const struct subscription *subscription, const char *message,
                          struct buffer *out);
