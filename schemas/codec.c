// Messages of the compiled schema take the short way. An id whose schema is the compiled text, as
// another registry may give it, takes it as well.
#include "schemas/codec.h"

#include "schemas/resolver.h"
#include "schemas/wire.h"

#include <stdlib.h>

// A foreign writer schema that is kept ready.
struct known {
    int32_t id; // 0 for a free place.
    uint64_t used_at;
    struct resolver *resolver; // NULL when the schema is the compiled one.
};

struct codec {
    struct codec_config config;
    struct known known[CODEC_RESOLVERS_MAX];
    uint64_t uses;
};

sg_result codec_new(const struct codec_config *config, struct codec **ret_codec)
{
    struct codec *codec = calloc(1, sizeof *codec);
    if (codec == NULL) {
        return sg_fail(SG_FATAL, 0, "codec of %s: out of memory", config->type->full_name);
    }
    codec->config = *config;
    *ret_codec = codec;
    return sg_ok();
}

void codec_free(struct codec **codec)
{
    if (*codec == NULL) {
        return;
    }
    for (size_t i = 0; i < CODEC_RESOLVERS_MAX; i++) {
        resolver_free(&(*codec)->known[i].resolver);
    }
    free(*codec);
    *codec = NULL;
}

sg_result codec_encode(const struct codec *codec, const void *record, struct buffer *out)
{
    return wire_encode(codec->config.id, codec->config.type, record, out);
}

// The place of the id, or else the one that has been unused for longest.
static struct known *find_place(struct codec *codec, int32_t id)
{
    struct known *oldest = &codec->known[0];
    for (size_t i = 0; i < CODEC_RESOLVERS_MAX; i++) {
        struct known *known = &codec->known[i];
        if (known->id == id) {
            return known;
        }
        oldest = known->used_at < oldest->used_at ? known : oldest;
    }
    return oldest;
}

static sg_result learn(struct codec *codec, int32_t id, struct known *place)
{
    const struct record_type *type = codec->config.type;
    struct bytes text;
    struct resolver *resolver = NULL;
    SG_TRY(codec->config.schema_of(codec->config.context, id, &text));
    if (!bytes_is_text(text, type->schema)) {
        SG_TRY(sg_explain(resolver_new(text, type, &resolver), "schema id %d", (int)id));
    }
    resolver_free(&place->resolver);
    *place = (struct known){.id = id, .resolver = resolver};
    return sg_ok();
}

static sg_result find_known(struct codec *codec, int32_t id, struct known **ret_known)
{
    struct known *known = find_place(codec, id);
    if (known->id != id) {
        SG_TRY(learn(codec, id, known));
    }
    known->used_at = ++codec->uses;
    *ret_known = known;
    return sg_ok();
}

sg_result codec_decode(struct codec *codec, struct bytes message, struct arena *arena,
                       void *ret_record)
{
    const struct record_type *type = codec->config.type;
    int32_t id = 0;
    struct bytes avro;
    struct known *known = NULL;
    SG_TRY(wire_split(message, &id, &avro));
    if (id == codec->config.id) {
        return type->decode(avro, arena, ret_record);
    }
    SG_TRY(find_known(codec, id, &known));
    if (known->resolver == NULL) {
        return type->decode(avro, arena, ret_record);
    }
    return sg_explain(resolver_decode(known->resolver, avro, arena, ret_record), "schema id %d",
                      (int)id);
}
