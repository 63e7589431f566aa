// One codec a topic, made when it is first needed. A message names its schema, the schema its
// record, and the record has a topic whose codec can read it.
#include "app/pipe/transcoder.h"

#include "core/json_reader.h"
#include "schemas/codec.h"
#include "schemas/record_json.h"
#include "schemas/registry.h"
#include "schemas/wire.h"

#include <assert.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ARENA_MAX_BYTES = 2 * TRANSCODER_TEXT_MAX,
    RECORD_MAX_BYTES = 4096,
    NAME_MAX_BYTES = 512,
    NO_SCHEMA_ID = -1, // Of a topic whose schema is not registered: every message is resolved.
};

struct transcoder {
    struct registry *registry;
    struct arena *arena;
    struct codec *codecs[TOPIC_COUNT];
    struct buffer value;
    // The record of the last schema that was looked up.
    int32_t known_id;
    enum topic known_topic;
    alignas(max_align_t) uint8_t record[RECORD_MAX_BYTES];
};

SG_RESULT transcoder_open(const struct settings_all *all, struct transcoder **ret_transcoder)
{
    SG_CLEANUP(transcoder_close) struct transcoder *transcoder = calloc(1, sizeof *transcoder);
    struct registry_config config = {&all->registry, &all->kafka, &all->topics};
    if (transcoder == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    transcoder->known_id = NO_SCHEMA_ID;
    buffer_init(&transcoder->value, TRANSCODER_TEXT_MAX);
    transcoder->arena = arena_new(ARENA_MAX_BYTES);
    if (transcoder->arena == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    SG_TRY(registry_open(&config, &transcoder->registry));
    *ret_transcoder = SG_MOVE(transcoder);
    return sg_ok();
}

void transcoder_close(struct transcoder **transcoder)
{
    if (*transcoder == NULL) {
        return;
    }
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        codec_free(&(*transcoder)->codecs[i]);
    }
    registry_close(&(*transcoder)->registry);
    buffer_done(&(*transcoder)->value);
    arena_free(&(*transcoder)->arena);
    free(*transcoder);
    *transcoder = NULL;
}

static sg_result schema_of(void *context, int32_t id, struct bytes *ret_text)
{
    return registry_schema(context, id, ret_text);
}

static sg_result codec_of(struct transcoder *transcoder, enum topic topic, int32_t id,
                          struct codec **ret_codec)
{
    if (transcoder->codecs[topic] == NULL) {
        struct codec_config config = {
            .type = topic_info(topic)->record,
            .id = id,
            .schema_of = schema_of,
            .context = transcoder->registry,
        };
        SG_TRY(codec_new(&config, &transcoder->codecs[topic]));
    }
    *ret_codec = transcoder->codecs[topic];
    return sg_ok();
}

// The text of the topic's key field, which is a string in every record that has one.
static struct bytes key_of(const struct topic_info *info, const void *record)
{
    struct bytes key = {NULL, 0};
    if (info->key_field == NULL) {
        return key;
    }
    int index = record_type_field(info->record, bytes_of_text(info->key_field));
    assert(index >= 0);
    const struct record_field *field = &info->record->fields[index];
    assert(field->value.kind == RECORD_STRING && !field->is_optional);
    memcpy(&key, (const uint8_t *)record + field->offset, sizeof key);
    return key;
}

// Reads a line into the record. The programs behind a .json topic fill in what is left out but for
// the key; a message of ours must be whole.
static sg_result read_json(struct transcoder *transcoder, const struct topic_info *info,
                           struct bytes json)
{
    const struct record_type *type = info->record;
    uint64_t present = 0;
    assert(type->size <= RECORD_MAX_BYTES);
    arena_reset(transcoder->arena);
    SG_TRY(record_json_read(type, json, transcoder->arena, transcoder->record, &present));
    uint64_t wanted = record_json_required(type);
    if (info->json) {
        wanted = record_json_bit(type, info->key_field);
    }
    return record_json_require(type, present, wanted);
}

SG_RESULT transcoder_encode(struct transcoder *transcoder, enum topic topic, struct bytes json,
                            struct bytes *ret_value, struct bytes *ret_key)
{
    const struct topic_info *info = topic_info(topic);
    assert(info->record != NULL);
    SG_TRY(read_json(transcoder, info, json));
    struct bytes value = json;
    if (!info->json) {
        int32_t id = 0;
        struct codec *codec = NULL;
        SG_TRY(registry_id(transcoder->registry, topic, &id));
        SG_TRY(codec_of(transcoder, topic, id, &codec));
        buffer_clear(&transcoder->value);
        SG_TRY(codec_encode(codec, transcoder->record, &transcoder->value));
        value = buffer_bytes(&transcoder->value);
    }
    *ret_value = value;
    *ret_key = key_of(info, transcoder->record);
    return sg_ok();
}

// Reads the members of a schema that make its full name.
static sg_result read_names(struct json_reader *reader, struct bytes *ret_name,
                            struct bytes *ret_space)
{
    bool has_member = false;
    struct bytes member;
    SG_TRY(json_reader_enter(reader));
    SG_TRY(json_reader_member(reader, &has_member, &member));
    while (has_member) {
        if (bytes_is_text(member, "name")) {
            SG_TRY(json_reader_string(reader, ret_name));
        } else if (bytes_is_text(member, "namespace")) {
            SG_TRY(json_reader_string(reader, ret_space));
        } else {
            SG_TRY(json_reader_skip(reader));
        }
        SG_TRY(json_reader_member(reader, &has_member, &member));
    }
    return sg_ok();
}

// The full name of the record that a schema describes, "" when it describes none.
static sg_result name_of_schema(struct transcoder *transcoder, struct bytes schema,
                                char ret_name[static NAME_MAX_BYTES])
{
    struct json_reader reader;
    enum json_reader_kind kind = JSON_READER_NULL;
    struct bytes name = {NULL, 0};
    struct bytes space = {NULL, 0};
    arena_reset(transcoder->arena);
    json_reader_start(&reader, schema, transcoder->arena);
    SG_TRY(json_reader_peek(&reader, &kind));
    if (kind == JSON_READER_OBJECT) {
        SG_TRY(read_names(&reader, &name, &space));
    }
    // A dotted name is full by itself: the Avro specification, "Names".
    bool is_full = space.size == 0 || (name.size > 0 && memchr(name.data, '.', name.size) != NULL);
    snprintf(ret_name, NAME_MAX_BYTES, "%.*s%s%.*s", is_full ? 0 : (int)space.size,
             (const char *)space.data, is_full ? "" : ".", (int)name.size, (const char *)name.data);
    return sg_ok();
}

// The first topic that holds this record.
static enum topic topic_of_record(const char *full_name)
{
    enum topic topic = 0;
    while (topic < TOPIC_COUNT) {
        const struct topic_info *info = topic_info(topic);
        if (info->record != NULL && !info->json &&
            strcmp(info->record->full_name, full_name) == 0) {
            break;
        }
        topic++;
    }
    return topic;
}

static sg_result topic_of_schema(struct transcoder *transcoder, int32_t id, enum topic *ret_topic)
{
    if (id == transcoder->known_id) {
        *ret_topic = transcoder->known_topic;
        return sg_ok();
    }
    struct bytes schema;
    char name[NAME_MAX_BYTES];
    SG_TRY(registry_schema(transcoder->registry, id, &schema));
    SG_TRY(name_of_schema(transcoder, schema, name));
    enum topic topic = topic_of_record(name);
    if (topic == TOPIC_COUNT) {
        return sg_fail(SG_DROP, 0, "schema %d is of %s, which is no record of soglia's", (int)id,
                       name[0] == '\0' ? "an unnamed type" : name);
    }
    transcoder->known_id = id;
    transcoder->known_topic = topic;
    *ret_topic = topic;
    return sg_ok();
}

SG_RESULT transcoder_decode(struct transcoder *transcoder, struct bytes message, struct buffer *out)
{
    int32_t id = 0;
    int32_t own_id = NO_SCHEMA_ID;
    struct bytes avro;
    enum topic topic = TOPIC_COUNT;
    struct codec *codec = NULL;
    SG_TRY(wire_split(message, &id, &avro));
    SG_TRY(topic_of_schema(transcoder, id, &topic));
    if (transcoder->codecs[topic] == NULL &&
        !sg_is_ok(registry_id(transcoder->registry, topic, &own_id))) {
        own_id = NO_SCHEMA_ID;
    }
    SG_TRY(codec_of(transcoder, topic, own_id, &codec));
    arena_reset(transcoder->arena);
    SG_TRY(codec_decode(codec, message, transcoder->arena, transcoder->record));
    size_t before = out->size;
    sg_result result = record_json_print(topic_info(topic)->record, transcoder->record, out);
    out->size = sg_is_ok(result) ? out->size : before;
    return result;
}
