// A recovery that runs. For the sources of this folder alone.
#pragma once
#include "core/kafka/consumer.h"
#include "streams/tasks/task.h"

// One changelog being read.
struct changelog {
    char name[KAFKA_TOPIC_MAX + 1];
    struct kafka_queue *queue;
    int64_t end; // Next offset to be written when the recovery began, or behind what is wanted.
    bool done;
};

struct recovery {
    struct task *task;
    int64_t sequence;          // Of the last committed transaction, 0 when nobody knows.
    struct stores_place saved; // What the file stands for.
    struct kafka_settings kafka;
    struct kafka_consumer *consumer;
    struct changelog changelogs[STORES_MAX];
    size_t count;
    bool without_last;          // What the file's last transaction wrote is not wanted,
    int64_t before[STORES_MAX]; // which begins here in each changelog.
    int64_t began_ms;           // Wall time before the ends were asked for.
    bool is_confirmed;          // Kafka has the transaction that the file is ahead by.
    int64_t applied;
    int64_t uncommitted;
    size_t uncommitted_bytes;
    int64_t piece_records; // That are committed together.
    int64_t began_us;
    int64_t told_us;
    int64_t gauged; // Records that the gauge counts for this one.
    int64_t last_record_us;
};

// Records that are still to be read.
int64_t recovery_remaining(const struct recovery *recovery);

// Logs how far it is.
void recovery_tell(const struct recovery *recovery, const char *message);

// Sets its part of the metric.
void recovery_gauge(struct recovery *recovery, int64_t records);

// Logs how far it is, once a second.
void recovery_tell_progress(struct recovery *recovery);

// Notes what happened since `applied` records, in the metric and for the wait.
void recovery_note_progress(struct recovery *recovery, int64_t applied);
