// Events as text, the newest ones, in a fixed number of bytes: in the order in which they were
// added. Readers are no more than a number that they keep. One thread at a time.
#pragma once
#include "core/bytes.h"

enum sse_kind { SSE_QUOTE, SSE_ALERT, SSE_GAP };

struct sse_event {
    enum sse_kind kind;
    uint32_t slot; // Of its partition, as the hub counts them.
    int64_t offset;
    int64_t event_time;
    uint64_t hash;     // Of the key.
    struct bytes key;  // The instrument of a quote, the user of an alert.
    struct bytes json; // In one line.
};

struct sse_ring;

// An empty ring. NULL when memory is out; the caller frees it with sse_ring_free().
struct sse_ring *sse_ring_new(size_t bytes);

// Frees it and sets `*ring` to NULL. Accepts NULL.
void sse_ring_free(struct sse_ring **ring);

// True when the event can be added without forgetting another one.
bool sse_ring_fits(const struct sse_ring *ring, const struct sse_event *event);

// Adds a copy of an event that fits.
void sse_ring_add(struct sse_ring *ring, const struct sse_event *event);

// Forgets the oldest event and says which it was; its bytes are borrowed until the next
// sse_ring_add(). False: there is none.
bool sse_ring_drop(struct sse_ring *ring, struct sse_event *ret_event);

// Where the oldest event stands, and where the next one will. Numbers only grow.
uint64_t sse_ring_first(const struct sse_ring *ring);
uint64_t sse_ring_end(const struct sse_ring *ring);

// The event at `*at`, and `*at` behind it; borrowed until the next sse_ring_add(). False: there is
// none yet. `*at` must not be below sse_ring_first().
bool sse_ring_next(const struct sse_ring *ring, uint64_t *at, struct sse_event *ret_event);
