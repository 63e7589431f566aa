// The outbox. Sending happens elsewhere, after the commit; here an entry is made, kept for another
// attempt, or ended.
#include "streams/processors/deliver.h"

#include "core/hash.h"
#include "core/service/backoff.h"
#include "core/service/metric.h"
#include "core/utf8.h"
#include "schemas/delivery.h"
#include "schemas/endpoint_state.h"
#include "schemas/notification.h"
#include "schemas/outbox_entry.h"

#include <stdio.h>
#include <string.h>

// An entry is a little larger than its notification, and its changelog takes Kafka's usual
// megabyte.
enum { ID_BYTES_MAX = 128, NOTIFICATION_BYTES_MAX = 1000000 };

// The answer of an endpoint that wants nothing any more (410 Gone), and how many are remembered for
// a user: the oldest give way.
enum { STATUS_GONE = 410, GONE_MAX = 32 };

enum { DURATION_CHARS_MAX = 32 };

static const struct option options[] = {
    {.key = "deliver.retry_first",
     .type = OPTION_DURATION,
     .offset = offsetof(struct deliver_settings, retry_first_ms),
     .fallback = "10s",
     .min = 1,
     .max = 86400000,
     .help = "Longest wait before the second attempt of a mail; each further one doubles it."},
    {.key = "deliver.retry_max",
     .type = OPTION_DURATION,
     .offset = offsetof(struct deliver_settings, retry_max_ms),
     .fallback = "1h",
     .min = 1,
     .max = 864000000,
     .help = "Longest wait between two attempts of a mail."},
    {.key = "deliver.give_up",
     .type = OPTION_DURATION,
     .offset = offsetof(struct deliver_settings, give_up_ms),
     .fallback = "96h",
     .min = 0,
     .max = 8640000000,
     .help = "Time after the first attempt when a mail expires (RFC 5321, 4.5.4.1 asks for "
             "4 to 5 days)."},
    {.key = "deliver.webhook_waits",
     .type = OPTION_TEXT,
     .offset = offsetof(struct deliver_settings, webhook_waits),
     .fallback = "5s 5m 30m 2h 5h 10h 14h 20h 24h",
     .help =
         "Longest waits between the attempts of a webhook, at most 32 durations; after the last "
         "one a notification expires."},
};

struct option_table deliver_options(struct deliver_settings *target)
{
    return (struct option_table){"Delivery", options, sizeof options / sizeof options[0], target,
                                 false};
}

// The id is the key of the entry and part of the mail's Message-ID.
static sg_result check_id(struct bytes id)
{
    if (id.size >= 1 && id.size <= ID_BYTES_MAX && utf8_is_printable(id)) {
        return sg_ok();
    }
    return sg_fail(SG_DROP, 0,
                   "notification_id: wants 1 to %d bytes without control characters, has %zu bytes",
                   ID_BYTES_MAX, id.size);
}

static sg_result check_size(struct bytes value)
{
    if (value.size <= NOTIFICATION_BYTES_MAX) {
        return sg_ok();
    }
    return sg_fail(SG_DROP, 0, "the notification has %zu bytes: it may have %d", value.size,
                   NOTIFICATION_BYTES_MAX);
}

sg_result deliver_take(const struct process *process, const struct event *event)
{
    const struct notification *notification = event->record;
    SG_TRY(check_id(notification->notification_id));
    SG_TRY(check_size(event->value));
    struct store *outbox = stores_get(process->stores, DELIVER_OUTBOX);
    struct outbox_entry entry;
    bool found = false;
    SG_TRY(store_read(outbox, notification->notification_id, process->arena, &entry, &found));
    if (found) {
        return sg_ok(); // Under way already: the same notification again is no other one.
    }
    entry = (struct outbox_entry){.notification = *notification};
    return store_write(outbox, notification->notification_id, &entry);
}

// Reads the durations; 0 when there is something else among them or there are too many.
static size_t read_waits(const char *text, int64_t ret_waits_ms[static DELIVER_WAITS_MAX])
{
    static const struct option wait = {
        .key = "wait", .type = OPTION_DURATION, .min = 1, .max = 864000000};
    size_t count = 0;
    for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
        char word[DURATION_CHARS_MAX];
        size_t size = strcspn(text, " ");
        if (size >= sizeof word || count == DELIVER_WAITS_MAX) {
            return 0;
        }
        snprintf(word, sizeof word, "%.*s", (int)size, text);
        if (!sg_is_ok(option_read(&wait, word, &ret_waits_ms[count++]))) {
            return 0;
        }
        text += size;
    }
    return count;
}

sg_result deliver_check(const struct deliver_settings *settings)
{
    int64_t waits_ms[DELIVER_WAITS_MAX];
    if (read_waits(settings->webhook_waits, waits_ms) > 0) {
        return sg_ok();
    }
    return sg_fail(SG_FATAL, 0,
                   "deliver.webhook_waits: \"%s\" is no list of durations from 1ms to 10d with "
                   "blanks between them, as 5s 5m 30m",
                   settings->webhook_waits);
}

// When the next attempt of a mail is due: exponential, its jitter chosen by the notification's id,
// so that a replay chooses the same.
static bool next_mail(const struct deliver_settings *settings, const struct effect_outcome *outcome,
                      struct outbox_entry *entry)
{
    struct backoff backoff = {settings->retry_first_ms, settings->retry_max_ms};
    entry->next_attempt_at =
        outcome->at_ms + backoff_ms(&backoff, outcome->attempt, hash_bytes(outcome->id));
    return entry->next_attempt_at - entry->first_attempt_at <= settings->give_up_ms;
}

// The same of a webhook: by the list. The receiver may ask for later, never for earlier.
static bool next_webhook(const struct deliver_settings *settings,
                         const struct effect_outcome *outcome, struct outbox_entry *entry)
{
    int64_t waits_ms[DELIVER_WAITS_MAX];
    size_t count = read_waits(settings->webhook_waits, waits_ms);
    if (outcome->attempt < 1 || (size_t)outcome->attempt > count) {
        return false;
    }
    int64_t wait_ms = waits_ms[outcome->attempt - 1];
    struct backoff backoff = {wait_ms, wait_ms};
    int64_t next_ms = outcome->at_ms + backoff_ms(&backoff, 1, hash_bytes(outcome->id));
    entry->next_attempt_at = next_ms > outcome->not_before_ms ? next_ms : outcome->not_before_ms;
    return true;
}

// Whether the entry stays for another attempt; sets when.
static bool keep_entry(const struct deliver_settings *settings,
                       const struct effect_outcome *outcome, struct outbox_entry *entry)
{
    if (!entry->has_first_attempt_at) {
        entry->has_first_attempt_at = true;
        entry->first_attempt_at = outcome->at_ms;
    }
    entry->attempt = outcome->attempt;
    switch (entry->notification.channel) {
    case CHANNEL_KIND_EMAIL:
        break;
    case CHANNEL_KIND_WEBHOOK:
        return next_webhook(settings, outcome, entry);
    }
    return next_mail(settings, outcome, entry);
}

static bool is_listed(const struct endpoint_state *state, struct bytes url)
{
    for (size_t i = 0; i < state->gone_count; i++) {
        if (bytes_equal(state->gone[i], url)) {
            return true;
        }
    }
    return false;
}

// The endpoints of the user's present channels that are gone; none when the channels have changed.
static sg_result read_gone(struct stores *stores, struct arena *arena,
                           const struct notification *notification,
                           struct endpoint_state *ret_state)
{
    bool found = false;
    SG_TRY(store_read(stores_get(stores, DELIVER_ENDPOINTS), notification->user_id, arena,
                      ret_state, &found));
    if (!found || !bytes_equal(ret_state->channels_id, notification->channels_id)) {
        *ret_state = (struct endpoint_state){.channels_id = notification->channels_id};
    }
    return sg_ok();
}

// Without the list of channels nobody could tell when to try again: then nothing is remembered.
static bool has_endpoint(const struct notification *notification)
{
    return notification->channel == CHANNEL_KIND_WEBHOOK && notification->has_channels_id;
}

// Remembers that the endpoint is gone.
static sg_result note_gone(const struct process *process, const struct notification *notification)
{
    struct endpoint_state state;
    SG_TRY(read_gone(process->stores, process->arena, notification, &state));
    if (is_listed(&state, notification->address)) {
        return sg_ok();
    }
    struct bytes gone[GONE_MAX];
    size_t kept = state.gone_count < GONE_MAX ? state.gone_count : GONE_MAX - 1;
    for (size_t i = 0; i < kept; i++) {
        gone[i] = state.gone[state.gone_count - kept + i];
    }
    gone[kept] = notification->address;
    state.gone = gone;
    state.gone_count = kept + 1;
    return store_write(stores_get(process->stores, DELIVER_ENDPOINTS), notification->user_id,
                       &state);
}

static sg_result emit_delivery(const struct process *process, const struct outbox_entry *entry,
                               const struct effect_outcome *outcome, enum outcome result)
{
    struct delivery delivery = {
        .notification_id = entry->notification.notification_id,
        .user_id = entry->notification.user_id,
        .has_channel = true,
        .channel = entry->notification.channel,
        .attempt = outcome->attempt,
        .outcome = result,
        .code = outcome->code,
        .reply = outcome->reply,
        .at = outcome->at_ms,
        .has_next_attempt_at = result == OUTCOME_RETRY,
        .next_attempt_at = entry->next_attempt_at,
    };
    metric_add(METRIC_DELIVERIES, result, 0, 1);
    return process_emit(process, TOPIC_DELIVERIES, entry->notification.user_id, &delivery);
}

sg_result deliver_take_outcome(const struct process *process, const struct effect_outcome *outcome)
{
    struct store *outbox = stores_get(process->stores, DELIVER_OUTBOX);
    struct outbox_entry entry;
    bool found = false;
    SG_TRY(store_read(outbox, outcome->id, process->arena, &entry, &found));
    if (!found || entry.attempt >= outcome->attempt) {
        return sg_ok(); // Taken before: the sender may report an attempt again after a crash.
    }
    if (outcome->outcome == OUTCOME_REJECTED && outcome->code == STATUS_GONE &&
        has_endpoint(&entry.notification)) {
        SG_TRY(note_gone(process, &entry.notification));
    }
    if (outcome->outcome != OUTCOME_RETRY) {
        SG_TRY(emit_delivery(process, &entry, outcome, (enum outcome)outcome->outcome));
        return store_remove(outbox, outcome->id);
    }
    if (!keep_entry(process->settings, outcome, &entry)) {
        SG_TRY(emit_delivery(process, &entry, outcome, OUTCOME_EXPIRED));
        return store_remove(outbox, outcome->id);
    }
    SG_TRY(emit_delivery(process, &entry, outcome, OUTCOME_RETRY));
    return store_write(outbox, outcome->id, &entry);
}

int64_t deliver_due_ms(const void *entry)
{
    return ((const struct outbox_entry *)entry)->next_attempt_at;
}

unsigned deliver_lane(const void *entry)
{
    return ((const struct outbox_entry *)entry)->notification.channel == CHANNEL_KIND_WEBHOOK;
}

sg_result deliver_is_void(struct stores *stores, struct arena *arena, const void *entry,
                          bool *ret_void)
{
    const struct notification *notification = &((const struct outbox_entry *)entry)->notification;
    *ret_void = false;
    if (has_endpoint(notification)) {
        struct endpoint_state state;
        SG_TRY(read_gone(stores, arena, notification, &state));
        *ret_void = is_listed(&state, notification->address);
    }
    return sg_ok();
}
