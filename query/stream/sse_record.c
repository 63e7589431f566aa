// One codec a topic. A quote is written as /v1/instruments/{instrument} has it, an alert as
// /v1/alerts has it.
#include "query/stream/sse_record.h"

#include "core/arena.h"
#include "core/hash.h"
#include "core/service/clock.h"
#include "query/http/json_writer.h"
#include "query/views/quotes/instrument_view.h"
#include "query/views/quotes/quote_view.h"
#include "schemas/alert.h"
#include "schemas/codec.h"
#include "schemas/quote.h"

#include <stdlib.h>

enum { ARENA_BYTES = 32 * 1024 * 1024 };

// The last moment that RFC 3339 can write.
static const int64_t time_max = INT64_C(253402300799999);

struct sse_record {
    struct codec *codecs[SSE_TOPICS];
    struct arena *arena;
    struct buffer json;
    union {
        struct quote quote;
        struct alert alert;
    } value;
};

struct sse_record *sse_record_new(void)
{
    struct sse_record *record = calloc(1, sizeof *record);
    if (record == NULL) {
        return NULL;
    }
    buffer_init(&record->json, SSE_JSON_MAX);
    record->arena = arena_new(ARENA_BYTES);
    if (record->arena == NULL) {
        sse_record_free(&record);
    }
    return record;
}

void sse_record_free(struct sse_record **record)
{
    if (*record == NULL) {
        return;
    }
    for (size_t i = 0; i < SSE_TOPICS; i++) {
        codec_free(&(*record)->codecs[i]);
    }
    arena_free(&(*record)->arena);
    buffer_done(&(*record)->json);
    free(*record);
    *record = NULL;
}

enum topic sse_record_topic(enum sse_topic topic)
{
    return topic == SSE_TOPIC_QUOTES ? TOPIC_QUOTES : TOPIC_ALERTS;
}

static sg_result schema_of(void *context, int32_t id, struct bytes *ret_text)
{
    return registry_schema(context, id, ret_text);
}

sg_result sse_record_prepare(struct sse_record *record, struct registry *registry)
{
    for (unsigned i = 0; i < SSE_TOPICS; i++) {
        if (record->codecs[i] != NULL) {
            continue;
        }
        enum topic topic = sse_record_topic((enum sse_topic)i);
        struct codec_config config = {
            .type = topic_info(topic)->record, .schema_of = schema_of, .context = registry};
        SG_TRY(registry_id(registry, topic, &config.id));
        SG_TRY(codec_new(&config, &record->codecs[i]));
    }
    return sg_ok();
}

static void write_time(struct json_writer *json, int64_t ms)
{
    char text[CLOCK_TEXT_MAX];
    clock_print(ms, text);
    if (ms < 0 || ms > time_max) {
        json_writer_null(json, "event_time");
    } else {
        json_writer_literal(json, "event_time", text);
    }
    json_writer_int(json, "event_time_ms", ms);
}

static void write_optional(struct json_writer *json, const char *name, bool has, struct bytes text)
{
    if (has) {
        json_writer_text(json, name, text);
    } else {
        json_writer_null(json, name);
    }
}

static void write_position(struct json_writer *json, enum topic topic,
                           const struct kafka_record *raw)
{
    json_writer_object(json, "position");
    json_writer_literal(json, "topic", topic_info(topic)->name);
    json_writer_int(json, "partition", raw->partition);
    json_writer_int(json, "offset", raw->offset);
    json_writer_end(json);
}

static sg_result write_quote(struct sse_record *record, const struct kafka_record *raw)
{
    const struct quote *quote = &record->value.quote;
    struct view_record checked = {.partition = raw->partition,
                                  .offset = raw->offset,
                                  .timestamp_ms = raw->timestamp_ms,
                                  .key = raw->key,
                                  .value = quote};
    SG_TRY(quote_view_check(&checked, quote));
    // Texts are cut as the views cut them.
    struct instrument_row row;
    instrument_row_set_source(&row, quote->source);
    instrument_row_set_unit(&row, quote->has_unit, quote->unit);
    struct json_writer json;
    json_writer_init(&json, &record->json);
    json_writer_object(&json, NULL);
    json_writer_text(&json, "instrument", quote->instrument);
    json_writer_double(&json, "value", quote->value);
    write_optional(&json, "unit", quote->has_unit, instrument_row_unit(&row));
    json_writer_text(&json, "source", instrument_row_source(&row));
    write_time(&json, quote->event_time);
    write_position(&json, TOPIC_QUOTES, raw);
    json_writer_end(&json);
    return json_writer_finish(&json);
}

static void write_decision(struct json_writer *json, const struct alert *alert)
{
    json_writer_literal(json, "side", side_name(alert->side));
    json_writer_literal(json, "edge", edge_name(alert->edge));
    json_writer_bool(json, "initial", alert->initial);
    json_writer_double(json, "threshold", alert->threshold);
    json_writer_double(json, "value", alert->value);
    if (alert->has_previous_value) {
        json_writer_double(json, "previous_value", alert->previous_value);
    } else {
        json_writer_null(json, "previous_value");
    }
    write_time(json, alert->event_time);
    json_writer_object(json, "cause");
    json_writer_text(json, "topic", alert->cause.topic);
    json_writer_int(json, "partition", alert->cause.partition);
    json_writer_int(json, "offset", alert->cause.offset);
    json_writer_end(json);
}

static sg_result write_alert(struct sse_record *record, const struct kafka_record *raw)
{
    const struct alert *alert = &record->value.alert;
    if (!bytes_equal(raw->key, alert->user_id)) {
        return sg_fail(SG_DROP, 0, "the key is not the user");
    }
    struct json_writer json;
    json_writer_init(&json, &record->json);
    json_writer_object(&json, NULL);
    json_writer_text(&json, "alert_id", alert->alert_id);
    json_writer_text(&json, "subscription_id", alert->subscription_id);
    json_writer_int(&json, "subscription_version", alert->subscription_version);
    json_writer_text(&json, "user_id", alert->user_id);
    json_writer_text(&json, "instrument", alert->instrument);
    write_decision(&json, alert);
    write_optional(&json, "suppressed", alert->has_suppressed, alert->suppressed);
    write_optional(&json, "label", alert->has_label, alert->label);
    json_writer_bool(&json, "notify", alert->notify);
    write_position(&json, TOPIC_ALERTS, raw);
    json_writer_end(&json);
    return json_writer_finish(&json);
}

sg_result sse_record_read(struct sse_record *record, enum sse_topic topic,
                          const struct kafka_record *raw, struct sse_event *ret_event)
{
    if (!raw->has_value || raw->key.size > UINT16_MAX) {
        return sg_fail(SG_DROP, 0, "the record has no value, or a key that is too long");
    }
    arena_reset(record->arena);
    buffer_clear(&record->json);
    SG_TRY(codec_decode(record->codecs[topic], raw->value, record->arena, &record->value));
    bool quotes = topic == SSE_TOPIC_QUOTES;
    SG_TRY(quotes ? write_quote(record, raw) : write_alert(record, raw));
    *ret_event = (struct sse_event){
        .kind = quotes ? SSE_QUOTE : SSE_ALERT,
        .offset = raw->offset,
        .event_time = quotes ? record->value.quote.event_time : record->value.alert.event_time,
        .hash = hash_bytes(raw->key),
        .key = raw->key,
        .json = buffer_bytes(&record->json),
    };
    return sg_ok();
}
