// Target: wire_split() and codec_decode() with its own schema, an older one, a broken one and none.
#include "schemas/codec.h"
#include "schemas/quote.h"
#include "schemas/wire.h"

#include <assert.h>

enum { BYTES_MAX = 1 << 20, OWN_ID = 1, OLDER_ID = 2, BROKEN_ID = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char older[] =
    "{\"type\":\"record\",\"name\":\"Quote\",\"fields\":["
    "{\"name\":\"source\",\"type\":\"string\"},{\"name\":\"gone\",\"type\":\"bytes\"},"
    "{\"name\":\"instrument\",\"type\":\"string\"},{\"name\":\"value\",\"type\":\"float\"},"
    "{\"name\":\"event_time\",\"type\":\"long\"}]}";

static sg_result schema_of(void *context, int32_t id, struct bytes *ret_text)
{
    (void)context;
    if (id > BROKEN_ID) {
        return sg_fail(SG_DROP, 0, "schema id %d is not registered", (int)id);
    }
    *ret_text = bytes_of_text(id == BROKEN_ID ? "{" : older);
    return sg_ok();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct quote quote;
    SG_CLEANUP(codec_free) struct codec *codec = NULL;
    SG_CLEANUP(arena_free) struct arena *arena = arena_new(BYTES_MAX);
    SG_CLEANUP(buffer_done) struct buffer out;
    const struct codec_config config = {&quote_type, OWN_ID, schema_of, NULL};
    buffer_init(&out, BYTES_MAX);
    assert(sg_is_ok(codec_new(&config, &codec)));
    sg_result result = codec_decode(codec, bytes_of(data, size), arena, &quote);
    assert(result.class == SG_OK || result.class == SG_DROP);
    if (sg_is_ok(result)) {
        assert(sg_is_ok(codec_encode(codec, &quote, &out)));
    }
    return 0;
}
