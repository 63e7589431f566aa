// Avro binary: zigzag numbers of variable length, little-endian doubles, sizes before texts.
#include "bench/programs/bench_record.h"

#include <assert.h>
#include <string.h>

enum { HEADER_BYTES = 5 };

static void put_byte(struct bench_bytes *out, uint8_t byte)
{
    assert(out->size < sizeof out->data);
    out->data[out->size++] = byte;
}

static void put_long(struct bench_bytes *out, int64_t value)
{
    uint64_t left = (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
    for (; left >= 0x80; left >>= 7) {
        put_byte(out, (uint8_t)(left | 0x80));
    }
    put_byte(out, (uint8_t)left);
}

static void put_data(struct bench_bytes *out, const void *data, size_t size)
{
    assert(out->size + size <= sizeof out->data);
    memcpy(out->data + out->size, data, size);
    out->size += size;
}

static void put_double(struct bench_bytes *out, double value)
{
    put_data(out, &value, sizeof value);
}

static void put_text(struct bench_bytes *out, const char *text)
{
    size_t size = strlen(text);
    put_long(out, (int64_t)size);
    put_data(out, text, size);
}

static void put_header(struct bench_bytes *out, int32_t schema_id)
{
    out->size = 0;
    put_byte(out, 0);
    for (int shift = 24; shift >= 0; shift -= 8) {
        put_byte(out, (uint8_t)((uint32_t)schema_id >> shift));
    }
}

void bench_record_quote(struct bench_bytes *out, int32_t schema_id, const char *instrument,
                        double value, int64_t event_time)
{
    put_header(out, schema_id);
    put_text(out, instrument);
    put_double(out, value);
    put_long(out, event_time);
    put_text(out, "bench");
    put_long(out, 0); // No unit.
    put_long(out, 0); // No details.
}

static void put_optional_double(struct bench_bytes *out, bool has, double value)
{
    put_long(out, has ? 1 : 0);
    if (has) {
        put_double(out, value);
    }
}

void bench_record_subscription(struct bench_bytes *out, int32_t schema_id,
                               const struct bench_subscription *subscription)
{
    put_header(out, schema_id);
    put_text(out, subscription->subscription_id);
    put_text(out, subscription->user_id);
    put_text(out, subscription->instrument);
    put_optional_double(out, subscription->has_low, subscription->low);
    put_optional_double(out, true, subscription->high);
    put_double(out, 0); // rearm
    put_long(out, 0);   // hold_ms
    put_long(out, 0);   // cooldown_ms
    put_byte(out, subscription->notify_cleared ? 1 : 0);
    put_long(out, 0); // No label.
    put_byte(out, 1); // active
    put_long(out, 1); // version
    put_long(out, 0); // changed_at
    put_long(out, 0); // Not paused.
}

// What is left to read; `size` becomes 0 when it is too short.
static void skip(struct bytes *left, size_t size)
{
    size = size <= left->size ? size : left->size;
    *left = bytes_of(left->data + size, left->size - size);
}

static int64_t take_long(struct bytes *left)
{
    uint64_t value = 0;
    for (int shift = 0; left->size > 0 && shift < 64; shift += 7) {
        uint8_t byte = left->data[0];
        skip(left, 1);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            break;
        }
    }
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

static void skip_text(struct bytes *left)
{
    skip(left, (size_t)take_long(left));
}

bool bench_record_alert_value(struct bytes alert, double *ret_value)
{
    struct bytes left = alert;
    skip(&left, HEADER_BYTES);
    skip_text(&left); // alert_id
    skip_text(&left); // subscription_id
    take_long(&left); // subscription_version
    skip_text(&left); // user_id
    skip_text(&left); // instrument
    take_long(&left); // side
    take_long(&left); // edge
    skip(&left, 1);   // initial
    skip(&left, sizeof(double));
    if (left.size < sizeof *ret_value) {
        return false;
    }
    memcpy(ret_value, left.data, sizeof *ret_value);
    return true;
}

struct bytes bench_record_bytes(const struct bench_bytes *out)
{
    return bytes_of(out->data, out->size);
}
