// An event is a head, its key and its text in one piece, padded to eight bytes. What is left at the
// end of the memory when the next one does not fit there is skipped.
#include "query/stream/sse_ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 8 };

struct head {
    uint32_t size; // Of all; 0: the rest of the memory is skipped.
    uint32_t json_size;
    uint64_t hash;
    int64_t offset;
    int64_t event_time;
    uint32_t slot;
    uint16_t key_size;
    uint16_t kind;
};

struct sse_ring {
    uint64_t first;
    uint64_t end;
    size_t bytes;
    uint8_t *memory;
};

struct sse_ring *sse_ring_new(size_t bytes)
{
    struct sse_ring *ring = calloc(1, sizeof *ring);
    if (ring == NULL) {
        return NULL;
    }
    ring->bytes = bytes / ALIGNMENT * ALIGNMENT;
    ring->memory = malloc(ring->bytes);
    if (ring->memory == NULL) {
        sse_ring_free(&ring);
    }
    return ring;
}

void sse_ring_free(struct sse_ring **ring)
{
    if (*ring != NULL) {
        free((*ring)->memory);
        free(*ring);
        *ring = NULL;
    }
}

static size_t size_of(const struct sse_event *event)
{
    size_t size = sizeof(struct head) + event->key.size + event->json.size;
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

// Bytes that are skipped before an event of this size.
static size_t skip_before(const struct sse_ring *ring, size_t size)
{
    size_t left = ring->bytes - (size_t)(ring->end % ring->bytes);
    return left < size ? left : 0;
}

bool sse_ring_fits(const struct sse_ring *ring, const struct sse_event *event)
{
    size_t size = size_of(event);
    return (size_t)(ring->end - ring->first) + skip_before(ring, size) + size <= ring->bytes;
}

void sse_ring_add(struct sse_ring *ring, const struct sse_event *event)
{
    assert(sse_ring_fits(ring, event) && event->key.size <= UINT16_MAX);
    size_t size = size_of(event);
    size_t skip = skip_before(ring, size);
    if (skip > 0) {
        memset(ring->memory + ring->end % ring->bytes, 0, sizeof(uint32_t));
        ring->end += skip;
    }
    struct head head = {.size = (uint32_t)size,
                        .json_size = (uint32_t)event->json.size,
                        .hash = event->hash,
                        .offset = event->offset,
                        .event_time = event->event_time,
                        .slot = event->slot,
                        .key_size = (uint16_t)event->key.size,
                        .kind = (uint16_t)event->kind};
    uint8_t *at = ring->memory + ring->end % ring->bytes;
    memcpy(at, &head, sizeof head);
    memcpy(at + sizeof head, event->key.data, event->key.size);
    memcpy(at + sizeof head + event->key.size, event->json.data, event->json.size);
    ring->end += size;
}

bool sse_ring_next(const struct sse_ring *ring, uint64_t *at, struct sse_event *ret_event)
{
    assert(*at >= ring->first);
    if (*at == ring->end) {
        return false;
    }
    const uint8_t *from = ring->memory + *at % ring->bytes;
    uint32_t size = 0;
    memcpy(&size, from, sizeof size);
    if (size == 0) {
        *at += ring->bytes - *at % ring->bytes;
        from = ring->memory;
    }
    struct head head;
    memcpy(&head, from, sizeof head);
    *at += head.size;
    *ret_event = (struct sse_event){
        .kind = (enum sse_kind)head.kind,
        .slot = head.slot,
        .offset = head.offset,
        .event_time = head.event_time,
        .hash = head.hash,
        .key = bytes_of(from + sizeof head, head.key_size),
        .json = bytes_of(from + sizeof head + head.key_size, head.json_size),
    };
    return true;
}

bool sse_ring_drop(struct sse_ring *ring, struct sse_event *ret_event)
{
    return sse_ring_next(ring, &ring->first, ret_event);
}

uint64_t sse_ring_first(const struct sse_ring *ring)
{
    return ring->first;
}

uint64_t sse_ring_end(const struct sse_ring *ring)
{
    return ring->end;
}
