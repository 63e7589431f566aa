// The page behind a link of a mail: one alert, its thresholds, its pause, and buttons. Without
// scripts.
#pragma once
#include "core/buffer.h"
#include "schemas/subscription.h"

struct link_page {
    const struct subscription *subscription; // NULL: it has ended.
    const char *message;                     // What just happened, "" for nothing.
    struct bytes time_zone;                  // In which times are shown; one that is unknown: UTC.
    int64_t now_ms;                          // A pause before this is over.
};

// Writes the page. Fails as buffer_append(). Any thread.
SG_RESULT link_page_write(const struct link_page *page, struct buffer *out);
