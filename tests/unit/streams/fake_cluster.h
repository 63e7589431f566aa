// The insides of the fake: logs and groups in shared memory. For the fake's own sources.
#pragma once
#include "fake_kafka.h"

#include <stdatomic.h>

enum {
    CLUSTER_LOGS_MAX = 64,
    CLUSTER_RECORDS_MAX = 1 << 16,
    CLUSTER_GROUPED_MAX = 128,
    CLUSTER_FAULTS_MAX = 16,
    CLUSTER_NAME_MAX = 192,
    CLUSTER_HEAP_BYTES = 48 << 20
};

enum cluster_status {
    CLUSTER_COMMITTED,
    CLUSTER_OPEN,
    CLUSTER_ABORTED,
    CLUSTER_MARKER,
    CLUSTER_COMPACTED
};

struct cluster_record {
    struct fake_record content;
    enum cluster_status status;
};

struct cluster_log {
    char topic[CLUSTER_NAME_MAX];
    int32_t partition;
    int64_t first;
    int64_t end;
    bool touched;      // By the open transaction.
    int64_t open_from; // Its first record here, -1: none.
    struct cluster_record records[CLUSTER_RECORDS_MAX];
};

struct cluster_position {
    char group[CLUSTER_NAME_MAX];
    char topic[CLUSTER_NAME_MAX];
    char metadata[CLUSTER_NAME_MAX];
    int32_t partition;
    int64_t offset;
};

struct cluster {
    size_t log_count;
    struct cluster_log logs[CLUSTER_LOGS_MAX];
    size_t position_count;
    struct cluster_position positions[CLUSTER_GROUPED_MAX];
    size_t pending_count; // Positions of transactions without an end.
    struct cluster_position pending[CLUSTER_GROUPED_MAX];
    struct fake_fault faults[CLUSTER_FAULTS_MAX];
    size_t fault_count;
    atomic_int calls[FAKE_CALL_COUNT]; // Tasks are opened side by side.
    int limit;
    int revoke_at;
    bool revoke_lost;
    atomic_int waits;
    int producer_epoch;
    int outages;
    void (*on_wait)(int waits);
    size_t heap_used;
    uint8_t notes[FAKE_NOTES_BYTES];
    uint8_t heap[CLUSTER_HEAP_BYTES];
};

struct cluster *cluster_get(void);
struct cluster_log *cluster_log_of(const char *topic, int32_t partition);
int32_t cluster_partitions(const char *topic);
struct cluster_position *cluster_position_of(const char *group, const char *topic,
                                             int32_t partition);
// Adds a record and returns its offset.
int64_t cluster_append(struct cluster_log *log, const struct fake_record *record,
                       enum cluster_status status);
// Ends the open transaction: where it knows to have been, what is open is committed or aborted and
// a marker follows.
void cluster_end_transaction(enum cluster_status status);
// Takes the open transaction for ended without a marker anywhere, as a Kafka does that knows no
// leaders (KAFKA-20734). `halfway`: the changelogs have theirs, as when it dies between two
// markers.
void cluster_forget_transaction(bool halfway);
// Where a read_committed reader may read up to.
int64_t cluster_stable_end(const struct cluster_log *log);
// Counts a call; the fault it meets, NULL for none.
const struct fake_fault *cluster_count(enum fake_call call);
SG_RESULT cluster_failure(const struct fake_fault *fault);
