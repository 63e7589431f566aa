// The story of an alert, gathered from the topics: what moved, who asked, what came of it.
#pragma once
#include "app/audit/log/archive.h"

enum { STORY_MESSAGES_MAX = 64, STORY_ATTEMPTS_MAX = 256 };

struct story {
    struct exhibit alert;
    struct exhibit quote;        // What decided, or what a changed subscription was judged on.
    struct exhibit before;       // The quote that had the previous value.
    struct exhibit subscription; // The version that was judged.
    struct exhibit journal;      // The transaction that decided.
    struct exhibit notifications[STORY_MESSAGES_MAX];
    size_t notification_count;
    struct exhibit deliveries[STORY_ATTEMPTS_MAX];
    size_t delivery_count;
};

// Gathers what there is about the alert with this id, looked for in alerts from `from_ms` on; what
// is not kept any more stays empty. Fails: SG_FATAL when there is no such alert, SG_RETRY.
SG_RESULT story_tell(struct archive *archive, const char *alert_id, int64_t from_ms,
                     struct story *ret_story);

// Why the alert was raised, as a sentence for people; `subscription` may be NULL. Fails as
// buffer_print().
SG_RESULT story_why(const struct exhibit *alert, const struct exhibit *subscription,
                    struct buffer *out);

// The row of docs/alert-rules.md that applied.
const char *story_row(const struct exhibit *alert, const struct exhibit *subscription);
