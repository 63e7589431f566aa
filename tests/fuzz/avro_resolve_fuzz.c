// Target: schema_tree_parse(), schema_match_check(), avro_walk_message() and
// avro_resolve_message(). The input is the text of a writer's schema, byte 0xFF, and a message of
// that writer for Quote.
#include "schemas/binary/avro_resolve.h"
#include "schemas/binary/schema_match.h"
#include "schemas/quote.h"

#include <assert.h>
#include <string.h>

enum { BYTES_MAX = 1 << 20, SEPARATOR = 0xFF };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_message(const struct schema_node *writer, struct bytes avro)
{
    SG_CLEANUP(schema_tree_free) struct schema_tree *reader = NULL;
    SG_CLEANUP(arena_free) struct arena *arena = arena_new(BYTES_MAX);
    SG_CLEANUP(buffer_done) struct buffer out;
    struct quote quote;
    buffer_init(&out, BYTES_MAX);
    assert(sg_is_ok(schema_tree_parse(bytes_of_text(quote_type.schema), &reader)));
    const struct schema_node *root = schema_tree_root(reader);
    sg_ignore(schema_match_check(root, writer)); // Only that it ends.
    bool is_walked = sg_is_ok(avro_walk_message(writer, avro, arena));
    if (sg_is_ok(avro_resolve_message(root, writer, avro, arena, &out))) {
        // What is resolved was sound, and is sound.
        assert(is_walked);
        assert(sg_is_ok(quote_decode(buffer_bytes(&out), arena, &quote)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *separator = size == 0 ? NULL : memchr(data, SEPARATOR, size);
    size_t length = separator == NULL ? size : (size_t)(separator - data);
    SG_CLEANUP(schema_tree_free) struct schema_tree *writer = NULL;
    if (!sg_is_ok(schema_tree_parse(bytes_of(data, length), &writer)) || separator == NULL) {
        return 0;
    }
    try_message(schema_tree_root(writer), bytes_of(separator + 1, size - length - 1));
    return 0;
}
