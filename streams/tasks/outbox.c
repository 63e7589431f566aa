// A binary heap of due times. An entry is in the heap or with the effector, never in both.
#include "streams/tasks/outbox.h"

#include "core/service/crash_point.h"
#include "core/service/metric.h"

#include <stdlib.h>
#include <string.h>

enum { ID_MAX = 128, FIRST_CAPACITY = 64, SCAN_BYTES_MAX = 64 << 20 };

struct due {
    int64_t due_ms;
    uint8_t id_size;
    uint8_t id[ID_MAX];
};

struct due_list {
    struct due *list;
    size_t count;
    size_t capacity;
};

struct outbox {
    const struct processor *processor;
    struct store *store;
    int32_t partition;
    const struct effector *effector;
    struct due_list heap;
    struct due_list notes;
    bool held_up; // The effector refused the last offer.
};

static sg_result add(struct due_list *dues, struct bytes id, int64_t due_ms)
{
    if (id.size > ID_MAX) {
        return sg_fail(SG_FATAL, 0, "an outbox entry has an id of %zu bytes", id.size);
    }
    if (dues->count == dues->capacity) {
        size_t capacity = dues->capacity == 0 ? FIRST_CAPACITY : dues->capacity * 2;
        struct due *larger = realloc(dues->list, capacity * sizeof *larger);
        if (larger == NULL) {
            return sg_fail(SG_FATAL, 0, "out of memory for %zu outbox entries", capacity);
        }
        dues->list = larger;
        dues->capacity = capacity;
    }
    struct due *due = &dues->list[dues->count++];
    due->due_ms = due_ms;
    due->id_size = (uint8_t)id.size;
    memcpy(due->id, id.data, id.size);
    return sg_ok();
}

static void swap(struct due *left, struct due *right)
{
    struct due kept = *left;
    *left = *right;
    *right = kept;
}

static void sift_up(struct due_list *heap, size_t at)
{
    while (at > 0 && heap->list[at].due_ms < heap->list[(at - 1) / 2].due_ms) {
        swap(&heap->list[at], &heap->list[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static void sift_down(struct due_list *heap, size_t at)
{
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < heap->count; child++) {
            if (heap->list[child].due_ms < heap->list[least].due_ms) {
                least = child;
            }
        }
        if (least == at) {
            return;
        }
        swap(&heap->list[at], &heap->list[least]);
        at = least;
    }
}

static sg_result push(struct due_list *heap, struct bytes id, int64_t due_ms)
{
    SG_TRY(add(heap, id, due_ms));
    sift_up(heap, heap->count - 1);
    return sg_ok();
}

static void pop(struct due_list *heap)
{
    heap->list[0] = heap->list[--heap->count];
    sift_down(heap, 0);
}

static sg_result visit(void *context, struct bytes key, const void *record)
{
    struct outbox *outbox = context;
    metric_change(METRIC_OUTBOX, 0, 0, 1);
    return push(&outbox->heap, key, outbox->processor->due_ms(record));
}

sg_result outbox_open(const struct processor *processor, struct stores *stores, int32_t partition,
                      const struct effector *effector, struct outbox **ret_outbox)
{
    SG_CLEANUP(outbox_close) struct outbox *outbox = calloc(1, sizeof *outbox);
    SG_CLEANUP(arena_free) struct arena *arena = arena_new(SCAN_BYTES_MAX);
    if (outbox == NULL || arena == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for the outbox");
    }
    outbox->processor = processor;
    outbox->store = stores_get(stores, 0);
    outbox->partition = partition;
    outbox->effector = effector;
    SG_TRY(store_scan(outbox->store, arena, visit, outbox));
    crash_point("outbox_opened");
    *ret_outbox = SG_MOVE(outbox);
    return sg_ok();
}

void outbox_close(struct outbox **outbox)
{
    struct outbox *closing = *outbox;
    if (closing == NULL) {
        return;
    }
    if (closing->effector != NULL) {
        closing->effector->forget(closing->effector->context, closing->partition);
    }
    metric_change(METRIC_OUTBOX, 0, 0, -(int64_t)closing->heap.count);
    free(closing->heap.list);
    free(closing->notes.list);
    free(closing);
    *outbox = NULL;
}

sg_result outbox_note(struct outbox *outbox, struct bytes id, int64_t due_ms)
{
    return add(&outbox->notes, id, due_ms);
}

sg_result outbox_committed(struct outbox *outbox)
{
    for (size_t i = 0; i < outbox->notes.count; i++) {
        const struct due *note = &outbox->notes.list[i];
        SG_TRY(push(&outbox->heap, bytes_of(note->id, note->id_size), note->due_ms));
        metric_change(METRIC_OUTBOX, 0, 0, 1);
    }
    outbox->notes.count = 0;
    return sg_ok();
}

void outbox_aborted(struct outbox *outbox)
{
    outbox->notes.count = 0;
}

// Hands one entry over; `*ret_taken` false when the effector is full.
static sg_result offer(struct outbox *outbox, const struct due *due, struct arena *arena,
                       bool *ret_taken)
{
    arena_reset(arena);
    void *entry = arena_take(arena, outbox->processor->stores[0].record->size);
    if (entry == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for an outbox entry");
    }
    bool found = false;
    SG_TRY(store_read(outbox->store, bytes_of(due->id, due->id_size), arena, entry, &found));
    crash_point("before_offer");
    *ret_taken =
        !found || outbox->effector->offer(outbox->effector->context, outbox->partition, entry);
    crash_point("offered");
    return sg_ok();
}

sg_result outbox_offer(struct outbox *outbox, int64_t now_ms, struct arena *arena)
{
    outbox->held_up = false;
    while (outbox->heap.count > 0 && outbox->heap.list[0].due_ms <= now_ms) {
        bool taken = false;
        SG_TRY(offer(outbox, &outbox->heap.list[0], arena, &taken));
        if (!taken) {
            outbox->held_up = true;
            return sg_ok();
        }
        pop(&outbox->heap);
        metric_change(METRIC_OUTBOX, 0, 0, -1);
    }
    return sg_ok();
}

int64_t outbox_next_due_ms(const struct outbox *outbox)
{
    bool waits = outbox->heap.count > 0 && !outbox->held_up;
    return waits ? outbox->heap.list[0].due_ms : INT64_MAX;
}

size_t outbox_count(const struct outbox *outbox)
{
    return outbox->heap.count;
}
