// Records that wait, encoded, one behind the other.
#include "query/views/view_batch.h"

#include "core/hash.h"

#include <stdlib.h>

enum {
    // Room for the records of one round of the feeder that began just below FULL_BYTES.
    BYTES_MAX = 1 << 30,
    FULL_BYTES = 16 << 20,
    ARENA_BYTES = 32 << 20,
    FIRST_CAPACITY = 64,
};

struct waiting {
    const struct view_batch_kind *kind;
    int64_t timestamp_ms;
    struct view_place place;
    size_t start;
    size_t size;
};

struct view_batch {
    struct view_store *store;
    const struct view_settings *settings;
    struct arena *arena;
    struct buffer bytes;
    struct waiting *waiting;
    size_t count;
    size_t capacity;
    int64_t newest_ms;
};

void view_batch_close(void *state)
{
    struct view_batch *batch = state;
    if (batch == NULL) {
        return;
    }
    arena_free(&batch->arena);
    buffer_done(&batch->bytes);
    free(batch->waiting);
    free(batch);
}

sg_result view_batch_open(struct view_store *store, const struct view_settings *settings,
                          void **ret_state)
{
    struct view_batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL) {
        return sg_fail(SG_FATAL, 0, "views: out of memory");
    }
    batch->store = store;
    batch->settings = settings;
    buffer_init(&batch->bytes, BYTES_MAX);
    batch->arena = arena_new(ARENA_BYTES);
    if (batch->arena == NULL) {
        view_batch_close(batch);
        return sg_fail(SG_FATAL, 0, "views: out of memory");
    }
    *ret_state = batch;
    return sg_ok();
}

static bool make_room(struct view_batch *batch)
{
    if (batch->count < batch->capacity) {
        return true;
    }
    size_t capacity = batch->capacity == 0 ? FIRST_CAPACITY : batch->capacity * 2;
    struct waiting *waiting = realloc(batch->waiting, capacity * sizeof *waiting);
    if (waiting == NULL) {
        return false;
    }
    batch->waiting = waiting;
    batch->capacity = capacity;
    return true;
}

sg_result view_batch_add(struct view_batch *batch, const struct view_batch_kind *kind,
                         const struct view_record *record)
{
    if (!make_room(batch)) {
        return sg_fail(SG_FATAL, 0, "views: out of memory");
    }
    size_t start = batch->bytes.size;
    SG_TRY(kind->type->encode(record->value, &batch->bytes));
    size_t size = batch->bytes.size - start;
    if (size > VIEW_ROW_BYTES_MAX) {
        batch->bytes.size = start;
        return sg_fail(SG_DROP, 0, "the record has %zu bytes, a view takes %d", size,
                       VIEW_ROW_BYTES_MAX);
    }
    batch->waiting[batch->count++] = (struct waiting){
        kind, record->timestamp_ms, {record->partition, record->offset}, start, size};
    if (record->timestamp_ms > batch->newest_ms) {
        batch->newest_ms = record->timestamp_ms;
    }
    return sg_ok();
}

struct view_write view_batch_begin(struct view_batch *batch, struct transaction *transaction,
                                   int64_t now_ms)
{
    arena_reset(batch->arena);
    return (struct view_write){.store = batch->store,
                               .settings = batch->settings,
                               .transaction = transaction,
                               .arena = batch->arena,
                               .now_ms = now_ms};
}

static sg_result write_one(struct view_batch *batch, const struct waiting *waiting,
                           struct transaction *transaction, int64_t now_ms)
{
    struct view_write write = view_batch_begin(batch, transaction, now_ms);
    struct view_row row = {waiting->place, waiting->timestamp_ms,
                           bytes_of(batch->bytes.data + waiting->start, waiting->size)};
    void *value = arena_take(batch->arena, waiting->kind->type->size);
    if (value == NULL) {
        return sg_fail(SG_FATAL, 0, "views: out of memory");
    }
    SG_TRY(view_row_decode(&row, waiting->kind->type, batch->arena, value));
    struct view_record record = {.partition = row.place.partition,
                                 .offset = row.place.offset,
                                 .timestamp_ms = row.time_ms,
                                 .value = value};
    return waiting->kind->write(&write, &record, &row);
}

sg_result view_batch_flush(struct view_batch *batch, struct transaction *transaction,
                           int64_t now_ms)
{
    for (size_t i = 0; i < batch->count; i++) {
        SG_TRY(write_one(batch, &batch->waiting[i], transaction, now_ms));
    }
    return sg_ok();
}

void view_batch_settled(void *state)
{
    struct view_batch *batch = state;
    batch->count = 0;
    batch->newest_ms = 0;
    if (batch->bytes.capacity > 2 * (size_t)FULL_BYTES) {
        buffer_done(&batch->bytes);
    }
    buffer_clear(&batch->bytes);
}

bool view_batch_full(const void *state)
{
    const struct view_batch *batch = state;
    return batch->bytes.size >= FULL_BYTES;
}

size_t view_batch_count(const struct view_batch *batch)
{
    return batch->count;
}

int64_t view_batch_newest_ms(const struct view_batch *batch)
{
    return batch->newest_ms;
}

uint64_t view_batch_format(const struct view_batch_kind *kinds, size_t count, uint64_t version)
{
    uint64_t format = version;
    for (size_t i = 0; i < count; i++) {
        uint64_t parts[] = {format, hash_bytes(bytes_of_text(kinds[i].type->schema))};
        format = hash_bytes(bytes_of(parts, sizeof parts));
    }
    return format;
}
