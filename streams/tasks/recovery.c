// Catching up: every record behind the saved position of each changelog, in order, committed in
// pieces.
#include "streams/tasks/recovery.h"
#include "streams/tasks/recovery_state.h"

#include "core/service/clock.h"
#include "core/service/crash_point.h"
#include "core/service/log.h"
#include "core/service/stop.h"

#include <inttypes.h>
#include <string.h>

enum {
    FETCH_WAIT_MS = 5,
    PIECE_RECORDS = 200000,
    PIECE_BYTES = 32 << 20,
    ROUND_RECORDS = 20000, // Between two looks at the clock.
    WAIT_MS = 100,
    SILENCE_MS_MAX = 60000,
    GROWTHS_MAX = 48, // Doublings of the map: more than an address has bits for.
    // Half the time that Kafka keeps a tombstone: the clocks of machines differ.
    AGE_MS_MAX = TOPIC_TOMBSTONE_MS / 2
};

static sg_result open_changelog(struct recovery *recovery, struct kafka_consumer *probe, size_t at,
                                struct kafka_position *ret_position)
{
    const struct task_config *config = recovery->task->config;
    struct changelog *changelog = &recovery->changelogs[at];
    topic_full_name(config->topics, config->processor->stores[at].changelog, changelog->name);
    int64_t first = 0;
    int64_t stable_end = 0;
    // Asked by the reader too: knowing the leader, it begins at once instead of after a second.
    SG_TRY(kafka_consumer_range(recovery->consumer, changelog->name, recovery->task->partition,
                                &first, &stable_end));
    SG_TRY(kafka_consumer_range(probe, changelog->name, recovery->task->partition, &first,
                                &changelog->end));
    int64_t *saved = &recovery->task->place.changelog_offsets[at];
    if (*saved > changelog->end) {
        return sg_fail(SG_FATAL, 0,
                       "the state stands at offset %" PRId64 " of %s, which ends at %" PRId64
                       ": the topic was made anew; move the state folder away",
                       *saved, changelog->name, changelog->end);
    }
    int64_t before = recovery->before[at];
    if (recovery->without_last && before >= 0 && before < changelog->end) {
        changelog->end = before;
    }
    *saved = *saved > first ? *saved : first;
    changelog->done = *saved >= changelog->end;
    *ret_position = (struct kafka_position){
        .topic = changelog->name, .partition = recovery->task->partition, .offset = *saved};
    return sg_ok();
}

static sg_result open_all(struct recovery *recovery)
{
    const struct task_config *config = recovery->task->config;
    // The end is met by a fetch that finds nothing: one that waits long would make every restart
    // late.
    recovery->kafka = *config->kafka;
    recovery->kafka.fetch_wait_ms = FETCH_WAIT_MS;
    struct kafka_consumer_config consumer = {.kafka = &recovery->kafka};
    SG_TRY(kafka_consumer_open(&consumer, &recovery->consumer));
    // A transaction is committed before its markers are everywhere, so the last stable offset may
    // still lack it: the end is asked for by a client that sees everything, and the other one waits
    // there.
    consumer.read_uncommitted = true;
    SG_CLEANUP(kafka_consumer_close) struct kafka_consumer *probe = NULL;
    SG_TRY(kafka_consumer_open(&consumer, &probe));
    struct kafka_position positions[STORES_MAX];
    recovery->count = config->processor->store_count;
    for (size_t i = 0; i < recovery->count; i++) {
        SG_TRY(open_changelog(recovery, probe, i, &positions[i]));
    }
    SG_TRY(kafka_consumer_assign(recovery->consumer, positions, recovery->count));
    for (size_t i = 0; i < recovery->count; i++) {
        recovery->changelogs[i].queue = kafka_consumer_queue(
            recovery->consumer, recovery->changelogs[i].name, recovery->task->partition);
    }
    return sg_ok();
}

// Saves what was applied, still under the old number: a crash goes on from here.
static sg_result commit_piece(struct recovery *recovery)
{
    crash_point("recovery_piece");
    recovery->uncommitted = 0;
    recovery->uncommitted_bytes = 0;
    SG_TRY(stores_commit(recovery->task->stores, &recovery->task->place));
    crash_point("recovery_piece_saved");
    recovery->saved = recovery->task->place;
    return sg_ok();
}

// Refused at the first record that the state lacks, so that nothing of it is saved: the next start
// would take the state for complete.
static sg_result check_position(struct recovery *recovery, size_t at)
{
    if (recovery->sequence > 0) {
        return sg_ok();
    }
    recovery->is_confirmed = recovery->saved.sequence == 1;
    return sg_fail(SG_FATAL, 0,
                   "%s, partition %" PRId32
                   ", has records that the saved state lacks, but the consumer group has no "
                   "committed position (it expires when a group is away for longer than the "
                   "broker's offsets.retention.minutes): where to read on is not known",
                   recovery->changelogs[at].name, recovery->task->partition);
}

static sg_result apply(struct recovery *recovery, size_t at, const struct kafka_record *record)
{
    struct task *task = recovery->task;
    SG_TRY(check_position(recovery, at));
    SG_TRY(stores_apply(task->stores, at, record->key, record->value, record->has_value));
    task->place.changelog_offsets[at] = record->offset + 1;
    if (record->timestamp_ms > task->place.stream_time_ms) {
        task->place.stream_time_ms = record->timestamp_ms;
    }
    recovery->applied++;
    recovery->uncommitted++;
    recovery->uncommitted_bytes += record->key.size + record->value.size;
    bool full = recovery->uncommitted >= recovery->piece_records ||
                recovery->uncommitted_bytes >= PIECE_BYTES;
    return full ? commit_piece(recovery) : sg_ok();
}

static sg_result take(struct recovery *recovery, size_t at, struct kafka_record *record)
{
    struct changelog *changelog = &recovery->changelogs[at];
    // Compaction may have removed the last record before the end.
    sg_result applied = record->offset < changelog->end ? apply(recovery, at, record) : sg_ok();
    changelog->done = record->offset + 1 >= changelog->end;
    kafka_record_done(record);
    return applied;
}

// Takes what one changelog has ready. The end counts only behind everything that was there at the
// beginning: a transaction still open there is ended by the broker in the time of its time-out.
static sg_result read_some(struct recovery *recovery, size_t at)
{
    struct changelog *changelog = &recovery->changelogs[at];
    for (int64_t i = 0; i < ROUND_RECORDS && !changelog->done; i++) {
        struct kafka_record record;
        sg_result failure = sg_ok();
        switch (kafka_queue_next(changelog->queue, &record, &failure)) {
        case KAFKA_NEXT_RECORD:
            SG_TRY(take(recovery, at, &record));
            break;
        case KAFKA_NEXT_END:
            changelog->done = record.offset >= changelog->end;
            break;
        case KAFKA_NEXT_EMPTY:
            return sg_ok();
        case KAFKA_NEXT_FAILED:
            return sg_explain(failure, "%s", changelog->name);
        }
    }
    return sg_ok();
}

static bool all_done(const struct recovery *recovery)
{
    for (size_t i = 0; i < recovery->count; i++) {
        if (!recovery->changelogs[i].done) {
            return false;
        }
    }
    return true;
}

static sg_result read_all(struct recovery *recovery)
{
    while (!all_done(recovery)) {
        if (stop_requested()) {
            return sg_fail(SG_RETRY, 0,
                           "asked to stop while restoring state; it goes on from here");
        }
        int64_t applied = recovery->applied;
        SG_TRY(kafka_consumer_poll(recovery->consumer, 0));
        for (size_t i = 0; i < recovery->count; i++) {
            SG_TRY(read_some(recovery, i));
        }
        recovery_tell_progress(recovery);
        if (recovery->applied > applied) {
            recovery_note_progress(recovery, applied);
        } else {
            kafka_consumer_wait(recovery->consumer, WAIT_MS);
        }
        if (clock_monotonic_us() - recovery->last_record_us > SILENCE_MS_MAX * INT64_C(1000)) {
            return sg_fail(SG_RETRY, 0,
                           "the changelogs of %s, partition %" PRId32 ", do not answer",
                           recovery->task->config->processor->name, recovery->task->partition);
        }
    }
    return sg_ok();
}

static sg_result catch_up(struct recovery *recovery)
{
    SG_TRY(open_all(recovery));
    if (recovery_remaining(recovery) > 0) {
        recovery_tell(recovery, "restoring state");
    }
    return read_all(recovery);
}

// True for state that is behind and so old that a removal it lacks may be gone from the changelog:
// what was removed would stay for ever, and an outbox would send it again.
static bool is_outdated(const struct recovery *recovery)
{
    const struct task *task = recovery->task;
    bool is_resumed = stores_is_restoring(task->stores);
    bool is_behind = task->place.sequence > 0 && recovery->sequence > task->place.sequence;
    int64_t age_ms = recovery->began_ms - task->place.saved_ms;
    return (is_resumed || is_behind) && (age_ms > AGE_MS_MAX || age_ms < -AGE_MS_MAX);
}

static bool is_ahead(const struct recovery *recovery)
{
    return recovery->task->place.sequence == recovery->sequence + 1;
}

// Committed with the first piece of what is restored.
static sg_result begin_anew(struct recovery *recovery, const char *reason)
{
    struct task *task = recovery->task;
    log_warn("the saved state cannot be caught up: restoring all of it",
             (struct log_field[]){log_text("processor", task->config->processor->name),
                                  log_int("partition", task->partition),
                                  log_text("reason", reason),
                                  {.name = NULL}});
    task->place = stores_place_new();
    return stores_clear(task->stores);
}

// A state that is empty, or was left in the middle, is restored as a whole.
static sg_result begin(struct recovery *recovery, bool *ret_whole)
{
    struct task *task = recovery->task;
    if (is_ahead(recovery)) {
        // Its records may be there nevertheless, if Kafka died between two of its markers.
        recovery->without_last = recovery->sequence > 0;
        for (size_t i = 0; i < task->config->processor->store_count; i++) {
            recovery->before[i] = stores_changelog_before(task->stores, i);
        }
        SG_TRY(begin_anew(recovery, "Kafka has lost the end of the last transaction"));
    } else if (is_outdated(recovery)) {
        SG_TRY(begin_anew(recovery, "it is older than Kafka keeps removals for"));
    }
    *ret_whole = task->place.sequence == 0 || stores_is_restoring(task->stores);
    if (!*ret_whole) {
        return sg_ok();
    }
    // What it read stays good for as long as the removals behind it are kept.
    task->place.saved_ms = task->place.saved_ms == 0 ? recovery->began_ms : task->place.saved_ms;
    return stores_begin_restore(task->stores);
}

// Reads from what is saved to the end. Fails with SG_ABORT when the map was full.
static sg_result restore(struct recovery *recovery)
{
    struct task *task = recovery->task;
    recovery->began_us = recovery->told_us = recovery->last_record_us = clock_monotonic_us();
    recovery->applied = recovery->uncommitted = 0;
    recovery->uncommitted_bytes = 0;
    recovery->piece_records = crash_point_number("recovery_piece", PIECE_RECORDS);
    recovery->began_ms = clock_wall_ms();
    bool whole = false;
    SG_TRY(begin(recovery, &whole));
    sg_result caught_up = catch_up(recovery);
    kafka_consumer_close(&recovery->consumer);
    recovery_gauge(recovery, 0);
    SG_TRY(caught_up);
    if (whole) {
        SG_TRY(stores_end_restore(task->stores, &task->place));
    }
    if (recovery->sequence > 0) {
        task->place.sequence = recovery->sequence;
    }
    task->place.saved_ms = recovery->began_ms;
    crash_point("recovery_end");
    SG_TRY(stores_commit(task->stores, &task->place));
    if (recovery->applied > 0) {
        recovery_tell(recovery, "state restored");
    }
    return sg_ok();
}

// One transaction ahead is what a broker leaves behind that said "committed" and then ended the
// transaction without its markers (KAFKA-20734): nobody saw it, and it is done again.
static sg_result check_ahead(const struct task *task, int64_t sequence)
{
    if (sequence == 0 || task->place.sequence <= sequence + 1) {
        return sg_ok();
    }
    return sg_fail(SG_FATAL, 0,
                   "the state of %s, partition %" PRId32 ", is at transaction %" PRId64
                   " but Kafka has committed %" PRId64
                   " only: they do not belong together; move the state folder away",
                   task->config->processor->name, task->partition, task->place.sequence, sequence);
}

sg_result recovery_run(struct task *task, int64_t sequence)
{
    // The state stands at the last transaction: nothing is to be read. The usual case.
    if (sequence == task->place.sequence && sequence > 0 && !stores_is_restoring(task->stores)) {
        return sg_ok();
    }
    SG_TRY(check_ahead(task, sequence));
    struct recovery recovery = {.task = task, .sequence = sequence, .saved = task->place};
    sg_result restored = restore(&recovery);
    for (int growths = 0; restored.class == SG_ABORT && growths < GROWTHS_MAX; growths++) {
        SG_TRY(stores_abort(task->stores));
        task->place = recovery.saved;
        restored = restore(&recovery);
    }
    if (recovery.is_confirmed) {
        // Only the positions are gone: the file is right as it is.
        task->place = recovery.saved;
        return stores_abort(task->stores);
    }
    return restored;
}
