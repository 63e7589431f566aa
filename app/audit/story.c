// From the alert backwards to its cause, then forwards to the people.
#include "app/audit/story.h"

#include "core/hash.h"
#include "schemas/alert.h"
#include "schemas/delivery.h"
#include "schemas/journal.h"
#include "schemas/notification.h"
#include "schemas/quote.h"
#include "schemas/subscription.h"

#include <stdio.h>
#include <string.h>

enum { DAY_MS = 86400000, FIRST_WINDOW = 1000, WINDOW_GROWTH = 32, ID_TEXT_MAX = 64 };

// What every search below is about.
struct search {
    struct archive *archive;
    struct story *story;
    int64_t offset; // Of the find, -1 for none yet; the last one wins.
};

static const struct alert *alert_of(const struct story *story)
{
    return story->alert.record;
}

static bool is_about_quote(const struct alert *alert)
{
    return bytes_is_text(alert->cause.topic, topic_info(TOPIC_QUOTES)->name);
}

static sg_result find(struct search *search, struct log_span *span, struct bytes text,
                      archive_visit_fn visit)
{
    struct archive_search request = {
        .spans = span, .count = 1, .text = text, .visit = visit, .context = search};
    return archive_find(search->archive, &request);
}

// Keeps what the search has found, if anything.
static sg_result keep(const struct search *search, const struct log_span *span,
                      struct exhibit *ret_found)
{
    if (search->offset < 0) {
        return sg_ok();
    }
    return archive_at(search->archive, span->topic, span->partition, search->offset, ret_found);
}

// Of several that fit the last one is meant that is not later than the alert.
static void note(struct search *search, const struct exhibit *seen)
{
    if (search->offset < 0 || seen->timestamp_ms <= search->story->alert.timestamp_ms) {
        search->offset = seen->offset;
    }
}

struct wanted_alert {
    struct archive *archive;
    struct bytes id;
    struct exhibit *kept;
};

static sg_result take_alert(void *context, const struct exhibit *seen, bool *ret_stop)
{
    const struct wanted_alert *wanted = context;
    const struct alert *alert = seen->record;
    if (!bytes_equal(alert->alert_id, wanted->id)) {
        return sg_ok();
    }
    *ret_stop = true;
    return archive_keep(wanted->archive, seen, wanted->kept);
}

static sg_result find_alert(struct archive *archive, const char *alert_id, int64_t from_ms,
                            struct exhibit *ret_alert)
{
    struct log_span *spans = arena_take(archive->arena, LOG_SPANS_MAX * sizeof *spans);
    if (spans == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    size_t count = 0;
    SG_TRY(archive_spans(archive, TOPIC_ALERTS, LOG_SPANS_MAX, spans, &count));
    for (size_t i = 0; i < count && from_ms > 0; i++) {
        SG_TRY(log_reader_offset_at(archive->all, TOPIC_ALERTS, spans[i].partition, from_ms,
                                    &spans[i].from));
    }
    struct wanted_alert wanted = {archive, bytes_of_text(alert_id), ret_alert};
    struct archive_search search = {
        .spans = spans, .count = count, .text = wanted.id, .visit = take_alert, .context = &wanted};
    SG_TRY(archive_find(archive, &search));
    if (ret_alert->record == NULL) {
        return sg_fail(SG_FATAL, 0,
                       "no alert has the id %s%s; `soglia tail alerts --json --from=-10` shows the "
                       "last ones with their alert_id",
                       alert_id, from_ms > 0 ? " since the time of --from" : "");
    }
    return sg_ok();
}

static sg_result take_subscription(void *context, const struct exhibit *seen, bool *ret_stop)
{
    (void)ret_stop;
    struct search *search = context;
    const struct alert *alert = alert_of(search->story);
    const struct subscription *subscription = seen->record;
    if (bytes_equal(subscription->subscription_id, alert->subscription_id) &&
        bytes_equal(subscription->instrument, alert->instrument) &&
        subscription->version == alert->subscription_version) {
        note(search, seen);
    }
    return sg_ok();
}

// The version that was judged; of equal versions the last one before the alert.
static sg_result find_subscription(struct archive *archive, struct story *story)
{
    const struct alert *alert = alert_of(story);
    struct search search = {archive, story, -1};
    struct log_span span = {TOPIC_SUBSCRIPTIONS, alert->cause.partition, 0, LOG_END_COMMITTED};
    SG_TRY(find(&search, &span, alert->subscription_id, take_subscription));
    return keep(&search, &span, &story->subscription);
}

static bool has_value(const struct exhibit *seen, struct bytes instrument, double value)
{
    const struct quote *quote = seen->record;
    return bytes_equal(quote->instrument, instrument) && quote->value == value;
}

static sg_result take_last_quote(void *context, const struct exhibit *seen, bool *ret_stop)
{
    (void)ret_stop;
    struct search *search = context;
    const struct alert *alert = alert_of(search->story);
    const struct quote *quote = seen->record;
    if (has_value(seen, alert->instrument, alert->value) &&
        quote->event_time == alert->event_time) {
        note(search, seen);
    }
    return sg_ok();
}

// A changed subscription was judged on the instrument's last quote, which lies before it in time.
static sg_result find_last_quote(struct archive *archive, struct story *story)
{
    const struct alert *alert = alert_of(story);
    struct search search = {archive, story, -1};
    struct log_span span = {TOPIC_QUOTES, alert->cause.partition, 0, LOG_END_COMMITTED};
    // No event time is more than a day after the timestamp of its record.
    SG_TRY(log_reader_offset_at(archive->all, TOPIC_QUOTES, span.partition,
                                alert->event_time > DAY_MS ? alert->event_time - DAY_MS : 0,
                                &span.from));
    SG_TRY(find(&search, &span, alert->instrument, take_last_quote));
    return keep(&search, &span, &story->quote);
}

static sg_result take_before(void *context, const struct exhibit *seen, bool *ret_stop)
{
    (void)ret_stop;
    struct search *search = context;
    const struct alert *alert = alert_of(search->story);
    const struct quote *quote = seen->record;
    if (has_value(seen, alert->instrument, alert->previous_value) &&
        quote->event_time <= alert->event_time) {
        search->offset = seen->offset;
    }
    return sg_ok();
}

// Backwards from the quote that decided, in growing windows.
static sg_result find_before(struct archive *archive, struct story *story)
{
    const struct alert *alert = alert_of(story);
    struct search search = {archive, story, -1};
    int64_t end = alert->cause.offset;
    int64_t window = FIRST_WINDOW;
    while (end > 0 && search.offset < 0) {
        int64_t from = end > window ? end - window : 0;
        struct log_span span = {TOPIC_QUOTES, alert->cause.partition, from, end};
        SG_TRY(find(&search, &span, alert->instrument, take_before));
        SG_TRY(keep(&search, &span, &story->before));
        // Retention has taken what is further back.
        end = span.from > from ? 0 : from;
        window *= WINDOW_GROWTH;
    }
    return sg_ok();
}

static sg_result find_causes(struct archive *archive, struct story *story)
{
    const struct alert *alert = alert_of(story);
    int32_t partition = alert->cause.partition;
    int64_t offset = alert->cause.offset;
    if (!is_about_quote(alert)) {
        SG_TRY(archive_at(archive, TOPIC_SUBSCRIPTIONS, partition, offset, &story->subscription));
        return find_last_quote(archive, story);
    }
    SG_TRY(archive_at(archive, TOPIC_QUOTES, partition, offset, &story->quote));
    SG_TRY(find_subscription(archive, story));
    return alert->has_previous_value ? find_before(archive, story) : sg_ok();
}

static sg_result take_notification(void *context, const struct exhibit *seen, bool *ret_stop)
{
    (void)ret_stop;
    struct search *search = context;
    struct story *story = search->story;
    const struct notification *notification = seen->record;
    for (size_t i = 0; i < notification->alert_ids_count; i++) {
        if (bytes_equal(notification->alert_ids[i], alert_of(story)->alert_id) &&
            story->notification_count < STORY_MESSAGES_MAX) {
            return archive_keep(search->archive, seen,
                                &story->notifications[story->notification_count++]);
        }
    }
    return sg_ok();
}

// A Delivery of one of the notifications, or the one that says why there is none.
static bool is_delivery_of(const struct story *story, const struct delivery *delivery,
                           const char *nobody_id)
{
    bool is_it = bytes_is_text(delivery->notification_id, nobody_id);
    for (size_t i = 0; i < story->notification_count && !is_it; i++) {
        const struct notification *notification = story->notifications[i].record;
        is_it = bytes_equal(notification->notification_id, delivery->notification_id);
    }
    return is_it;
}

// The id that stands in place of a notification's when the user cannot be told.
static void nobody_of(const struct alert *alert, char ret_id[static HASH_IDENTITY_CHARS + 1])
{
    char text[ID_TEXT_MAX];
    int length = snprintf(text, sizeof text, "%.*s\x1FNONE", HASH_IDENTITY_CHARS,
                          (const char *)alert->alert_id.data);
    hash_identity(bytes_of(text, (size_t)length), ret_id);
}

static sg_result take_delivery(void *context, const struct exhibit *seen, bool *ret_stop)
{
    (void)ret_stop;
    struct search *search = context;
    struct story *story = search->story;
    char nobody_id[HASH_IDENTITY_CHARS + 1];
    nobody_of(alert_of(story), nobody_id);
    if (story->delivery_count == STORY_ATTEMPTS_MAX ||
        !is_delivery_of(story, seen->record, nobody_id)) {
        return sg_ok();
    }
    return archive_keep(search->archive, seen, &story->deliveries[story->delivery_count++]);
}

// What came of it is in the same partition of the user's topics, never earlier than the alert.
static sg_result find_messages(struct archive *archive, struct story *story)
{
    static const struct {
        enum topic topic;
        archive_visit_fn take;
    } steps[] = {{TOPIC_NOTIFICATIONS, take_notification}, {TOPIC_DELIVERIES, take_delivery}};
    struct search search = {archive, story, -1};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct log_span span = {steps[i].topic, story->alert.partition, 0, LOG_END_COMMITTED};
        SG_TRY(log_reader_offset_at(archive->all, span.topic, span.partition,
                                    story->alert.timestamp_ms, &span.from));
        struct bytes text = span.topic == TOPIC_NOTIFICATIONS ? alert_of(story)->alert_id
                                                              : alert_of(story)->user_id;
        SG_TRY(find(&search, &span, text, steps[i].take));
    }
    return sg_ok();
}

// Whether a transaction took the record at the alert's cause.
static bool took(const struct journal *journal, const struct alert *alert)
{
    int64_t first = -1;
    int64_t behind = -1;
    for (size_t i = 0; i < journal->from_count; i++) {
        const struct journal_position *from = &journal->from[i];
        if (from->partition != alert->cause.partition ||
            !bytes_equal(from->topic, alert->cause.topic)) {
            continue;
        }
        first = from->offset;
        for (size_t j = 0; j < journal->runs_count; j++) {
            behind = journal->runs[j].input == (int32_t)i ? journal->runs[j].to : behind;
        }
    }
    return first >= 0 && alert->cause.offset >= first && alert->cause.offset < behind;
}

static sg_result take_journal(void *context, const struct exhibit *seen, bool *ret_stop)
{
    struct search *search = context;
    if (!took(seen->record, alert_of(search->story))) {
        return sg_ok();
    }
    search->offset = seen->offset;
    *ret_stop = true;
    return sg_ok();
}

static sg_result find_journal(struct archive *archive, struct story *story)
{
    char task[ID_TEXT_MAX];
    snprintf(task, sizeof task, "alerts/%d", (int)alert_of(story)->cause.partition);
    int32_t partitions = 0;
    SG_TRY(log_reader_partitions(archive->all, TOPIC_JOURNAL, &partitions));
    struct search search = {archive, story, -1};
    struct log_span span = {TOPIC_JOURNAL,
                            (int32_t)(hash_murmur2(bytes_of_text(task)) % (uint32_t)partitions), 0,
                            LOG_END_COMMITTED};
    SG_TRY(log_reader_offset_at(archive->all, TOPIC_JOURNAL, span.partition,
                                story->alert.timestamp_ms, &span.from));
    SG_TRY(find(&search, &span, bytes_of_text(task), take_journal));
    return keep(&search, &span, &story->journal);
}

SG_RESULT story_tell(struct archive *archive, const char *alert_id, int64_t from_ms,
                     struct story *ret_story)
{
    memset(ret_story, 0, sizeof *ret_story);
    SG_TRY(find_alert(archive, alert_id, from_ms, &ret_story->alert));
    SG_TRY(find_causes(archive, ret_story));
    SG_TRY(find_journal(archive, ret_story));
    return find_messages(archive, ret_story);
}
