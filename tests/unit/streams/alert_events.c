// A small generator: few instruments and few values, so that thresholds are crossed often.
#include "alert_events.h"

#include <stdio.h>
#include <stdlib.h>

#include "fake_kafka.h"
#include "fake_process.h"
#include "schemas/quote.h"
#include "schemas/subscription.h"

enum { TEXT_MAX = 64, VALUE_BYTES_MAX = 1 << 16 };

// Marsaglia's xorshift64.
static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static int pick(uint64_t *state, int count)
{
    return (int)(next(state) % (uint64_t)count);
}

static void put(enum topic topic, const char *key, const void *record, int64_t at_ms)
{
    struct codec *codec = fake_process_codec(topic);
    struct buffer value;
    buffer_init(&value, VALUE_BYTES_MAX);
    if (!sg_is_ok(codec_encode(codec, record, &value))) {
        abort();
    }
    fake_kafka_put(topic_info(topic)->name, -1, bytes_of_text(key), buffer_bytes(&value), at_ms);
    buffer_done(&value);
    codec_free(&codec);
}

void alert_events_quote(const char *instrument, double value, int64_t at_ms)
{
    struct quote quote = {
        .instrument = bytes_of_text(instrument),
        .value = value,
        .event_time = at_ms,
        .source = bytes_of_text("test"),
    };
    put(TOPIC_QUOTES, instrument, &quote, at_ms);
}

void alert_events_subscription(const char *instrument, const char *id, double high, int64_t at_ms)
{
    struct subscription subscription = {
        .subscription_id = bytes_of_text(id),
        .user_id = bytes_of_text("ada"),
        .instrument = bytes_of_text(instrument),
        .has_high = true,
        .high = high,
        .active = true,
        .version = at_ms,
        .changed_at = at_ms,
    };
    put(TOPIC_SUBSCRIPTIONS, instrument, &subscription, at_ms);
}

static void put_subscription(uint64_t *state, const char *instrument, int64_t at_ms)
{
    char id[2 * TEXT_MAX];
    char user[TEXT_MAX];
    snprintf(id, sizeof id, "%s-%d", instrument, pick(state, 4));
    snprintf(user, sizeof user, "user%d", pick(state, 3));
    double low = pick(state, 10);
    struct subscription subscription = {
        .subscription_id = bytes_of_text(id),
        .user_id = bytes_of_text(user),
        .instrument = bytes_of_text(instrument),
        .has_low = pick(state, 3) > 0,
        .low = low,
        .has_high = pick(state, 3) > 0,
        .high = low + 4 + pick(state, 4),
        .rearm = pick(state, 3) == 0 ? 1.5 : 0,
        .hold_ms = pick(state, 3) == 0 ? 3000 : 0,
        .cooldown_ms = pick(state, 3) == 0 ? 20000 : 0,
        .notify_cleared = pick(state, 2) == 0,
        .active = pick(state, 5) > 0,
        .version = at_ms - (pick(state, 10) == 0 ? 100000 : 0), // Some are stale.
        .changed_at = at_ms,
    };
    put(TOPIC_SUBSCRIPTIONS, instrument, &subscription, at_ms);
}

static void put_quote(uint64_t *state, const char *instrument, int64_t at_ms)
{
    struct quote quote = {
        .instrument = bytes_of_text(instrument),
        .value = pick(state, 18),
        .event_time = at_ms - (pick(state, 8) == 0 ? 5000 : 0), // Some are late.
        .source = bytes_of_text("test"),
    };
    // Some contradict their key.
    put(TOPIC_QUOTES, pick(state, 20) == 0 ? "stock:other" : instrument, &quote, at_ms);
}

void alert_events_put(uint64_t seed, int count)
{
    uint64_t state = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    int64_t at_ms = INT64_C(1700000000000);
    for (int i = 0; i < count; i++) {
        char instrument[TEXT_MAX];
        snprintf(instrument, sizeof instrument, "stock:%c", 'A' + pick(&state, 6));
        at_ms += pick(&state, 4) * INT64_C(500); // Ties too.
        struct bytes key = bytes_of_text(instrument);
        int kind = pick(&state, 40);
        if (kind == 0) {
            fake_kafka_put("quotes", -1, key, bytes_of_text("not Avro"), at_ms);
        } else if (kind == 1) {
            fake_kafka_put("subscriptions", -1, key, bytes_of(NULL, 0), at_ms);
        } else if (kind < 12) {
            put_subscription(&state, instrument, at_ms);
        } else {
            put_quote(&state, instrument, at_ms);
        }
    }
}
