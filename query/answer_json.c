// Parts of answers.
#include "query/answer_json.h"

#include "core/service/clock.h"

// The last moment that RFC 3339 can write.
static const int64_t time_max = INT64_C(253402300799999);

void answer_json_time(struct json_writer *json, const char *name, int64_t ms)
{
    if (ms < 0 || ms > time_max) {
        json_writer_null(json, name);
        return;
    }
    char text[CLOCK_TEXT_MAX];
    clock_print(ms, text);
    json_writer_literal(json, name, text);
}

void answer_json_next(struct json_writer *json, const char *cursor)
{
    answer_json_optional_text(json, "next", cursor[0] != '\0', bytes_of_text(cursor));
}

void answer_json_optional_text(struct json_writer *json, const char *name, bool has,
                               struct bytes text)
{
    if (has) {
        json_writer_text(json, name, text);
    } else {
        json_writer_null(json, name);
    }
}

void answer_json_optional_double(struct json_writer *json, const char *name, bool has, double value)
{
    if (has) {
        json_writer_double(json, name, value);
    } else {
        json_writer_null(json, name);
    }
}

void answer_json_position(struct json_writer *json, const char *name, struct bytes topic,
                          int32_t partition, int64_t offset)
{
    json_writer_object(json, name);
    json_writer_text(json, "topic", topic);
    json_writer_int(json, "partition", partition);
    json_writer_int(json, "offset", offset);
    json_writer_end(json);
}
