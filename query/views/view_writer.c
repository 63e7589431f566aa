// One batch: apply() for each record in memory, flush() and positions at the commit. A file that is
// full grows and the flush is done again, since everything of the batch is still in memory.
#include "query/views/view_writer.h"

#include "core/hash.h"
#include "core/service/clock.h"
#include "core/service/crash_point.h"
#include "core/service/log.h"
#include "query/views/accounts/account_view.h"
#include "query/views/alerts/alert_feed.h"
#include "query/views/notifications/notification_feed.h"
#include "query/views/quotes/quote_view.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { PARTITIONS_MAX = 1024, GROWTHS_MAX = 40, US_PER_MS = 1000 };

static const struct view *const views[VIEW_COUNT] = {&quote_view, &account_view, &alert_view,
                                                     &notification_view};

// Of each source: its view and which one it is there.
static const struct {
    size_t view;
    size_t index;
} sources[VIEW_SOURCE_COUNT] = {{0, 0}, {1, 0}, {1, 1}, {1, 2}, {2, 0}, {3, 0}, {3, 1}};

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
    struct partition_state partitions[VIEW_SOURCE_COUNT][PARTITIONS_MAX];
    int32_t partition_counts[VIEW_SOURCE_COUNT]; // One more than the highest that was asked for.
    struct transaction *transaction;             // Open while a batch is.
    int64_t records;                             // Of the batch, and skips.
    int64_t began_us;
    bool full; // A view has enough in memory.
};

static const struct view_source *source_of(size_t source)
{
    return &views[sources[source].view]->sources[sources[source].index];
}

enum topic view_writer_topic(size_t source)
{
    return source_of(source)->topic;
}

size_t view_writer_view_of(size_t source)
{
    return sources[source].view;
}

static const char *topic_of(size_t source)
{
    return topic_info(source_of(source)->topic)->name;
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

// Commits what was written. SG_ABORT: the file was full, it is larger now; nothing is kept.
static sg_result finish(struct view_writer *writer, sg_result written)
{
    if (sg_is_ok(written)) {
        return view_store_commit(writer->store, &writer->transaction);
    }
    transaction_abort(&writer->transaction);
    if (written.class == SG_ABORT) {
        SG_TRY(view_store_grow(writer->store));
    }
    return written;
}

// Empties a view and notes the format of its rows to come.
static sg_result write_empty(struct view_writer *writer, size_t view)
{
    SG_TRY(view_store_begin(writer->store, &writer->transaction));
    SG_TRY(views[view]->clear(writer->states[view], writer->transaction));
    for (size_t i = 0; i < VIEW_SOURCE_COUNT; i++) {
        if (sources[i].view == view) {
            SG_TRY(view_store_forget(writer->store, writer->transaction, topic_of(i)));
        }
    }
    return views[view]->format == NULL
               ? sg_ok()
               : view_store_set_format(writer->store, writer->transaction, views[view]->name,
                                       views[view]->format());
}

static sg_result empty(struct view_writer *writer, size_t view)
{
    sg_result result = sg_fail(SG_ABORT, 0, "not tried");
    for (int i = 0; i < GROWTHS_MAX && result.class == SG_ABORT; i++) {
        result = finish(writer, write_empty(writer, view));
    }
    return result;
}

static sg_result read_format(struct view_writer *writer, size_t view, uint64_t *ret_format)
{
    SG_CLEANUP(view_snapshot_done) struct view_snapshot snapshot = {.transaction = NULL};
    SG_TRY(view_store_read(writer->store, &snapshot));
    return view_store_format(writer->store, snapshot.transaction, views[view]->name, ret_format);
}

// A view that another program has filled with other rows begins empty; so does one that the file
// does not have yet.
static sg_result check_format(struct view_writer *writer, size_t view)
{
    uint64_t present = 0;
    if (views[view]->format == NULL) {
        return sg_ok();
    }
    SG_TRY(read_format(writer, view, &present));
    if (present == views[view]->format()) {
        return sg_ok();
    }
    if (present != 0) {
        log_warn("a view has another format and is built anew",
                 (struct log_field[]){log_text("view", views[view]->name), {.name = NULL}});
    }
    return empty(writer, view);
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
        SG_TRY(check_format(writer, i));
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

static sg_result load_position(struct view_writer *writer, size_t source, int32_t partition,
                               struct partition_state **ret_state)
{
    if (partition < 0 || partition >= PARTITIONS_MAX) {
        return sg_fail(SG_FATAL, 0, "views: topic %s has more than %d partitions", topic_of(source),
                       PARTITIONS_MAX);
    }
    struct partition_state *state = &writer->partitions[source][partition];
    if (!state->known) {
        SG_CLEANUP(view_snapshot_done) struct view_snapshot snapshot = {.transaction = NULL};
        SG_TRY(view_store_read(writer->store, &snapshot));
        struct kafka_position at = {.topic = topic_of(source), .partition = partition};
        SG_TRY(view_store_position(writer->store, snapshot.transaction, &at, &state->position,
                                   &state->found));
        state->known = true;
        if (partition >= writer->partition_counts[source]) {
            writer->partition_counts[source] = partition + 1;
        }
    }
    *ret_state = state;
    return sg_ok();
}

sg_result view_writer_position(struct view_writer *writer, size_t source, int32_t partition,
                               struct view_position *ret_position, bool *ret_found)
{
    struct partition_state *state = NULL;
    SG_TRY(load_position(writer, source, partition, &state));
    *ret_position = state->position;
    *ret_found = state->found;
    return sg_ok();
}

static sg_result count_partition(void *context, int32_t partition,
                                 const struct view_position *position)
{
    (void)position;
    int32_t *count = context;
    *count = partition + 1;
    return sg_ok();
}

sg_result view_writer_partitions(struct view_writer *writer, size_t source, int32_t *ret_count)
{
    SG_CLEANUP(view_snapshot_done) struct view_snapshot snapshot = {.transaction = NULL};
    SG_TRY(view_store_read(writer->store, &snapshot));
    *ret_count = 0;
    return view_store_positions(&snapshot, topic_of(source), count_partition, ret_count);
}

// Hands a record to its view. `*ret_refused` tells whether it was refused.
static sg_result apply(struct view_writer *writer, size_t source, const struct view_record *record,
                       bool *ret_refused)
{
    const struct view *view = views[sources[source].view];
    void *state = writer->states[sources[source].view];
    sg_result applied =
        view->sources[sources[source].index].apply(state, writer->transaction, record);
    if (!sg_is_ok(applied) && applied.class != SG_DROP) {
        return applied;
    }
    *ret_refused = !sg_is_ok(applied);
    writer->full = writer->full || (view->full != NULL && view->full(state));
    return sg_ok();
}

static void move(struct view_writer *writer, struct partition_state *state,
                 struct view_position position)
{
    state->position = position;
    state->found = true;
    state->moved = true;
    writer->records++;
}

sg_result view_writer_take(struct view_writer *writer, size_t source,
                           const struct view_record *record, uint64_t fingerprint,
                           bool *ret_refused)
{
    struct partition_state *state = NULL;
    SG_TRY(load_position(writer, source, record->partition, &state));
    SG_TRY(begin(writer));
    *ret_refused = record->value == NULL;
    if (record->value != NULL) {
        SG_TRY(apply(writer, source, record, ret_refused));
    }
    move(writer, state,
         (struct view_position){
             .next = record->offset + 1, .last = record->offset, .fingerprint = fingerprint});
    return sg_ok();
}

sg_result view_writer_skip(struct view_writer *writer, size_t source, int32_t partition,
                           int64_t next)
{
    struct partition_state *state = NULL;
    SG_TRY(load_position(writer, source, partition, &state));
    SG_TRY(begin(writer));
    move(writer, state, (struct view_position){.next = next, .last = -1});
    return sg_ok();
}

bool view_writer_full(const struct view_writer *writer)
{
    return writer->full;
}

bool view_writer_due(const struct view_writer *writer, bool at_once)
{
    if (writer->records == 0) {
        return false;
    }
    int64_t age_us = clock_monotonic_us() - writer->began_us;
    return at_once || writer->full || writer->records >= writer->settings->commit_records ||
           age_us >= writer->settings->commit_ms * US_PER_MS;
}

static sg_result write_positions(struct view_writer *writer, size_t source)
{
    for (int32_t partition = 0; partition < writer->partition_counts[source]; partition++) {
        struct partition_state *state = &writer->partitions[source][partition];
        if (state->moved) {
            struct kafka_position at = {.topic = topic_of(source), .partition = partition};
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
    }
    for (size_t i = 0; i < VIEW_SOURCE_COUNT; i++) {
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
    }
    return finish(writer, written);
}

static void settle(struct view_writer *writer)
{
    for (size_t i = 0; i < VIEW_COUNT; i++) {
        views[i]->settled(writer->states[i]);
    }
    for (size_t i = 0; i < VIEW_SOURCE_COUNT; i++) {
        for (int32_t partition = 0; partition < writer->partition_counts[i]; partition++) {
            writer->partitions[i][partition].moved = false;
        }
    }
    writer->records = 0;
    writer->full = false;
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
    transaction_abort(&writer->transaction);
    SG_TRY(empty(writer, view));
    for (size_t i = 0; i < VIEW_SOURCE_COUNT; i++) {
        if (sources[i].view == view) {
            memset(writer->partitions[i], 0, sizeof writer->partitions[i]);
        }
    }
    return sg_ok();
}
