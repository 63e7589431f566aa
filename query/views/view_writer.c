// One batch: apply() for each record in memory, flush() and positions at the commit. A file that is
// full grows and the flush is done again, since everything of the batch is still in memory.
#include "query/views/view_writer.h"

#include "core/hash.h"
#include "core/service/clock.h"
#include "core/service/crash_point.h"
#include "core/service/log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { PARTITIONS_MAX = 1024, GROWTHS_MAX = 40, US_PER_MS = 1000 };

static const struct view *const views[VIEW_COUNT] = {&quote_view};

struct partition_state {
    struct view_position position;
    bool known; // The position was looked up, or set.
    bool found; // There is a position.
    bool moved; // Since the last commit.
};

struct view_writer {
    struct view_store *store;
    const struct view_settings *settings;
    void *states[VIEW_COUNT];
    struct partition_state partitions[VIEW_COUNT][PARTITIONS_MAX];
    struct transaction *transaction; // Open while a batch is.
    int64_t records;                 // Of the batch.
    int64_t began_us;
};

const struct view *view_writer_view(size_t index)
{
    return views[index];
}

static const char *topic_of(size_t view)
{
    return topic_info(views[view]->topic)->name;
}

void view_writer_close(struct view_writer **writer)
{
    struct view_writer *closing = *writer;
    if (closing == NULL) {
        return;
    }
    transaction_abort(&closing->transaction);
    for (size_t i = 0; i < VIEW_COUNT; i++) {
        views[i]->close(closing->states[i]);
    }
    free(closing);
    *writer = NULL;
}

sg_result view_writer_open(struct view_store *store, const struct view_settings *settings,
                           struct view_writer **ret_writer)
{
    SG_CLEANUP(view_writer_close) struct view_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) {
        return sg_fail(SG_FATAL, 0, "views: out of memory");
    }
    writer->store = store;
    writer->settings = settings;
    for (size_t i = 0; i < VIEW_COUNT; i++) {
        SG_TRY(views[i]->open(store, settings, &writer->states[i]));
    }
    *ret_writer = SG_MOVE(writer);
    return sg_ok();
}

uint64_t view_writer_fingerprint(const struct view_record *record, struct bytes payload)
{
    uint64_t parts[] = {(uint64_t)record->timestamp_ms, hash_bytes(record->key),
                        hash_bytes(payload)};
    return hash_bytes(bytes_of(parts, sizeof parts));
}

static sg_result begin(struct view_writer *writer)
{
    if (writer->transaction != NULL) {
        return sg_ok();
    }
    writer->began_us = clock_monotonic_us();
    return view_store_begin(writer->store, &writer->transaction);
}

static sg_result load_position(struct view_writer *writer, size_t view, int32_t partition,
                               struct partition_state **ret_state)
{
    if (partition < 0 || partition >= PARTITIONS_MAX) {
        return sg_fail(SG_FATAL, 0, "views: topic %s has more than %d partitions", topic_of(view),
                       PARTITIONS_MAX);
    }
    struct partition_state *state = &writer->partitions[view][partition];
    if (!state->known) {
        SG_CLEANUP(view_snapshot_done) struct view_snapshot snapshot = {.transaction = NULL};
        SG_TRY(view_store_read(writer->store, &snapshot));
        struct kafka_position at = {.topic = topic_of(view), .partition = partition};
        SG_TRY(view_store_position(writer->store, snapshot.transaction, &at, &state->position,
                                   &state->found));
        state->known = true;
    }
    *ret_state = state;
    return sg_ok();
}

sg_result view_writer_position(struct view_writer *writer, size_t view, int32_t partition,
                               struct view_position *ret_position, bool *ret_found)
{
    struct partition_state *state = NULL;
    SG_TRY(load_position(writer, view, partition, &state));
    *ret_position = state->position;
    *ret_found = state->found;
    return sg_ok();
}

struct counting {
    const char *topic;
    int32_t count;
};

static sg_result count_partition(void *context, const char *topic, int32_t partition,
                                 const struct view_position *position)
{
    (void)position;
    struct counting *counting = context;
    if (strcmp(topic, counting->topic) == 0 && partition >= counting->count) {
        counting->count = partition + 1;
    }
    return sg_ok();
}

sg_result view_writer_partitions(struct view_writer *writer, size_t view, int32_t *ret_count)
{
    struct counting counting = {.topic = topic_of(view)};
    SG_CLEANUP(view_snapshot_done) struct view_snapshot snapshot = {.transaction = NULL};
    SG_TRY(view_store_read(writer->store, &snapshot));
    SG_TRY(view_store_positions(writer->store, snapshot.transaction, count_partition, &counting));
    *ret_count = counting.count;
    return sg_ok();
}

sg_result view_writer_take(struct view_writer *writer, size_t view,
                           const struct view_record *record, uint64_t fingerprint,
                           bool *ret_refused)
{
    struct partition_state *state = NULL;
    SG_TRY(load_position(writer, view, record->partition, &state));
    SG_TRY(begin(writer));
    *ret_refused = record->value == NULL;
    if (record->value != NULL) {
        sg_result applied = views[view]->apply(writer->states[view], writer->transaction, record);
        if (!sg_is_ok(applied) && applied.class != SG_DROP) {
            return applied;
        }
        *ret_refused = !sg_is_ok(applied);
    }
    state->position = (struct view_position){
        .next = record->offset + 1, .last = record->offset, .fingerprint = fingerprint};
    state->found = true;
    state->moved = true;
    writer->records++;
    return sg_ok();
}

bool view_writer_due(const struct view_writer *writer, bool drained)
{
    if (writer->records == 0) {
        return false;
    }
    int64_t age_us = clock_monotonic_us() - writer->began_us;
    return drained || writer->records >= writer->settings->commit_records ||
           age_us >= writer->settings->commit_ms * US_PER_MS;
}

static sg_result write_positions(struct view_writer *writer, size_t view)
{
    for (int32_t partition = 0; partition < PARTITIONS_MAX; partition++) {
        struct partition_state *state = &writer->partitions[view][partition];
        if (state->moved) {
            struct kafka_position at = {.topic = topic_of(view), .partition = partition};
            SG_TRY(
                view_store_set_position(writer->store, writer->transaction, &at, &state->position));
        }
    }
    return sg_ok();
}

static sg_result write_batch(struct view_writer *writer)
{
    SG_TRY(begin(writer));
    for (size_t i = 0; i < VIEW_COUNT; i++) {
        SG_TRY(views[i]->flush(writer->states[i], writer->transaction));
        SG_TRY(write_positions(writer, i));
    }
    return sg_ok();
}

// Writes and commits. SG_ABORT: the file was full, it is larger now.
static sg_result try_commit(struct view_writer *writer)
{
    crash_point("before_view_flush");
    sg_result written = write_batch(writer);
    if (sg_is_ok(written)) {
        crash_point("view_flushed");
        return view_store_commit(writer->store, &writer->transaction);
    }
    transaction_abort(&writer->transaction);
    if (written.class == SG_ABORT) {
        SG_TRY(view_store_grow(writer->store));
    }
    return written;
}

static void settle(struct view_writer *writer)
{
    for (size_t i = 0; i < VIEW_COUNT; i++) {
        views[i]->settled(writer->states[i]);
        for (size_t partition = 0; partition < PARTITIONS_MAX; partition++) {
            writer->partitions[i][partition].moved = false;
        }
    }
    writer->records = 0;
}

sg_result view_writer_commit(struct view_writer *writer, bool *ret_committed)
{
    *ret_committed = false;
    if (writer->records == 0) {
        return sg_ok();
    }
    sg_result result = try_commit(writer);
    for (int i = 0; i < GROWTHS_MAX && result.class == SG_ABORT; i++) {
        result = try_commit(writer);
    }
    if (result.class == SG_ABORT) {
        return sg_fail(SG_FATAL, result.code, "the file of the views cannot grow any further");
    }
    SG_TRY(result);
    crash_point("view_committed");
    settle(writer);
    *ret_committed = true;
    return sg_ok();
}

sg_result view_writer_rebuild(struct view_writer *writer, size_t view)
{
    assert(writer->records == 0);
    SG_TRY(begin(writer));
    SG_TRY(views[view]->clear(writer->states[view], writer->transaction));
    SG_TRY(view_store_forget(writer->store, writer->transaction, topic_of(view)));
    SG_TRY(view_store_commit(writer->store, &writer->transaction));
    memset(writer->partitions[view], 0, sizeof writer->partitions[view]);
    return sg_ok();
}
