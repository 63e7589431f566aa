// JSON lines of people to messages of Kafka and back, by the topic table and the registry.
#pragma once
#include "app/settings_all.h"
#include "schemas/topic_table.h"

// Longest JSON line and longest message.
enum { TRANSCODER_TEXT_MAX = 32 * 1024 * 1024 };

struct transcoder;

// Opens the registry. The settings are borrowed until the close. Fails as registry_open().
SG_RESULT transcoder_open(const struct settings_all *all, struct transcoder **ret_transcoder);

// Accepts NULL.
void transcoder_close(struct transcoder **transcoder);

// The record of a topic in JSON as the value of a message, and the key that the topic wants
// (`*ret_key` has no data where the key is free). Both are borrowed until the next call. A .json
// topic takes the line as it is, once it is read. Fails: SG_DROP saying what is wrong with the
// line, SG_FATAL without a registered schema, SG_RETRY.
SG_RESULT transcoder_encode(struct transcoder *transcoder, enum topic topic, struct bytes json,
                            struct bytes *ret_value, struct bytes *ret_key);

// Adds a message in wire format, of any of our records, as one JSON line without its end. Fails:
// SG_DROP saying what is wrong with the message (`out` is then as it was), SG_RETRY.
SG_RESULT transcoder_decode(struct transcoder *transcoder, struct bytes message,
                            struct buffer *out);
