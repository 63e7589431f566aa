// One line for one record of Kafka, for people or as JSON.
#pragma once
#include "app/pipe/transcoder.h"
#include "core/kafka/consumer.h"

// Adds "2026-11-21T08:00:00.000Z quotes/1@42 stock:AAPL {...}" without its end; headers go behind
// the key as name=text. What cannot be read is shown with the reason. Fails: SG_RETRY, SG_FATAL, as
// buffer_append().
SG_RESULT record_line_print(struct transcoder *transcoder, enum topic topic,
                            const struct kafka_record *record, struct buffer *out);

// Adds {"topic","partition","offset","timestamp","key","value"} and, where there are any,
// "headers", without its end. Bytes that are no text are in "key_hex" and "value_hex"; a message
// that cannot be read has its "error" too. Fails as record_line_print().
SG_RESULT record_line_print_json(struct transcoder *transcoder, enum topic topic,
                                 const struct kafka_record *record, struct buffer *out);
