// Target: x_decode() of every record. The first byte chooses the record.
// A message is accepted by the decoder and by the walker, or by neither; what is accepted is the
// same after it was written again.
#include "record_table.h"

#include "schemas/binary/avro_walk.h"

#include <assert.h>
#include <stdalign.h>

enum { BYTES_MAX = 1 << 20, RECORD_BYTES_MAX = 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The schema of a type, kept for the next input.
static const struct schema_node *schema_of(const struct record_type *type)
{
    static const struct record_type *known;
    static struct schema_tree *tree;
    if (known != type) {
        schema_tree_free(&tree);
        assert(sg_is_ok(schema_tree_parse(bytes_of_text(type->schema), &tree)));
        known = type;
    }
    return schema_tree_root(tree);
}

static void check_stable(const struct record_type *type, const void *record, struct arena *arena)
{
    alignas(max_align_t) uint8_t again[RECORD_BYTES_MAX];
    SG_CLEANUP(buffer_done) struct buffer out;
    buffer_init(&out, BYTES_MAX);
    assert(sg_is_ok(type->encode(record, &out)));
    assert(sg_is_ok(type->decode(buffer_bytes(&out), arena, again)));
    assert(record_type_equal(type, record, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const struct record_type *type = record_table[data[0] % record_table_count];
    struct bytes avro = bytes_of(data + 1, size - 1);
    assert(type->size <= RECORD_BYTES_MAX);
    alignas(max_align_t) uint8_t record[RECORD_BYTES_MAX];
    SG_CLEANUP(arena_free) struct arena *arena = arena_new(BYTES_MAX);
    bool is_decoded = sg_is_ok(type->decode(avro, arena, record));
    bool is_walked = sg_is_ok(avro_walk_message(schema_of(type), avro, arena));
    assert(is_decoded == is_walked);
    if (is_decoded) {
        check_stable(type, record, arena);
    }
    return 0;
}
