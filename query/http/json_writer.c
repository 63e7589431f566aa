// JSON text (RFC 8259).
#include "query/http/json_writer.h"

#include "core/number.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

void json_writer_init(struct json_writer *writer, struct buffer *out)
{
    *writer = (struct json_writer){.out = out, .result = sg_ok()};
}

static void raw(struct json_writer *writer, struct bytes text)
{
    if (sg_is_ok(writer->result)) {
        writer->result = buffer_append(writer->out, text);
    }
}

static void raw_text(struct json_writer *writer, const char *text)
{
    raw(writer, bytes_of_text(text));
}

static void quoted(struct json_writer *writer, struct bytes text)
{
    raw_text(writer, "\"");
    size_t from = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7F) {
            continue;
        }
        raw(writer, bytes_of(text.data + from, i - from));
        char escape[8];
        snprintf(escape, sizeof escape, "\\u%04x", byte);
        raw_text(writer, byte == '"' ? "\\\"" : byte == '\\' ? "\\\\" : escape);
        from = i + 1;
    }
    raw(writer, bytes_of(text.data + from, text.size - from));
    raw_text(writer, "\"");
}

static void begin_value(struct json_writer *writer, const char *name)
{
    if (writer->comma) {
        raw_text(writer, ",");
    }
    if (name != NULL) {
        quoted(writer, bytes_of_text(name));
        raw_text(writer, ":");
    }
    writer->comma = true;
}

static void open_container(struct json_writer *writer, const char *name, const char *opener,
                           char closer)
{
    assert(writer->depth < JSON_WRITER_DEPTH_MAX);
    begin_value(writer, name);
    raw_text(writer, opener);
    writer->closers[writer->depth++] = closer;
    writer->comma = false;
}

void json_writer_object(struct json_writer *writer, const char *name)
{
    open_container(writer, name, "{", '}');
}

void json_writer_array(struct json_writer *writer, const char *name)
{
    open_container(writer, name, "[", ']');
}

void json_writer_end(struct json_writer *writer)
{
    assert(writer->depth > 0);
    raw(writer, bytes_of(&writer->closers[--writer->depth], 1));
    writer->comma = true;
}

void json_writer_null(struct json_writer *writer, const char *name)
{
    begin_value(writer, name);
    raw_text(writer, "null");
}

void json_writer_bool(struct json_writer *writer, const char *name, bool value)
{
    begin_value(writer, name);
    raw_text(writer, value ? "true" : "false");
}

void json_writer_int(struct json_writer *writer, const char *name, int64_t value)
{
    char text[NUMBER_TEXT_MAX];
    snprintf(text, sizeof text, "%" PRId64, value);
    begin_value(writer, name);
    raw_text(writer, text);
}

void json_writer_double(struct json_writer *writer, const char *name, double value)
{
    char text[NUMBER_TEXT_MAX];
    number_print_double(value, text);
    begin_value(writer, name);
    raw_text(writer, isfinite(value) ? text : "null");
}

void json_writer_text(struct json_writer *writer, const char *name, struct bytes text)
{
    begin_value(writer, name);
    quoted(writer, text);
}

void json_writer_literal(struct json_writer *writer, const char *name, const char *text)
{
    json_writer_text(writer, name, bytes_of_text(text));
}

sg_result json_writer_finish(struct json_writer *writer)
{
    assert(writer->depth == 0 || !sg_is_ok(writer->result));
    return writer->result;
}
