// A binary heap of due times for each lane. An entry is in its heap or with the effector, never in
// both.
#include "streams/tasks/outbox.h"

#include "core/service/crash_point.h"
#include "core/service/metric.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ID_MAX = 128, FIRST_CAPACITY = 64, SCAN_BYTES_MAX = 64 << 20 };

struct due {
    int64_t due_ms;
    uint8_t lane;
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
    struct stores *stores;
    struct store *store;
    int32_t partition;
    const struct effector *effector;
    struct due_list heaps[PROCESSOR_LANES];
    bool held_up[PROCESSOR_LANES]; // The effector refused the lane's last offer.
    struct due_list notes;
};

static sg_result add(struct due_list *dues, const struct due *due)
{
    if (dues->count == dues->capacity) {
        size_t capacity = dues->capacity == 0 ? FIRST_CAPACITY : dues->capacity * 2;
        struct due *larger = realloc(dues->list, capacity * sizeof *larger);
        if (larger == NULL) {
            return sg_fail(SG_FATAL, 0, "out of memory for %zu outbox entries", capacity);
        }
        dues->list = larger;
        dues->capacity = capacity;
    }
    dues->list[dues->count++] = *due;
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

static sg_result push(struct due_list *heap, const struct due *due)
{
    SG_TRY(add(heap, due));
    sift_up(heap, heap->count - 1);
    return sg_ok();
}

static void pop(struct due_list *heap)
{
    heap->list[0] = heap->list[--heap->count];
    sift_down(heap, 0);
}

static sg_result describe(const struct outbox *outbox, struct bytes id, const void *entry,
                          struct due *ret_due)
{
    if (id.size > ID_MAX) {
        return sg_fail(SG_FATAL, 0, "an outbox entry has an id of %zu bytes", id.size);
    }
    const struct processor *processor = outbox->processor;
    unsigned lane = processor->lane == NULL ? 0 : processor->lane(entry);
    assert(lane < PROCESSOR_LANES);
    *ret_due = (struct due){
        .due_ms = processor->due_ms(entry), .lane = (uint8_t)lane, .id_size = (uint8_t)id.size};
    memcpy(ret_due->id, id.data, id.size);
    return sg_ok();
}

static sg_result visit(void *context, struct bytes key, const void *record)
{
    struct outbox *outbox = context;
    struct due due = {.lane = 0};
    SG_TRY(describe(outbox, key, record, &due));
    metric_change(METRIC_OUTBOX, 0, 0, 1);
    return push(&outbox->heaps[due.lane], &due);
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
    outbox->stores = stores;
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
    metric_change(METRIC_OUTBOX, 0, 0, -(int64_t)outbox_count(closing));
    for (size_t i = 0; i < PROCESSOR_LANES; i++) {
        free(closing->heaps[i].list);
    }
    free(closing->notes.list);
    free(closing);
    *outbox = NULL;
}

sg_result outbox_note(struct outbox *outbox, struct bytes id, const void *entry)
{
    struct due due;
    SG_TRY(describe(outbox, id, entry, &due));
    return add(&outbox->notes, &due);
}

sg_result outbox_committed(struct outbox *outbox)
{
    for (size_t i = 0; i < outbox->notes.count; i++) {
        const struct due *note = &outbox->notes.list[i];
        SG_TRY(push(&outbox->heaps[note->lane], note));
        metric_change(METRIC_OUTBOX, 0, 0, 1);
    }
    outbox->notes.count = 0;
    return sg_ok();
}

void outbox_aborted(struct outbox *outbox)
{
    outbox->notes.count = 0;
}

// Hands one entry over, or says that it is not to be tried any more.
static sg_result hand_over(struct outbox *outbox, const void *entry, struct arena *arena,
                           enum effect_answer *ret_answer, int64_t *ret_later_ms)
{
    const struct effector *effector = outbox->effector;
    bool is_void = false;
    if (outbox->processor->is_void != NULL) {
        SG_TRY(outbox->processor->is_void(outbox->stores, arena, entry, &is_void));
    }
    if (is_void) {
        bool taken = effector->refuse(effector->context, outbox->partition, entry);
        *ret_answer = taken ? EFFECT_TAKEN : EFFECT_FULL;
        return sg_ok();
    }
    *ret_answer = effector->offer(effector->context, outbox->partition, entry, ret_later_ms);
    return sg_ok();
}

// Offers one entry; one that ended meanwhile counts as taken.
static sg_result offer(struct outbox *outbox, const struct due *due, struct arena *arena,
                       enum effect_answer *ret_answer, int64_t *ret_later_ms)
{
    arena_reset(arena);
    void *entry = arena_take(arena, outbox->processor->stores[0].record->size);
    if (entry == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for an outbox entry");
    }
    bool found = false;
    SG_TRY(store_read(outbox->store, bytes_of(due->id, due->id_size), arena, entry, &found));
    crash_point("before_offer");
    *ret_answer = EFFECT_TAKEN;
    if (found) {
        SG_TRY(hand_over(outbox, entry, arena, ret_answer, ret_later_ms));
    }
    crash_point("offered");
    return sg_ok();
}

static sg_result offer_lane(struct outbox *outbox, size_t lane, int64_t now_ms, struct arena *arena)
{
    struct due_list *heap = &outbox->heaps[lane];
    outbox->held_up[lane] = false;
    while (heap->count > 0 && heap->list[0].due_ms <= now_ms) {
        enum effect_answer answer = EFFECT_FULL;
        int64_t later_ms = 0;
        SG_TRY(offer(outbox, &heap->list[0], arena, &answer, &later_ms));
        switch (answer) {
        case EFFECT_FULL:
            outbox->held_up[lane] = true;
            return sg_ok();
        case EFFECT_LATER:
            assert(later_ms > 0);
            heap->list[0].due_ms = now_ms + later_ms;
            sift_down(heap, 0);
            break;
        case EFFECT_TAKEN:
            pop(heap);
            metric_change(METRIC_OUTBOX, 0, 0, -1);
            break;
        }
    }
    return sg_ok();
}

sg_result outbox_offer(struct outbox *outbox, int64_t now_ms, struct arena *arena)
{
    for (size_t i = 0; i < PROCESSOR_LANES; i++) {
        SG_TRY(offer_lane(outbox, i, now_ms, arena));
    }
    return sg_ok();
}

int64_t outbox_next_due_ms(const struct outbox *outbox)
{
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < PROCESSOR_LANES; i++) {
        const struct due_list *heap = &outbox->heaps[i];
        bool waits = heap->count > 0 && !outbox->held_up[i];
        next_ms = waits && heap->list[0].due_ms < next_ms ? heap->list[0].due_ms : next_ms;
    }
    return next_ms;
}

size_t outbox_count(const struct outbox *outbox)
{
    size_t count = 0;
    for (size_t i = 0; i < PROCESSOR_LANES; i++) {
        count += outbox->heaps[i].count;
    }
    return count;
}
