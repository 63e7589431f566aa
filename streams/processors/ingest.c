// Fills what the sender left out, all of it from the record itself: reading the topic again gives
// the same bytes.
#include "streams/processors/ingest.h"

#include "core/hash.h"
#include "schemas/quote.h"
#include "schemas/record_json.h"
#include "schemas/subscription.h"
#include "schemas/user.h"
#include "streams/processors/checks.h"
#include "streams/processors/excerpt.h"

// A line that was read: its record, and which fields the sender gave.
struct line {
    const struct process *process;
    const struct event *event;
    const struct topic_info *info;
    uint64_t present;
};

// True, once, when the sender left the field out: the caller fills it.
static bool is_left_out(struct line *line, const char *field)
{
    uint64_t bit = record_json_bit(line->info->record, field);
    bool left_out = (line->present & bit) == 0;
    line->present |= bit;
    return left_out;
}

static sg_result read_line(struct line *line, void *ret_record)
{
    struct bytes value = line->event->value;
    if (value.size == 0) {
        return sg_fail(SG_DROP, 0, "the value is empty: send a JSON object, one a record");
    }
    return record_json_read(line->info->record, value, line->process->arena, ret_record,
                            &line->present);
}

// The key is taken from the value; one that says something else is a mistake of the sender.
static sg_result check_key(const struct line *line, struct bytes wanted)
{
    struct bytes key = line->event->key;
    if (key.size == 0 || bytes_equal(key, wanted)) {
        return sg_ok();
    }
    char key_shown[EXCERPT_MAX];
    char wanted_shown[EXCERPT_MAX];
    excerpt_of(key, key_shown);
    excerpt_of(wanted, wanted_shown);
    return sg_fail(SG_DROP, 0, "the record's key is %s, but %s is %s: send the same, or no key",
                   key_shown, line->info->key_field, wanted_shown);
}

static sg_result require_all(const struct line *line)
{
    const struct record_type *record = line->info->record;
    return record_json_require(record, line->present, record_json_required(record));
}

static sg_result take_quote(struct line *line)
{
    struct quote quote = quote_default;
    SG_TRY(read_line(line, &quote));
    if (is_left_out(line, "event_time")) {
        quote.event_time = line->event->timestamp_ms;
    }
    if (is_left_out(line, "source")) {
        quote.source = bytes_of_text("kcat");
    }
    SG_TRY(require_all(line));
    SG_TRY(check_key(line, quote.instrument));
    SG_TRY(check_quote(&quote, line->event->timestamp_ms));
    return process_emit(line->process, line->info->twin, quote.instrument, &quote);
}

// A user has one subscription an instrument here, so sending it again changes it.
static sg_result fill_subscription_id(const struct line *line, struct subscription *subscription)
{
    char *id = arena_take(line->process->arena, HASH_IDENTITY_CHARS + 1);
    if (id == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for a subscription");
    }
    SG_CLEANUP(buffer_done) struct buffer joined;
    buffer_init(&joined, RECORD_JSON_BYTES_MAX);
    SG_TRY(buffer_append(&joined, subscription->user_id));
    SG_TRY(buffer_append_byte(&joined, 0x1F));
    SG_TRY(buffer_append(&joined, subscription->instrument));
    hash_identity(buffer_bytes(&joined), id);
    subscription->subscription_id = bytes_of_text(id);
    return sg_ok();
}

static sg_result take_subscription(struct line *line)
{
    struct subscription subscription = subscription_default;
    SG_TRY(read_line(line, &subscription));
    if (is_left_out(line, "active")) {
        subscription.active = true;
    }
    if (is_left_out(line, "version")) {
        subscription.version = line->event->timestamp_ms;
    }
    if (is_left_out(line, "changed_at")) {
        subscription.changed_at = line->event->timestamp_ms;
    }
    bool id_left_out = is_left_out(line, "subscription_id");
    SG_TRY(require_all(line));
    if (id_left_out) {
        SG_TRY(fill_subscription_id(line, &subscription));
    }
    SG_TRY(check_key(line, subscription.instrument));
    SG_TRY(check_subscription(&subscription));
    return process_emit(line->process, line->info->twin, subscription.instrument, &subscription);
}

static sg_result take_user(struct line *line)
{
    struct user user = user_default;
    SG_TRY(read_line(line, &user));
    if (is_left_out(line, "active")) {
        user.active = true;
    }
    if (is_left_out(line, "version")) {
        user.version = line->event->timestamp_ms;
    }
    if (is_left_out(line, "changed_at")) {
        user.changed_at = line->event->timestamp_ms;
    }
    // Who leaves need not give the address once more.
    if (!user.active && is_left_out(line, "email")) {
        user.email = bytes_of_text("");
    }
    struct channel by_email = {.kind = CHANNEL_KIND_EMAIL, .address = user.email};
    if (is_left_out(line, "channels") && user.email.size > 0) {
        user.channels = &by_email;
        user.channels_count = 1;
    }
    SG_TRY(require_all(line));
    SG_TRY(check_key(line, user.user_id));
    SG_TRY(check_user(&user));
    return process_emit(line->process, line->info->twin, user.user_id, &user);
}

sg_result ingest_take(const struct process *process, const struct event *event)
{
    struct line line = {process, event, topic_info(event->topic), 0};
    if (line.info->twin == TOPIC_USERS) {
        return take_user(&line);
    }
    if (line.info->twin == TOPIC_SUBSCRIPTIONS) {
        return take_subscription(&line);
    }
    return take_quote(&line);
}
