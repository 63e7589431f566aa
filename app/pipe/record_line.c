// Everything from outside is escaped: a key may hold what a terminal would obey.
#include "app/pipe/record_line.h"

#include "core/json_string.h"
#include "core/service/clock.h"
#include "core/utf8.h"

#include <inttypes.h>
#include <string.h>

enum { HEADERS_MAX = 32, HEX_SHOWN_BYTES = 64 };

static sg_result print_hex(struct bytes bytes, size_t most, struct buffer *out)
{
    size_t size = bytes.size < most ? bytes.size : most;
    for (size_t i = 0; i < size; i++) {
        SG_TRY(buffer_print(out, "%02x", bytes.data[i]));
    }
    return size < bytes.size ? buffer_print(out, "... (%zu bytes)", bytes.size) : sg_ok();
}

// Text as it is where that is harmless, else as a JSON string; other bytes in hexadecimal.
static sg_result print_text(struct bytes bytes, struct buffer *out)
{
    if (utf8_is_visible(bytes)) {
        return buffer_append(out, bytes);
    }
    if (utf8_is_valid(bytes)) {
        return json_string_write(bytes, out);
    }
    SG_TRY(buffer_print(out, "0x"));
    return print_hex(bytes, HEX_SHOWN_BYTES, out);
}

// The same for a word of the line: one with a space is a JSON string.
static sg_result print_word(struct bytes bytes, struct buffer *out)
{
    bool has_space = bytes.size == 0 || memchr(bytes.data, ' ', bytes.size) != NULL;
    if (has_space && utf8_is_valid(bytes)) {
        return json_string_write(bytes, out);
    }
    return print_text(bytes, out);
}

static bool is_message(enum topic topic)
{
    return topic_info(topic)->record != NULL && !topic_info(topic)->json;
}

static sg_result print_headers(const struct kafka_record *record, struct buffer *out)
{
    struct kafka_header headers[HEADERS_MAX];
    size_t count = kafka_record_headers(record, headers, HEADERS_MAX);
    for (size_t i = 0; i < count && i < HEADERS_MAX; i++) {
        SG_TRY(buffer_append_byte(out, ' '));
        SG_TRY(print_word(bytes_of_text(headers[i].name), out));
        SG_TRY(buffer_append_byte(out, '='));
        SG_TRY(print_word(headers[i].value, out));
    }
    return sg_ok();
}

static sg_result print_value(struct transcoder *transcoder, enum topic topic,
                             const struct kafka_record *record, struct buffer *out)
{
    if (!record->has_value) {
        return buffer_print(out, "null");
    }
    if (!is_message(topic)) {
        return print_text(record->value, out);
    }
    sg_result result = transcoder_decode(transcoder, record->value, out);
    if (result.class != SG_DROP) {
        return result;
    }
    SG_TRY(buffer_print(out, "("));
    SG_TRY(print_text(bytes_of_text(sg_reason()), out));
    SG_TRY(buffer_print(out, ") "));
    return print_text(record->value, out);
}

SG_RESULT record_line_print(struct transcoder *transcoder, enum topic topic,
                            const struct kafka_record *record, struct buffer *out)
{
    char time[CLOCK_TEXT_MAX];
    clock_print(record->timestamp_ms, time);
    SG_TRY(buffer_print(out, "%s %s/%d@%" PRId64 " ", time, topic_info(topic)->name,
                        (int)record->partition, record->offset));
    SG_TRY(record->key.data == NULL ? buffer_print(out, "-") : print_word(record->key, out));
    SG_TRY(print_headers(record, out));
    SG_TRY(buffer_append_byte(out, ' '));
    return print_value(transcoder, topic, record, out);
}

// Adds "name":"text", or "name_hex":"..." for bytes that are no text, or "name":null.
static sg_result print_member(const char *name, struct bytes bytes, bool is_null,
                              struct buffer *out)
{
    if (is_null) {
        return buffer_print(out, "\"%s\":null", name);
    }
    if (utf8_is_valid(bytes)) {
        SG_TRY(buffer_print(out, "\"%s\":", name));
        return json_string_write(bytes, out);
    }
    SG_TRY(buffer_print(out, "\"%s_hex\":\"", name));
    SG_TRY(print_hex(bytes, bytes.size, out));
    return buffer_print(out, "\"");
}

static sg_result print_value_json(struct transcoder *transcoder, enum topic topic,
                                  const struct kafka_record *record, struct buffer *out)
{
    if (!record->has_value || !is_message(topic)) {
        return print_member("value", record->value, !record->has_value, out);
    }
    size_t before = out->size;
    SG_TRY(buffer_print(out, "\"value\":"));
    sg_result result = transcoder_decode(transcoder, record->value, out);
    if (result.class != SG_DROP) {
        return result;
    }
    out->size = before;
    SG_TRY(print_member("error", bytes_of_text(sg_reason()), false, out));
    SG_TRY(buffer_print(out, ",\"value_hex\":\""));
    SG_TRY(print_hex(record->value, record->value.size, out));
    return buffer_print(out, "\"");
}

static sg_result print_headers_json(const struct kafka_record *record, struct buffer *out)
{
    struct kafka_header headers[HEADERS_MAX];
    size_t count = kafka_record_headers(record, headers, HEADERS_MAX);
    if (count == 0) {
        return sg_ok();
    }
    SG_TRY(buffer_print(out, ",\"headers\":["));
    for (size_t i = 0; i < count && i < HEADERS_MAX; i++) {
        SG_TRY(buffer_print(out, i == 0 ? "{" : ",{"));
        SG_TRY(print_member("name", bytes_of_text(headers[i].name), false, out));
        SG_TRY(buffer_append_byte(out, ','));
        SG_TRY(print_member("value", headers[i].value, headers[i].value.data == NULL, out));
        SG_TRY(buffer_append_byte(out, '}'));
    }
    return buffer_append_byte(out, ']');
}

SG_RESULT record_line_print_json(struct transcoder *transcoder, enum topic topic,
                                 const struct kafka_record *record, struct buffer *out)
{
    SG_TRY(buffer_print(
        out, "{\"topic\":\"%s\",\"partition\":%d,\"offset\":%" PRId64 ",\"timestamp\":%" PRId64 ",",
        topic_info(topic)->name, (int)record->partition, record->offset, record->timestamp_ms));
    SG_TRY(print_member("key", record->key, record->key.data == NULL, out));
    SG_TRY(buffer_append_byte(out, ','));
    SG_TRY(print_value_json(transcoder, topic, record, out));
    SG_TRY(print_headers_json(record, out));
    return buffer_append_byte(out, '}');
}
