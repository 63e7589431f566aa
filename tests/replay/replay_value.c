// JSON through the record's descriptor and its codec.
#include "tests/replay/replay_value.h"

#include <stdlib.h>
#include <string.h>

#include "core/buffer.h"
#include "schemas/record_json.h"

enum { VALUE_BYTES_MAX = 32 << 20, HEX_DIGITS = 16, REAL_DIGITS = 17 };

sg_result replay_defaults_set(struct replay_defaults *defaults, enum topic topic, struct bytes json)
{
    json_t *object = json_loadb((const char *)json.data, json.size, 0, NULL);
    if (!json_is_object(object)) {
        json_decref(object);
        return sg_fail(SG_DROP, 0, "a default has an object as its value");
    }
    json_decref(defaults->by_topic[topic]);
    defaults->by_topic[topic] = object;
    return sg_ok();
}

void replay_defaults_done(struct replay_defaults *defaults)
{
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        json_decref(defaults->by_topic[i]);
        defaults->by_topic[i] = NULL;
    }
}

static sg_result copy_of(struct arena *arena, const void *data, size_t size, struct bytes *ret_copy)
{
    uint8_t *copy = arena_take(arena, size + 1);
    if (copy == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for a line");
    }
    memcpy(copy, data, size);
    *ret_copy = bytes_of(copy, size);
    return sg_ok();
}

// The object with the fields that it leaves out.
static sg_result complete(json_t *defaults, struct bytes json, struct arena *arena,
                          struct bytes *ret_json)
{
    json_error_t error;
    json_t *object = json_loadb((const char *)json.data, json.size, 0, &error);
    if (object == NULL || json_object_update_missing(object, defaults) != 0) {
        json_decref(object);
        return sg_fail(SG_DROP, 0, "the value cannot be read: %s", error.text);
    }
    char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS));
    json_decref(object);
    if (text == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for a line");
    }
    sg_result result = copy_of(arena, text, strlen(text), ret_json);
    free(text);
    return result;
}

static int digit_of(uint8_t character)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = character == 0 ? NULL : strchr(digits, character);
    return found == NULL ? -1 : (int)(found - digits);
}

static sg_result read_hex(struct bytes hex, struct arena *arena, struct bytes *ret_value)
{
    uint8_t *value = arena_take(arena, hex.size / 2 + 1);
    if (value == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for a line");
    }
    for (size_t i = 0; i + 1 < hex.size; i += 2) {
        int high = digit_of(hex.data[i]);
        int low = digit_of(hex.data[i + 1]);
        if (high < 0 || low < 0) {
            return sg_fail(SG_DROP, 0, "hex has pairs of 0-9 and a-f");
        }
        value[i / 2] = (uint8_t)(high * HEX_DIGITS + low);
    }
    *ret_value = bytes_of(value, hex.size / 2);
    return sg_ok();
}

static void key_of(const struct topic_info *info, const void *record, struct bytes *ret_key)
{
    if (info->key_field == NULL) {
        return;
    }
    int field = record_type_field(info->record, bytes_of_text(info->key_field));
    memcpy(ret_key, (const uint8_t *)record + info->record->fields[field].offset, sizeof *ret_key);
}

static sg_result encode(const struct replay_scope *scope, const struct topic_info *info,
                        struct bytes json, struct bytes *ret_key, struct bytes *ret_value)
{
    SG_CLEANUP(buffer_done) struct buffer encoded;
    buffer_init(&encoded, VALUE_BYTES_MAX);
    uint64_t present = 0;
    void *record = arena_take(scope->arena, info->record->size);
    struct codec *codec = replay_machine_codec(scope->machine, info->topic);
    if (record == NULL || codec == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for a line");
    }
    SG_TRY(record_json_read(info->record, json, scope->arena, record, &present));
    SG_TRY(record_json_require(info->record, present, record_json_required(info->record)));
    SG_TRY(codec_encode(codec, record, &encoded));
    key_of(info, record, ret_key);
    return copy_of(scope->arena, encoded.data, encoded.size, ret_value);
}

static sg_result value_of_json(const struct replay_scope *scope, enum topic topic,
                               struct bytes json, struct bytes *ret_key, struct bytes *ret_value)
{
    const struct topic_info *info = topic_info(topic);
    json_t *defaults = scope->defaults->by_topic[topic];
    if (defaults != NULL) {
        SG_TRY(complete(defaults, json, scope->arena, &json));
    }
    if (info->record != NULL && !info->json) {
        return encode(scope, info, json, ret_key, ret_value);
    }
    *ret_value = json;
    return sg_ok();
}

sg_result replay_value_of(const struct replay_scope *scope, enum topic topic,
                          const struct replay_line *line, struct bytes *ret_key,
                          struct bytes *ret_value)
{
    bool is_null = line->value.data == NULL || bytes_is_text(line->value, "null");
    *ret_key = bytes_of(NULL, 0);
    *ret_value = line->raw;
    if (line->hex.data != NULL) {
        SG_TRY(read_hex(line->hex, scope->arena, ret_value));
    } else if (!is_null) {
        SG_TRY(value_of_json(scope, topic, line->value, ret_key, ret_value));
    }
    if (line->has_key) {
        *ret_key = line->key;
    }
    return sg_ok();
}

static json_t *print_json(const struct record_type *type, const void *record)
{
    SG_CLEANUP(buffer_done) struct buffer text;
    buffer_init(&text, VALUE_BYTES_MAX);
    if (!sg_is_ok(record_json_print(type, record, &text))) {
        return NULL;
    }
    return json_loadb((const char *)text.data, text.size, JSON_ALLOW_NUL, NULL);
}

json_t *replay_value_json(struct replay_machine *machine, enum topic topic, struct bytes value)
{
    SG_CLEANUP(arena_free) struct arena *arena = arena_new(VALUE_BYTES_MAX);
    const struct record_type *type = topic_info(topic)->record;
    void *record = arena == NULL || type == NULL ? NULL : arena_take(arena, type->size);
    if (record == NULL ||
        !sg_is_ok(codec_decode(replay_machine_codec(machine, topic), value, arena, record))) {
        return NULL;
    }
    return print_json(type, record);
}
