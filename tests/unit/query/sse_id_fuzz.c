// Target: sse_id_read() and sse_filter_new(), on what clients send: Last-Event-ID and instruments.
#include "query/stream/sse_filter.h"
#include "query/stream/sse_id.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// An id that is read is the only text of its position.
static void check_id(struct bytes text)
{
    static struct sse_position position;
    sg_result result = sse_id_read(text, &position);
    if (!sg_is_ok(result)) {
        assert(result.class == SG_DROP && result.code == 400);
        return;
    }
    SG_CLEANUP(buffer_done) struct buffer again;
    buffer_init(&again, SSE_ID_TEXT_MAX);
    assert(position.count <= SSE_PLACES_MAX);
    for (size_t i = 0; i < position.count; i++) {
        const struct sse_place *place = &position.places[i];
        assert(place->next >= 0 && place->partition >= 0 &&
               place->partition < position.partitions[place->topic]);
    }
    assert(sg_is_ok(sse_id_print(&position, &again)));
    assert(bytes_equal(buffer_bytes(&again), text));
}

static void check_filter(struct bytes text)
{
    SG_CLEANUP(sse_filter_free) struct sse_filter *filter = NULL;
    sg_result result = sse_filter_new(text, text, &filter);
    assert(sg_is_ok(result) || (result.class == SG_DROP && result.code == 400));
    for (size_t i = 0; filter != NULL && i < sse_filter_count(filter); i++) {
        struct bytes name = sse_filter_name(filter, i);
        assert(name.size > 0 && name.size <= text.size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    // On the heap, so that a byte read behind it is noticed.
    uint8_t *copy = malloc(size + 1);
    assert(copy != NULL);
    for (size_t i = 0; i < size; i++) {
        copy[i] = data[i];
    }
    check_id(bytes_of(copy, size));
    check_filter(bytes_of(copy, size));
    free(copy);
    return 0;
}
