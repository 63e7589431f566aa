// A Kafka in shared memory behind the interface of core/kafka, for tests that let the runtime
// crash: a process that dies leaves the cluster as it was, and the next one goes on with it. One
// broker, one producer at a time, transactions with markers, groups with metadata. It links in
// place of core_kafka.
#pragma once
#include "core/kafka/producer.h"

enum { FAKE_PARTITIONS_MAX = 4 };

// Calls that can be made to fail.
enum fake_call {
    FAKE_BEGIN,
    FAKE_SEND,
    FAKE_SEND_OFFSETS,
    FAKE_COMMIT,
    FAKE_ABORT,
    FAKE_POLL,
    FAKE_NEXT,
    FAKE_COMMITTED,
    FAKE_RANGE,
    FAKE_PARTITIONS,
    FAKE_PRODUCER_POLL,
    FAKE_CALL_COUNT
};

// The calls from `from` to `to`, counted from 1 since fake_kafka_restart(), fail. `after`: what was
// asked for is done all the same, as when only the answer is lost. SG_OK, of FAKE_COMMIT: it is
// said to be done, and the transaction stays without markers (KAFKA-20734); with `after` only the
// changelogs get theirs.
struct fake_fault {
    enum fake_call call;
    int from;
    int to;
    enum sg_class class;
    bool after;
};

// An empty cluster; whatever was there is forgotten.
void fake_kafka_reset(void);

// Forgets faults, counts and rebalances to come, as at the start of a process. Records and groups
// stay.
void fake_kafka_restart(void);

void fake_kafka_topic(const char *name, int32_t partitions);

// Appends a committed record; `value` with data NULL is a tombstone. Partition -1: murmur2.
void fake_kafka_put(const char *topic, int32_t partition, struct bytes key, struct bytes value,
                    int64_t timestamp_ms);

void fake_kafka_fail(struct fake_fault fault);

// How often a call was made since fake_kafka_restart().
int fake_kafka_calls(enum fake_call call);

// Records that each queue of a group gives between two polls; 0: all.
void fake_kafka_limit(int records);

// At this poll (counted from 1) the group takes the partitions; it gives them back at the next one.
void fake_kafka_revoke_at(int poll, bool lost);

// How often a consumer waited since anything happened; the hook is called at each wait.
void fake_kafka_on_wait(void (*hook)(int waits));

// Deletes records before an offset, as retention does.
void fake_kafka_delete_before(const char *topic, int32_t partition, int64_t offset);

// What a cleaner leaves of a topic in the end: of each key the last record, unless it is a
// tombstone.
void fake_kafka_compact(const char *topic);

// Committed positions: all are forgotten, one is read or set.
void fake_kafka_expire_groups(void);
struct kafka_position fake_kafka_committed(const char *group, const char *topic, int32_t partition);
void fake_kafka_set_committed(const char *group, const struct kafka_position *position);

// A committed record as a reader sees it, the `at`-th of a partition (aborted ones and markers do
// not count); false behind the last one. Borrowed until the reset. `reason` is that of a dead
// letter.
struct fake_record {
    struct bytes key;
    struct bytes value;
    bool has_value;
    int64_t timestamp_ms;
    int64_t offset;
    const char *reason;
};
bool fake_kafka_read(const char *topic, int32_t partition, size_t at,
                     struct fake_record *ret_record);
size_t fake_kafka_count(const char *topic);

// True when records of a transaction that has not ended are in some log.
bool fake_kafka_is_open(void);

// Memory that children share, zeroed at the reset: for what a test wants to learn from them.
enum { FAKE_NOTES_BYTES = 1 << 16 };
void *fake_kafka_notes(void);
