// Target: json_reader_skip() and json_string_write(), over any JSON text.
// Strings that are read are written so that they are read as the same again.
#include "core/buffer.h"
#include "core/json_reader.h"
#include "core/json_string.h"

#include <assert.h>

enum { BYTES_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_string(struct bytes text, struct arena *arena)
{
    struct json_reader reader;
    struct bytes again;
    SG_CLEANUP(buffer_done) struct buffer out;
    buffer_init(&out, BYTES_MAX);
    assert(sg_is_ok(json_string_write(text, &out)));
    json_reader_start(&reader, buffer_bytes(&out), arena);
    assert(sg_is_ok(json_reader_string(&reader, &again)));
    assert(sg_is_ok(json_reader_end(&reader)));
    assert(bytes_equal(text, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_reader reader;
    struct bytes text;
    enum json_reader_kind kind;
    SG_CLEANUP(arena_free) struct arena *arena = arena_new(BYTES_MAX);
    json_reader_start(&reader, bytes_of(data, size), arena);
    if (sg_is_ok(json_reader_peek(&reader, &kind)) && kind == JSON_READER_STRING &&
        sg_is_ok(json_reader_string(&reader, &text))) {
        check_string(text, arena);
    }
    json_reader_start(&reader, bytes_of(data, size), arena);
    if (sg_is_ok(json_reader_skip(&reader))) {
        sg_ignore(json_reader_end(&reader)); // Only that it ends.
    }
    return 0;
}
