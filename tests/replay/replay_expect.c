// A whole value is compared as bytes; only when they differ are the fields looked at.
#include "tests/replay/replay_expect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 128 };

// What is compared, for the functions below.
struct comparison {
    const struct replay_scope *scope;
    const struct replay_line *line;
    const struct replay_output *output;
    struct buffer *report;
    bool same;
};

sg_result replay_expect_topic(struct bytes name, enum topic *ret_topic)
{
    char text[NAME_MAX_BYTES];
    snprintf(text, sizeof text, "%.*s", (int)name.size, (const char *)name.data);
    *ret_topic = topic_by_name(text);
    if (*ret_topic == TOPIC_COUNT && strcmp(text, "nothing") != 0) {
        return sg_fail(SG_DROP, 0, "there is no topic %s", text);
    }
    return sg_ok();
}

static sg_result print_bytes(struct buffer *report, struct bytes bytes)
{
    return bytes.data == NULL ? buffer_print(report, "(none)") : buffer_append(report, bytes);
}

sg_result replay_expect_print(struct replay_machine *machine, const struct replay_output *output,
                              struct buffer *report)
{
    SG_TRY(buffer_print(report, "%s, key ", topic_info(output->topic)->name));
    SG_TRY(print_bytes(report, output->key));
    SG_TRY(buffer_print(report, ": "));
    json_t *json = replay_value_json(machine, output->topic, output->value);
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    json_decref(json);
    sg_result result =
        text == NULL ? print_bytes(report, output->value) : buffer_print(report, "%s", text);
    free(text);
    return result;
}

static sg_result report_field(struct comparison *comparison, const char *field,
                              const json_t *expected, const json_t *got)
{
    char *expected_text = json_dumps(expected, JSON_COMPACT | JSON_ENCODE_ANY);
    char *got_text = json_dumps(got, JSON_COMPACT | JSON_ENCODE_ANY);
    sg_result result = buffer_print(comparison->report, "    %s: expected %s, got %s\n", field,
                                    expected_text == NULL ? "nothing" : expected_text,
                                    got_text == NULL ? "nothing" : got_text);
    free(expected_text);
    free(got_text);
    comparison->same = false;
    return result;
}

// 190 and 190.0 are the same number; 0 and -0 are not.
static bool json_same(const json_t *left, const json_t *right)
{
    if (json_is_number(left) && json_is_number(right)) {
        double one = json_number_value(left);
        double other = json_number_value(right);
        return one == other && signbit(one) == signbit(other);
    }
    return json_equal(left, right) == 1;
}

// Every field of `expected` must be the same in `got`.
static sg_result compare_fields(struct comparison *comparison, json_t *expected, const json_t *got)
{
    const char *field = NULL;
    json_t *value = NULL;
    json_object_foreach(expected, field, value)
    {
        const json_t *found = json_object_get(got, field);
        if (!json_same(value, found)) {
            SG_TRY(report_field(comparison, field, value, found));
        }
    }
    return sg_ok();
}

static bool has_text(const json_t *value, const json_t *part)
{
    const char *text = json_string_value(value);
    const char *wanted = json_string_value(part);
    return text != NULL && wanted != NULL && strstr(text, wanted) != NULL;
}

// Every text of the list must be found in the field.
static sg_result compare_texts(struct comparison *comparison, const char *field,
                               const json_t *wanted, const json_t *found)
{
    for (size_t i = 0; i < json_array_size(wanted); i++) {
        const json_t *part = json_array_get(wanted, i);
        if (!has_text(found, part)) {
            SG_TRY(report_field(comparison, field, part, found));
        }
    }
    return sg_ok();
}

// The same for every field that is named.
static sg_result compare_contained(struct comparison *comparison, json_t *wanted, const json_t *got)
{
    const char *field = NULL;
    json_t *texts = NULL;
    json_object_foreach(wanted, field, texts)
    {
        if (!json_is_array(texts)) {
            return sg_fail(SG_DROP, 0, "contains has a list of texts for %s", field);
        }
        SG_TRY(compare_texts(comparison, field, texts, json_object_get(got, field)));
    }
    return sg_ok();
}

typedef sg_result compare_fn(struct comparison *comparison, json_t *wanted, const json_t *got);

static sg_result compare_part(struct comparison *comparison, struct bytes part, compare_fn *compare)
{
    if (part.data == NULL) {
        return sg_ok();
    }
    json_t *wanted = json_loadb((const char *)part.data, part.size, JSON_ALLOW_NUL, NULL);
    json_t *got = replay_value_json(comparison->scope->machine, comparison->output->topic,
                                    comparison->output->value);
    sg_result result = json_is_object(wanted) && got != NULL
                           ? compare(comparison, wanted, got)
                           : sg_fail(SG_DROP, 0, "like and contains have an object of fields");
    json_decref(wanted);
    json_decref(got);
    return result;
}

static sg_result compare_value(struct comparison *comparison)
{
    const struct replay_output *output = comparison->output;
    struct replay_machine *machine = comparison->scope->machine;
    struct bytes key;
    struct bytes value;
    if (comparison->line->value.data == NULL) {
        return sg_ok();
    }
    SG_TRY(replay_value_of(comparison->scope, output->topic, comparison->line, &key, &value));
    if (bytes_equal(value, output->value)) {
        return sg_ok();
    }
    comparison->same = false;
    json_t *expected = replay_value_json(machine, output->topic, value);
    json_t *got = replay_value_json(machine, output->topic, output->value);
    sg_result result = compare_fields(comparison, expected, got);
    json_decref(expected);
    json_decref(got);
    return result;
}

static sg_result compare_reason(struct comparison *comparison)
{
    struct bytes wanted = comparison->line->reason;
    struct bytes reason = comparison->output->value;
    if (wanted.size == 0 || memmem(reason.data, reason.size, wanted.data, wanted.size) != NULL) {
        return sg_ok();
    }
    comparison->same = false;
    return buffer_print(comparison->report, "    reason: expected to find %.*s, got %.*s\n",
                        (int)wanted.size, (const char *)wanted.data, (int)reason.size,
                        (const char *)reason.data);
}

static sg_result compare_key(struct comparison *comparison)
{
    const struct replay_line *line = comparison->line;
    if (!line->has_key || bytes_equal(line->key, comparison->output->key)) {
        return sg_ok();
    }
    comparison->same = false;
    return buffer_print(comparison->report, "    key: expected %.*s, got %.*s\n",
                        (int)line->key.size, (const char *)line->key.data,
                        (int)comparison->output->key.size,
                        (const char *)comparison->output->key.data);
}

sg_result replay_expect(const struct replay_scope *scope, const struct replay_line *line,
                        const struct replay_output *output, struct buffer *report, bool *ret_same)
{
    struct comparison comparison = {scope, line, output, report, true};
    enum topic topic = TOPIC_COUNT;
    SG_TRY(replay_expect_topic(line->name, &topic));
    if (topic != output->topic) {
        *ret_same = false;
        return buffer_print(report, "    topic: expected %.*s, got %s\n", (int)line->name.size,
                            (const char *)line->name.data, topic_info(output->topic)->name);
    }
    SG_TRY(compare_key(&comparison));
    if (topic == TOPIC_DEAD_LETTERS) {
        SG_TRY(compare_reason(&comparison));
    } else {
        SG_TRY(compare_value(&comparison));
        SG_TRY(compare_part(&comparison, line->like, compare_fields));
        SG_TRY(compare_part(&comparison, line->contains, compare_contained));
    }
    *ret_same = comparison.same;
    return sg_ok();
}
