// Encoding and sending. Every record carries the timestamp of the event that caused it.
#include "streams/output.h"

#include "core/service/clock.h"
#include "core/service/metric.h"
#include "schemas/wire.h"
#include "streams/dead_letter.h"

// Larger than any record that an input within its limits can cause.
enum { RECORD_BYTES_MAX = 8 << 20 };

// The first send of a transaction keeps its distance from the commit before it: until the broker
// has written its markers it answers with CONCURRENT_TRANSACTIONS, and librdkafka backs off for
// longer than the wait here.
static void keep_gap(struct output *output)
{
    int64_t wait_us = output->not_before_us - clock_monotonic_us();
    if (wait_us > 0) {
        clock_sleep_ms((wait_us + 999) / 1000);
    }
    output->not_before_us = 0;
}

static sg_result send(struct output *output, enum topic topic, const struct kafka_message *message)
{
    if (output->not_before_us > 0) {
        keep_gap(output);
    }
    metric_add(METRIC_RECORDS_WRITTEN, output->processor->id, topic, 1);
    SG_TRY(kafka_producer_send(output->producer, output->topics[topic], message));
    ledger_wrote(output->ledger, topic, message);
    return sg_ok();
}

static sg_result emit(void *context, enum topic topic, struct bytes key, const void *record)
{
    struct output *output = context;
    output->awaited = true;
    buffer_clear(&output->encoded);
    SG_TRY(codec_encode(output->codecs->by_topic[topic], record, &output->encoded));
    struct kafka_message message = {
        .key = key,
        .value = buffer_bytes(&output->encoded),
        .has_value = true,
        .partition = -1,
        .timestamp_ms = process_stamp(output->timestamp_ms),
    };
    return send(output, topic, &message);
}

static sg_result bind(struct output *output, const struct topic_settings *topics, enum topic topic)
{
    char name[KAFKA_TOPIC_MAX + 1];
    topic_full_name(topics, topic, name);
    return kafka_producer_topic(output->producer, name, &output->topics[topic]);
}

sg_result output_init(struct output *output, const struct processor *processor,
                      struct kafka_producer *producer, struct codecs *codecs,
                      const struct topic_settings *topics)
{
    *output = (struct output){.processor = processor, .producer = producer, .codecs = codecs};
    output->emitter = (struct emitter){.emit = emit, .context = output};
    buffer_init(&output->encoded, RECORD_BYTES_MAX);
    SG_TRY(bind(output, topics, TOPIC_DEAD_LETTERS));
    SG_TRY(bind(output, topics, TOPIC_JOURNAL));
    for (size_t i = 0; processor->outputs[i] != TOPIC_COUNT; i++) {
        SG_TRY(bind(output, topics, processor->outputs[i]));
    }
    for (size_t i = 0; i < processor->store_count; i++) {
        if (processor->stores[i].changelog != TOPIC_COUNT) {
            SG_TRY(bind(output, topics, processor->stores[i].changelog));
        }
    }
    return sg_ok();
}

void output_done(struct output *output)
{
    buffer_done(&output->encoded);
}

sg_result output_dead_letter(struct output *output, const struct event *event, bool has_value,
                             const char *reason)
{
    struct dead_letter_cause cause = {
        .event = event,
        .has_value = has_value,
        .reason = reason,
        .by = output->processor->name,
        .at_ms = clock_wall_ms(),
    };
    struct dead_letter letter;
    output->awaited = true;
    dead_letter_fill(&cause, &letter);
    metric_add(METRIC_DEAD_LETTERS, output->processor->id, event->topic, 1);
    sg_result sent = send(output, TOPIC_DEAD_LETTERS, &letter.message);
    if (sent.class != SG_DROP) {
        return sent;
    }
    // Compressed records may be larger than any that can be sent.
    dead_letter_leave_out(&letter);
    return send(output, TOPIC_DEAD_LETTERS, &letter.message);
}

sg_result output_change(void *context, enum topic changelog, struct bytes key, struct bytes value,
                        bool has_value)
{
    struct output *output = context;
    struct kafka_message message = {
        .key = key,
        .value = value,
        .has_value = has_value,
        .partition = output->partition,
        .timestamp_ms = output->timestamp_ms,
    };
    return send(output, changelog, &message);
}

sg_result output_journal(struct output *output, const struct journal *record,
                         char ret_digest[static DIGEST_CHARS + 1])
{
    buffer_clear(&output->encoded);
    SG_TRY(codec_encode(output->codecs->by_topic[TOPIC_JOURNAL], record, &output->encoded));
    struct bytes value = buffer_bytes(&output->encoded);
    struct kafka_message message = {
        .key = record->task,
        .value = value,
        .has_value = true,
        .partition = -1,
        .timestamp_ms = process_stamp(record->stream_time),
    };
    SG_TRY(send(output, TOPIC_JOURNAL, &message));
    digest_text(bytes_of(value.data + WIRE_HEAD_BYTES, value.size - WIRE_HEAD_BYTES), ret_digest);
    return sg_ok();
}
