// A record that is read before it is expected waits among the sightings of its topic.
#include "app/audit/verify/output_log.h"

#include "core/hash.h"
#include "schemas/delivery.h"
#include "streams/topology.h"

#include <stdlib.h>
#include <string.h>

enum { PREFETCH_BYTES = 64 << 20, HEADERS_MAX = 16, ARENA_BYTES_MAX = 64 << 20 };

struct slots {
    size_t first;
    size_t behind; // The first one that is not among them.
};

// A topic that is written.
struct written {
    bool is_used;
    bool is_shared;   // Others write to it as well.
    bool is_doubted;  // By a task that is not folded.
    bool is_given_up; // Too many records of others.
    bool is_full;     // Too many of ours.
    size_t first_slot;
    int32_t partitions;
    struct sightings *waiting;
};

struct output_log {
    const struct settings_all *all;
    struct codecs *codecs; // Borrowed.
    bool folded[PROCESSOR_COUNT];
    struct written topics[TOPIC_COUNT];
    struct log_reader *reader;
    struct log_span *spans; // By slot, with the ends of the open.
    size_t slots;
    struct arena *arena;
};

static bool is_shared(enum topic topic)
{
    return topic == TOPIC_QUOTES || topic == TOPIC_SUBSCRIPTIONS || topic == TOPIC_USERS;
}

static sg_result use_topic(struct output_log *log, enum topic topic)
{
    struct written *written = &log->topics[topic];
    if (written->is_used) {
        return sg_ok();
    }
    *written = (struct written){.is_used = true,
                                .is_shared = is_shared(topic),
                                .first_slot = log->slots,
                                .waiting = sightings_new(OUTPUT_LOG_WAITING_MAX)};
    if (written->waiting == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    SG_TRY(log_reader_partitions(log->all, topic, &written->partitions));
    for (int32_t i = 0; i < written->partitions; i++) {
        if (log->slots == LOG_SPANS_MAX) {
            return sg_fail(SG_FATAL, 0, "more than %d partitions", LOG_SPANS_MAX);
        }
        log->spans[log->slots++] = (struct log_span){topic, i, 0, LOG_END_COMMITTED};
    }
    return sg_ok();
}

static sg_result use_topics(struct output_log *log)
{
    for (size_t i = 0; i < PROCESSOR_COUNT; i++) {
        for (size_t j = 0; log->folded[i] && topology[i]->outputs[j] != TOPIC_COUNT; j++) {
            SG_TRY(use_topic(log, topology[i]->outputs[j]));
        }
    }
    return use_topic(log, TOPIC_DEAD_LETTERS);
}

SG_RESULT output_log_open(const struct settings_all *all, struct codecs *codecs,
                          const bool folded[static PROCESSOR_COUNT], struct output_log **ret_log)
{
    SG_CLEANUP(output_log_close) struct output_log *log = calloc(1, sizeof *log);
    if (log == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    log->all = all;
    log->codecs = codecs;
    memcpy(log->folded, folded, sizeof log->folded);
    log->spans = calloc(LOG_SPANS_MAX, sizeof *log->spans);
    log->arena = arena_new(ARENA_BYTES_MAX);
    if (log->spans == NULL || log->arena == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    SG_TRY(use_topics(log));
    SG_TRY(log_reader_open(all, log->spans, log->slots, PREFETCH_BYTES, &log->reader));
    *ret_log = SG_MOVE(log);
    return sg_ok();
}

void output_log_close(struct output_log **log)
{
    struct output_log *closing = *log;
    if (closing == NULL) {
        return;
    }
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        if (closing->topics[i].waiting != NULL) {
            sightings_free(&closing->topics[i].waiting);
        }
    }
    log_reader_close(&closing->reader);
    free(closing->spans);
    arena_free(&closing->arena);
    free(closing);
    *log = NULL;
}

void output_log_doubt(struct output_log *log, enum processor_id processor)
{
    for (size_t i = 0; topology[processor]->outputs[i] != TOPIC_COUNT; i++) {
        log->topics[topology[processor]->outputs[i]].is_doubted = true;
    }
    log->topics[TOPIC_DEAD_LETTERS].is_doubted = true;
}

// A dead letter says who wrote it.
static bool is_by_folded(const struct output_log *log, const struct kafka_message *message)
{
    for (size_t i = 0; i < message->header_count; i++) {
        if (strcmp(message->headers[i].name, "soglia-by") != 0) {
            continue;
        }
        for (size_t j = 0; j < PROCESSOR_COUNT; j++) {
            if (bytes_is_text(message->headers[i].value, topology[j]->name)) {
                return log->folded[j];
            }
        }
    }
    return false;
}

// The outcome of an attempt is no function of the topics: the fold does not make it.
static sg_result is_attempt(struct output_log *log, const struct kafka_message *message,
                            bool *ret_is)
{
    struct delivery delivery;
    arena_reset(log->arena);
    sg_result decoded = codec_decode(log->codecs->by_topic[TOPIC_DELIVERIES], message->value,
                                     log->arena, &delivery);
    if (decoded.class == SG_DROP) {
        *ret_is = false;
        return sg_ok();
    }
    SG_TRY(decoded);
    *ret_is = delivery.attempt > 0;
    return sg_ok();
}

// Whether the fold must explain the record.
static sg_result is_ours(struct output_log *log, enum topic topic,
                         const struct kafka_message *message, bool *ret_is)
{
    *ret_is = true;
    if (topic == TOPIC_DEAD_LETTERS) {
        *ret_is = is_by_folded(log, message);
    } else if (topic == TOPIC_DELIVERIES) {
        bool is_one = false;
        SG_TRY(is_attempt(log, message, &is_one));
        *ret_is = !is_one;
    }
    return sg_ok();
}

static void message_of(const struct kafka_record *record, struct kafka_header *headers,
                       struct kafka_message *ret_message)
{
    size_t count = kafka_record_headers(record, headers, HEADERS_MAX);
    *ret_message = (struct kafka_message){
        .key = record->key,
        .value = record->value,
        .has_value = record->has_value,
        .timestamp_ms = record->timestamp_ms,
        .headers = headers,
        .header_count = count < HEADERS_MAX ? count : HEADERS_MAX,
    };
}

// Keeps a record that is not the one that is looked for.
static void put_aside(struct output_log *log, enum topic topic, const struct identity *identity,
                      const struct place *place)
{
    struct written *written = &log->topics[topic];
    if (sightings_add(written->waiting, identity, place)) {
        return;
    }
    bool is_strict_one = !written->is_shared && !written->is_doubted;
    written->is_given_up = !is_strict_one;
    written->is_full = is_strict_one;
}

// Reads one record of a slot. `*ret_is_wanted`: it is the one that is looked for (NULL: none is).
static sg_result read_one(struct output_log *log, size_t slot, const struct identity *wanted,
                          bool *ret_more, bool *ret_is_wanted)
{
    const struct kafka_record *record = NULL;
    SG_TRY(log_reader_next(log->reader, slot, &record));
    *ret_more = record != NULL;
    *ret_is_wanted = false;
    if (record == NULL) {
        return sg_ok();
    }
    enum topic topic = log->spans[slot].topic;
    struct kafka_header headers[HEADERS_MAX];
    struct kafka_message message;
    message_of(record, headers, &message);
    bool is_one_of_ours = false;
    SG_TRY(is_ours(log, topic, &message, &is_one_of_ours));
    if (!is_one_of_ours) {
        return sg_ok();
    }
    struct identity identity = identity_of(topic, &message);
    if (wanted != NULL && identity_equal(&identity, wanted)) {
        *ret_is_wanted = true;
        return sg_ok();
    }
    struct place place = {record->partition, record->offset};
    put_aside(log, topic, &identity, &place);
    return sg_ok();
}

static bool is_over(const struct written *written)
{
    return written->is_given_up || written->is_full;
}

// Reads one record of each slot, until one is that which is looked for.
static sg_result search_round(struct output_log *log, const struct slots *slots,
                              const struct identity *wanted, size_t *ret_slot, bool *ret_more)
{
    *ret_more = false;
    for (size_t slot = slots->first; slot < slots->behind; slot++) {
        bool has_read = false;
        bool is_wanted = false;
        SG_TRY(read_one(log, slot, wanted, &has_read, &is_wanted));
        if (is_wanted) {
            *ret_slot = slot;
            return sg_ok();
        }
        *ret_more = *ret_more || has_read;
    }
    return sg_ok();
}

// Reads on in turn until the record is found or all slots are at the end of what is written.
static sg_result search(struct output_log *log, const struct slots *slots,
                        const struct identity *wanted, size_t *ret_slot)
{
    const struct written *written = &log->topics[log->spans[slots->first].topic];
    *ret_slot = slots->behind;
    for (int extended = 0; extended < 2; extended++) {
        bool has_more = true;
        while (has_more && *ret_slot == slots->behind && !is_over(written)) {
            SG_TRY(search_round(log, slots, wanted, ret_slot, &has_more));
        }
        // The transaction may have been committed after the end was looked up.
        bool is_missing = *ret_slot == slots->behind && extended == 0;
        for (size_t i = slots->first; i < slots->behind && is_missing; i++) {
            SG_TRY(log_reader_extend(log->reader, i));
        }
    }
    return sg_ok();
}

SG_RESULT output_log_take(struct output_log *log, const struct fold_output *output,
                          struct place *ret_place, bool *ret_found)
{
    struct written *written = &log->topics[output->topic];
    *ret_found = true;
    *ret_place = (struct place){0, -1};
    if (written->is_given_up || sightings_take(written->waiting, &output->identity, ret_place)) {
        return sg_ok();
    }
    // Without a key any partition may have it.
    struct slots slots = {written->first_slot, written->first_slot + (size_t)written->partitions};
    if (output->key.size > 0) {
        slots.first += hash_murmur2(output->key) % (uint32_t)written->partitions;
        slots.behind = slots.first + 1;
    }
    size_t slot = 0;
    SG_TRY(search(log, &slots, &output->identity, &slot));
    *ret_found = slot < slots.behind || written->is_given_up;
    slot = slot < slots.behind ? slot : slots.first;
    int64_t next = *ret_found ? log_reader_position(log->reader, slot) : 0;
    *ret_place = (struct place){log->spans[slot].partition, next - 1};
    return sg_ok();
}

size_t output_log_slot(const struct output_log *log, enum topic topic, int32_t partition)
{
    return log->topics[topic].first_slot + (size_t)partition;
}

size_t output_log_slots(const struct output_log *log)
{
    return log->slots;
}

int64_t output_log_kept_from(const struct output_log *log, size_t slot)
{
    return log->spans[slot].from;
}

SG_RESULT output_log_read_ahead(struct output_log *log, enum topic topic, int64_t records)
{
    const struct written *written = &log->topics[topic];
    for (int32_t i = 0; i < written->partitions && !is_over(written); i++) {
        size_t slot = written->first_slot + (size_t)i;
        SG_TRY(log_reader_extend(log->reader, slot));
        bool has_more = true;
        for (int64_t j = 0; j < records && has_more; j++) {
            bool is_wanted = false;
            SG_TRY(read_one(log, slot, NULL, &has_more, &is_wanted));
        }
    }
    return sg_ok();
}

size_t output_log_unexplained(const struct output_log *log, enum topic topic, size_t max,
                              struct place *ret_places)
{
    const struct written *written = &log->topics[topic];
    return written->is_used ? sightings_first(written->waiting, NULL, max, ret_places) : 0;
}

static bool is_strict(const struct written *written)
{
    return written->is_used && !written->is_shared && !written->is_doubted;
}

bool output_log_is_waiting(const struct output_log *log)
{
    bool is_waiting = false;
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        is_waiting = is_waiting ||
                     (is_strict(&log->topics[i]) && sightings_count(log->topics[i].waiting) > 0);
    }
    return is_waiting;
}

// Reads a partition up to the end that it had at the open.
static sg_result read_rest(struct output_log *log, size_t slot)
{
    bool has_more = log_reader_position(log->reader, slot) < log->spans[slot].end;
    while (has_more) {
        bool is_wanted = false;
        SG_TRY(read_one(log, slot, NULL, &has_more, &is_wanted));
        has_more = has_more && log_reader_position(log->reader, slot) < log->spans[slot].end;
    }
    return sg_ok();
}

// The first record of a topic that is below the ends of the open and was not taken. What lies
// behind them may belong to a later transaction.
static bool first_left(const struct output_log *log, const struct written *written,
                       struct place *ret_place)
{
    int64_t ends[LOG_SPANS_MAX];
    for (int32_t i = 0; i < written->partitions; i++) {
        ends[i] = log->spans[written->first_slot + (size_t)i].end;
    }
    return sightings_first(written->waiting, ends, 1, ret_place) > 0;
}

SG_RESULT output_log_finish(struct output_log *log, bool reads_on, enum topic *ret_topic,
                            struct place *ret_place, bool *ret_found)
{
    *ret_found = false;
    for (enum topic topic = 0; topic < TOPIC_COUNT && !*ret_found; topic++) {
        const struct written *written = &log->topics[topic];
        if (!is_strict(written)) {
            continue;
        }
        for (int32_t i = 0; i < written->partitions && reads_on && !written->is_full; i++) {
            SG_TRY(read_rest(log, written->first_slot + (size_t)i));
        }
        *ret_topic = topic;
        *ret_found = first_left(log, written, ret_place);
    }
    return sg_ok();
}

const char *output_log_given_up(const struct output_log *log)
{
    for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
        if (log->topics[topic].is_given_up) {
            return topic_info(topic)->name;
        }
    }
    return NULL;
}
