// Partition by partition, since a user's notifications and their deliveries have the same one.
#include "app/audit/verify/delivery_log.h"

#include "schemas/delivery.h"
#include "schemas/notification.h"
#include "streams/ledger.h"

#include <stdlib.h>
#include <string.h>

enum { PREFETCH_BYTES = 32 << 20, OPEN_MAX = 1 << 22, ARENA_BYTES_MAX = 64 << 20 };

struct delivery_log {
    struct codecs *codecs;
    struct log_span *spans; // Deliveries by partition, then notifications.
    int32_t partitions;
    struct log_reader *reader;
    struct sightings *open; // Notifications that are not done with, by their ids.
    struct arena *arena;
};

SG_RESULT delivery_log_open(const struct settings_all *all, struct codecs *codecs,
                            struct delivery_log **ret_log)
{
    SG_CLEANUP(delivery_log_close) struct delivery_log *log = calloc(1, sizeof *log);
    if (log == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    log->codecs = codecs;
    log->arena = arena_new(ARENA_BYTES_MAX);
    log->open = sightings_new(OPEN_MAX);
    SG_TRY(log_reader_partitions(all, TOPIC_DELIVERIES, &log->partitions));
    log->spans = calloc(2 * (size_t)log->partitions, sizeof *log->spans);
    if (log->arena == NULL || log->open == NULL || log->spans == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    for (int32_t i = 0; i < log->partitions; i++) {
        log->spans[i] = (struct log_span){TOPIC_DELIVERIES, i, 0, LOG_END_COMMITTED};
        log->spans[log->partitions + i] =
            (struct log_span){TOPIC_NOTIFICATIONS, i, 0, LOG_END_COMMITTED};
    }
    SG_TRY(log_reader_open(all, log->spans, 2 * (size_t)log->partitions, PREFETCH_BYTES,
                           &log->reader));
    *ret_log = SG_MOVE(log);
    return sg_ok();
}

void delivery_log_close(struct delivery_log **log)
{
    struct delivery_log *closing = *log;
    if (closing == NULL) {
        return;
    }
    log_reader_close(&closing->reader);
    if (closing->open != NULL) {
        sightings_free(&closing->open);
    }
    free(closing->spans);
    arena_free(&closing->arena);
    free(closing);
    *log = NULL;
}

static struct identity identity_of_id(struct bytes id)
{
    struct kafka_message message = {.key = id};
    return identity_of(TOPIC_NOTIFICATIONS, &message);
}

// The next record of a span, also one that was written since the open; NULL at the end.
static sg_result next(struct delivery_log *log, size_t slot, const struct kafka_record **ret_record)
{
    SG_TRY(log_reader_next(log->reader, slot, ret_record));
    if (*ret_record == NULL) {
        SG_TRY(log_reader_extend(log->reader, slot));
        SG_TRY(log_reader_next(log->reader, slot, ret_record));
    }
    return sg_ok();
}

static sg_result decode(struct delivery_log *log, enum topic topic,
                        const struct kafka_record *record, void *ret_record, bool *ret_read)
{
    arena_reset(log->arena);
    sg_result decoded =
        codec_decode(log->codecs->by_topic[topic], record->value, log->arena, ret_record);
    *ret_read = sg_is_ok(decoded);
    return decoded.class == SG_DROP ? sg_ok() : decoded;
}

// The next attempt of a partition; `*ret_record` NULL when there is none. A Delivery that is no
// attempt was written by notifications.
static sg_result next_attempt(struct delivery_log *log, int32_t partition,
                              const struct kafka_record **ret_record, struct delivery *ret_delivery)
{
    for (;;) {
        bool is_read = false;
        SG_TRY(next(log, (size_t)partition, ret_record));
        if (*ret_record == NULL) {
            return sg_ok();
        }
        SG_TRY(decode(log, TOPIC_DELIVERIES, *ret_record, ret_delivery, &is_read));
        if (is_read && ret_delivery->attempt > 0) {
            return sg_ok();
        }
    }
}

// Looks for the notification of an attempt among those that are open, reading on where needed.
static sg_result find_notification(struct delivery_log *log, int32_t partition,
                                   const struct identity *wanted, bool *ret_found)
{
    struct place place;
    *ret_found = sightings_take(log->open, wanted, &place);
    while (!*ret_found) {
        const struct kafka_record *record = NULL;
        struct notification notification;
        bool is_read = false;
        SG_TRY(next(log, (size_t)(log->partitions + partition), &record));
        if (record == NULL) {
            return sg_ok();
        }
        SG_TRY(decode(log, TOPIC_NOTIFICATIONS, record, &notification, &is_read));
        if (!is_read) {
            continue;
        }
        struct identity identity = identity_of_id(notification.notification_id);
        *ret_found = identity_equal(&identity, wanted);
        place = (struct place){partition, record->offset};
        if (!*ret_found && !sightings_add(log->open, &identity, &place)) {
            return sg_fail(SG_FATAL, 0, "more than %d notifications wait for their delivery",
                           OPEN_MAX);
        }
    }
    return sg_ok();
}

static sg_result take_attempt(struct delivery_log *log, const struct delivery *delivery,
                              const struct place *place, bool *ret_known)
{
    struct identity identity = identity_of_id(delivery->notification_id);
    bool is_final = delivery->outcome != OUTCOME_RETRY;
    SG_TRY(find_notification(log, place->partition, &identity, ret_known));
    if (*ret_known && !is_final && !sightings_add(log->open, &identity, place)) {
        return sg_fail(SG_FATAL, 0, "more than %d notifications wait for their delivery", OPEN_MAX);
    }
    return sg_ok();
}

static void add(struct digest *digest, const struct kafka_record *record)
{
    struct kafka_message message = {.key = record->key,
                                    .value = record->value,
                                    .has_value = record->has_value,
                                    .timestamp_ms = record->timestamp_ms};
    ledger_add(digest, &message);
}

SG_RESULT delivery_log_take(struct delivery_log *log, int32_t partition,
                            const struct journal_output *output, enum delivery_verdict *ret_verdict,
                            struct place *ret_place)
{
    struct digest digest;
    digest_begin(&digest);
    *ret_place = (struct place){partition, log_reader_position(log->reader, (size_t)partition)};
    for (int64_t i = 0; i < output->records; i++) {
        const struct kafka_record *record = NULL;
        struct delivery delivery;
        SG_TRY(next_attempt(log, partition, &record, &delivery));
        if (record == NULL) {
            *ret_verdict = DELIVERY_MISSING;
            return sg_ok();
        }
        struct place place = {partition, record->offset};
        bool is_known = false;
        add(&digest, record);
        SG_TRY(take_attempt(log, &delivery, &place, &is_known));
        *ret_place = i == 0 || !is_known ? place : *ret_place;
        if (!is_known) {
            *ret_verdict = DELIVERY_UNKNOWN;
            return sg_ok();
        }
    }
    uint8_t hash[DIGEST_BYTES];
    char text[DIGEST_CHARS + 1];
    digest_end(&digest, hash);
    digest_print(hash, text);
    *ret_verdict = bytes_is_text(output->hash, text) ? DELIVERY_AS_RECORDED : DELIVERY_CHANGED;
    return sg_ok();
}

SG_RESULT delivery_log_finish(struct delivery_log *log, struct place *ret_place, bool *ret_found)
{
    *ret_found = false;
    for (int32_t i = 0; i < log->partitions && !*ret_found; i++) {
        if (log_reader_position(log->reader, (size_t)i) >= log->spans[i].end) {
            continue;
        }
        const struct kafka_record *record = NULL;
        struct delivery delivery;
        SG_TRY(next_attempt(log, i, &record, &delivery));
        *ret_found = record != NULL && record->offset < log->spans[i].end;
        *ret_place = (struct place){i, record == NULL ? -1 : record->offset};
    }
    return sg_ok();
}
