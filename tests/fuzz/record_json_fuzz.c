// Target: record_json_read() and record_json_print(). The first byte chooses the record.
// What is accepted is JSON for jansson too, and the same after it was printed and read again.
#include "record_table.h"

#include "schemas/record_json.h"

#include <jansson.h>

#include <assert.h>
#include <stdalign.h>

enum { BYTES_MAX = 1 << 20, RECORD_BYTES_MAX = 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_accepted(const struct record_type *type, struct bytes json, const void *record,
                           struct arena *arena)
{
    alignas(max_align_t) uint8_t again[RECORD_BYTES_MAX];
    uint64_t present = 0;
    SG_CLEANUP(buffer_done) struct buffer out;
    buffer_init(&out, BYTES_MAX);
    // A whole number beyond 64 bits is a legal JSON number, which jansson takes as a real only.
    size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL;
    json_t *seen = json_loadb((const char *)json.data, json.size, flags, NULL);
    assert(seen != NULL);
    json_decref(seen);
    assert(sg_is_ok(record_json_print(type, record, &out)));
    assert(sg_is_ok(record_json_read(type, buffer_bytes(&out), arena, again, &present)));
    assert(record_type_equal(type, record, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    const struct record_type *type = record_table[data[0] % record_table_count];
    struct bytes json = bytes_of(data + 1, size - 1);
    assert(type->size <= RECORD_BYTES_MAX);
    alignas(max_align_t) uint8_t record[RECORD_BYTES_MAX];
    uint64_t present = 0;
    SG_CLEANUP(arena_free) struct arena *arena = arena_new(BYTES_MAX);
    if (sg_is_ok(record_json_read(type, json, arena, record, &present))) {
        check_accepted(type, json, record, arena);
    }
    return 0;
}
