// A worker's clients, tasks and running transaction. Opened and closed here, driven by runtime.c.
// One thread.
#pragma once
#include "streams/refusal_log.h"
#include "streams/runtime.h"
#include "streams/tasks/task.h"

enum { WORKER_TASKS_MAX = 1024, WORKER_POSITIONS_MAX = 4096 };

struct worker {
    const struct runtime_config *config;
    char name[64]; // "alerts-0"
    char identity[KAFKA_TOPIC_MAX + 64];
    struct task_config task_config;
    struct codecs codecs;
    struct kafka_producer *producer;
    struct kafka_consumer *consumer;
    struct output output;
    struct arena *arena; // Of one event.
    int32_t partitions;  // Of each input topic.
    struct task *tasks[WORKER_TASKS_MAX];
    size_t task_count;
    bool open;               // A transaction is running.
    int64_t begun_us;        // When it was begun.
    int64_t ended_us;        // When the last one ended,
    int64_t rested_us;       // and that of the one after which memory was given back.
    int problems;            // Since the last commit that succeeded,
    int64_t problem_us;      // when the last of them was,
    int64_t problem_told_us; // and when one was told in the log.
    bool unconfirmed;        // There was a commit since Kafka was last asked for its positions,
    int outages;             // and so many lost connections before that.
    bool assigned;           // An assignment was received since the start.
    bool unsaved;            // Kafka has a commit that a file had no room for.
    struct refusal_log refusals;
};

// Opens clients and codecs and checks the topics. `rebalance` is told what the group gives and
// takes. Fails: SG_FATAL, SG_RETRY when Kafka does not answer.
SG_RESULT worker_open(struct worker *worker, const struct runtime_config *config,
                      const struct kafka_rebalance *rebalance);

// Closes everything; a running transaction is aborted.
void worker_close(struct worker *worker);

// Checks that all inputs have the same number of partitions, and the one they had when the worker
// was opened. Fails: SG_FATAL, SG_RETRY.
SG_RESULT worker_check_partitions(struct worker *worker);

// Begins a transaction if none is running. Fails as kafka_producer_begin().
SG_RESULT worker_begin(struct worker *worker);

// True when the running transaction has grown as far as it should: in changed entries, or in what
// its Journal records tell.
bool worker_is_full(const struct worker *worker);

// Commits the running transaction: changelog and outputs, offsets, Kafka, then LMDB. Fails:
// SG_ABORT, SG_FATAL.
SG_RESULT worker_commit(struct worker *worker);

// Asks Kafka for the last commit if a connection was lost since: one that is confirmed and left
// without an end (KAFKA-20734) must not be built upon. Fails: SG_ABORT when that is not to be
// known, SG_FATAL when the commit is lost: the next start does it again.
SG_RESULT worker_confirm(struct worker *worker);

// For a quiet moment: gives memory that a busy time needed back to the system, some seconds after.
void worker_rest(struct worker *worker);

// Aborts the running Kafka transaction, if there is one; the tasks are left as they are. Fails:
// SG_FATAL.
SG_RESULT worker_drop(struct worker *worker);

// Aborts the running transaction and goes back to the last commit. Fails: SG_FATAL.
SG_RESULT worker_abort(struct worker *worker);

// Reads on from where the tasks stand: what was prefetched is dropped, every input gets its queue
// anew. Fails as kafka_consumer_assign().
SG_RESULT worker_rewind(struct worker *worker);

// Closes all tasks; what they had not committed is dropped.
void worker_close_tasks(struct worker *worker);
