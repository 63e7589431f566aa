// A task: the part of a processor's work that belongs together. It has one partition of every input
// and, with stores, a state folder of its own. One thread at a time: it may be opened in another
// one than it works in.
#pragma once
#include "streams/codecs.h"
#include "streams/tasks/commit_note.h"
#include "streams/tasks/input.h"
#include "streams/tasks/outbox.h"
#include "streams/output.h"

struct task_config {
    const struct processor *processor;
    const struct kafka_settings *kafka;
    const struct topic_settings *topics;
    const struct state_settings *state;
    struct registry *registry;
    const char *identity;            // Cluster and prefix, see stores_config.
    const struct effector *effector; // NULL for a processor without side effects.
    int64_t merge_wait_ms;
};

struct task {
    const struct task_config *config;
    int32_t partition;
    struct input_list inputs;
    struct codecs codecs;          // Of the stores.
    struct stores *stores;         // NULL without stores.
    struct outbox *outbox;         // NULL without side effects.
    struct ledger *ledger;         // Of the running transaction.
    struct arena *arena;           // Work space between events.
    struct stores_place committed; // Of the last commit.
    struct stores_place place;     // Of the running transaction.
    bool changed;                  // Something was taken since the last commit.
    bool announced;                // The partitions of its changelogs are in the transaction.
};

// Makes a task of these positions, all of one partition number. `committed` are the group's
// committed positions of the same partitions, notes included; state is opened and brought up to
// them. Fails: SG_FATAL, SG_RETRY when Kafka does not answer.
SG_RESULT task_open(const struct task_config *config, const struct kafka_position *committed,
                    size_t count, struct task **ret_task);

// Closes; what was not committed is dropped. Accepts NULL.
void task_close(struct task **task);

// Where to read on, one position an input, with a commit note. `ret_positions` has room for
// inputs.count; texts are borrowed from the task and from `metadata`.
void task_positions(const struct task *task, char metadata[static COMMIT_NOTE_MAX],
                    struct kafka_position *ret_positions);

// Forgets everything since the last commit; positions are those of the commit again. Fails:
// SG_FATAL.
SG_RESULT task_abort(struct task *task);

// Compares the group's committed positions of its inputs, as given to task_open(), with the last
// commit. Fails: SG_FATAL when Kafka said "committed" and has lost it (KAFKA-20734).
SG_RESULT task_check_committed(const struct task *task, const struct kafka_position *committed);

// Sends the first change of each store once more, ahead of the flush that sends them all. Kafka has
// to be told of a transaction's partitions before they are written, which takes two round trips:
// like this they are over when a long transaction is flushed. Does nothing the second time.
// Fails: SG_ABORT, SG_FATAL.
SG_RESULT task_announce(struct task *task, struct output *output);

// Writes changes into the open LMDB transaction and the changelog, then the Journal record. Fails:
// SG_ABORT, SG_FATAL.
SG_RESULT task_flush(struct task *task, struct output *output);

// After the Kafka commit: saves state and place. Fails: SG_ABORT when the map is full: close and
// open again. SG_FATAL.
SG_RESULT task_commit(struct task *task, struct output *output);
