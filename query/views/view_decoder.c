// One codec a source.
#include "query/views/view_decoder.h"

#include "core/arena.h"
#include "core/hash.h"
#include "schemas/codec.h"

#include <stdlib.h>

enum { ARENA_BYTES = 32 * 1024 * 1024 };

struct view_decoder {
    struct codec *codecs[VIEW_SOURCE_COUNT];
    void *values[VIEW_SOURCE_COUNT]; // Room for a decoded record.
    struct arena *arena;
};

struct view_decoder *view_decoder_new(void)
{
    struct view_decoder *decoder = calloc(1, sizeof *decoder);
    if (decoder == NULL) {
        return NULL;
    }
    decoder->arena = arena_new(ARENA_BYTES);
    if (decoder->arena == NULL) {
        view_decoder_free(&decoder);
    }
    return decoder;
}

void view_decoder_free(struct view_decoder **decoder)
{
    if (*decoder == NULL) {
        return;
    }
    for (size_t i = 0; i < VIEW_SOURCE_COUNT; i++) {
        codec_free(&(*decoder)->codecs[i]);
        free((*decoder)->values[i]);
    }
    arena_free(&(*decoder)->arena);
    free(*decoder);
    *decoder = NULL;
}

static sg_result schema_of(void *context, int32_t id, struct bytes *ret_text)
{
    return registry_schema(context, id, ret_text);
}

sg_result view_decoder_prepare(struct view_decoder *decoder, struct registry *registry)
{
    for (size_t i = 0; i < VIEW_SOURCE_COUNT; i++) {
        if (decoder->codecs[i] != NULL) {
            continue;
        }
        enum topic topic = view_writer_topic(i);
        struct codec_config config = {
            .type = topic_info(topic)->record, .schema_of = schema_of, .context = registry};
        SG_TRY(registry_id(registry, topic, &config.id));
        SG_TRY(codec_new(&config, &decoder->codecs[i]));
        decoder->values[i] = calloc(1, config.type->size);
        if (decoder->values[i] == NULL) {
            return sg_fail(SG_FATAL, 0, "views: out of memory");
        }
    }
    return sg_ok();
}

sg_result view_decoder_read(struct view_decoder *decoder, size_t source, int32_t partitions,
                            const struct kafka_record *record, const void **ret_value)
{
    if (!record->has_value) {
        return sg_fail(SG_DROP, 0, "the record has no value");
    }
    if (hash_murmur2(record->key) % (uint32_t)partitions != (uint32_t)record->partition) {
        return sg_fail(SG_DROP, 0, "the key belongs to another partition");
    }
    arena_reset(decoder->arena);
    SG_TRY(codec_decode(decoder->codecs[source], record->value, decoder->arena,
                        decoder->values[source]));
    *ret_value = decoder->values[source];
    return sg_ok();
}
