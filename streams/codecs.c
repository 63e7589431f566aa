// One codec a topic.
#include "streams/codecs.h"

static sg_result schema_of(void *context, int32_t id, struct bytes *ret_text)
{
    return registry_schema(context, id, ret_text);
}

sg_result codecs_add(struct codecs *codecs, struct registry *registry, enum topic topic)
{
    const struct topic_info *info = topic_info(topic);
    if (info->record == NULL || info->json || codecs->by_topic[topic] != NULL) {
        return sg_ok();
    }
    int32_t id = 0;
    SG_TRY(registry_id(registry, topic, &id));
    struct codec_config config = {
        .type = info->record, .id = id, .schema_of = schema_of, .context = registry};
    return codec_new(&config, &codecs->by_topic[topic]);
}

void codecs_done(struct codecs *codecs)
{
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        codec_free(&codecs->by_topic[i]);
    }
}
