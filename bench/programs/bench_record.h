// The records of the bench's work, written by hand: what makes the load must not cost more than
// what is measured.
#pragma once
#include "core/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum { BENCH_RECORD_MAX = 512, BENCH_NAME_MAX = 64 };

// Bytes being written.
struct bench_bytes {
    uint8_t data[BENCH_RECORD_MAX];
    size_t size;
};

// The value of a Quote in Confluent's wire format.
void bench_record_quote(struct bench_bytes *out, int32_t schema_id, const char *instrument,
                        double value, int64_t event_time);

struct bench_subscription {
    const char *instrument;
    const char *subscription_id;
    const char *user_id;
    bool has_low;
    double low;
    double high;
    bool notify_cleared;
};

// The value of a Subscription in Confluent's wire format: version 1, active.
void bench_record_subscription(struct bench_bytes *out, int32_t schema_id,
                               const struct bench_subscription *subscription);

// The value that decided, out of an Alert in Confluent's wire format. False when it is none.
bool bench_record_alert_value(struct bytes alert, double *ret_value);

// Written so far, borrowed.
struct bytes bench_record_bytes(const struct bench_bytes *out);
