// Messages of one record type in Confluent's wire format, whatever schema their writer used.
#pragma once
#include "schemas/record_type.h"

// Most foreign writer schemas kept ready; the one unused for longest makes room.
enum { CODEC_RESOLVERS_MAX = 16 };

// Gets the text of a schema, borrowed until the next call. Returns SG_DROP for an id nobody has
// registered, SG_RETRY when that cannot be told now.
typedef sg_result codec_schema_fn(void *context, int32_t id, struct bytes *ret_text);

struct codec;

struct codec_config {
    const struct record_type *type;
    int32_t id; // Of the compiled schema.
    codec_schema_fn *schema_of;
    void *context; // Of schema_of.
};

// A codec for one thread. The caller frees it. Fails: SG_FATAL without memory.
SG_RESULT codec_new(const struct codec_config *config, struct codec **ret_codec);

// Frees it and sets `*codec` to NULL. Accepts NULL.
void codec_free(struct codec **codec);

// Adds the record as a message. Fails as the record's encode; `out` is then as it was.
SG_RESULT codec_encode(const struct codec *codec, const void *record, struct buffer *out);

// Reads a message. What it returns borrows from the message and the arena. Fails: SG_DROP, telling
// the sender what to mend, for a malformed message, an unknown schema id or one that does not fit
// the record; SG_RETRY when the schema cannot be got now.
SG_RESULT codec_decode(struct codec *codec, struct bytes message, struct arena *arena,
                       void *ret_record);
