// The outbox. Sending happens elsewhere, after the commit; here an entry is made, kept for another
// attempt, or ended.
#include "streams/processors/deliver.h"

#include "core/hash.h"
#include "core/service/backoff.h"
#include "core/service/metric.h"
#include "core/utf8.h"
#include "schemas/delivery.h"
#include "schemas/notification.h"
#include "schemas/outbox_entry.h"

// An entry is a little larger than its notification, and its changelog takes Kafka's usual
// megabyte.
enum { ID_BYTES_MAX = 128, NOTIFICATION_BYTES_MAX = 1000000 };

static const struct option options[] = {
    {.key = "deliver.retry_first",
     .type = OPTION_DURATION,
     .offset = offsetof(struct deliver_settings, retry_first_ms),
     .fallback = "10s",
     .min = 1,
     .max = 86400000,
     .help = "Longest wait before the second attempt; each further one doubles it."},
    {.key = "deliver.retry_max",
     .type = OPTION_DURATION,
     .offset = offsetof(struct deliver_settings, retry_max_ms),
     .fallback = "1h",
     .min = 1,
     .max = 864000000,
     .help = "Longest wait between two attempts."},
    {.key = "deliver.give_up",
     .type = OPTION_DURATION,
     .offset = offsetof(struct deliver_settings, give_up_ms),
     .fallback = "96h",
     .min = 0,
     .max = 8640000000,
     .help = "Time after the first attempt when a notification expires (RFC 5321, 4.5.4.1 asks for "
             "4 to 5 days)."},
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

// When the next attempt is due: exponential, its jitter chosen by the notification's id, so that a
// replay chooses the same.
static int64_t next_attempt(const struct deliver_settings *settings,
                            const struct effect_outcome *outcome)
{
    struct backoff backoff = {settings->retry_first_ms, settings->retry_max_ms};
    return outcome->at_ms + backoff_ms(&backoff, outcome->attempt, hash_bytes(outcome->id));
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
    entry->next_attempt_at = next_attempt(settings, outcome);
    return entry->next_attempt_at - entry->first_attempt_at <= settings->give_up_ms;
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
