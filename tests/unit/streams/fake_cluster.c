// Shared memory, so that it outlives the processes that a test lets die.
#include "fake_cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/hash.h"

static void die(const char *why)
{
    fprintf(stderr, "fake Kafka: %s\n", why);
    abort();
}

struct cluster *cluster_get(void)
{
    static struct cluster *cluster = NULL;
    if (cluster == NULL) {
        void *memory = mmap(NULL, sizeof *cluster, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) {
            die("no shared memory");
        }
        cluster = memory;
    }
    return cluster;
}

void fake_kafka_reset(void)
{
    struct cluster *cluster = cluster_get();
    // Only what was used is cleared: the rest of the mapping was never touched.
    for (size_t i = 0; i < cluster->log_count; i++) {
        struct cluster_log *log = &cluster->logs[i];
        memset(log->records, 0, (size_t)log->end * sizeof log->records[0]);
        *log->topic = '\0';
        log->first = log->end = 0;
        log->touched = false;
        log->open_from = -1;
    }
    cluster->log_count = 0;
    cluster->position_count = 0;
    cluster->pending_count = 0;
    cluster->producer_epoch = 0;
    cluster->outages = 0;
    cluster->limit = 0;
    cluster->on_wait = NULL;
    cluster->heap_used = 0;
    memset(cluster->notes, 0, sizeof cluster->notes);
    fake_kafka_restart();
}

void fake_kafka_restart(void)
{
    struct cluster *cluster = cluster_get();
    cluster->fault_count = 0;
    for (size_t i = 0; i < FAKE_CALL_COUNT; i++) {
        cluster->calls[i] = 0;
    }
    cluster->revoke_at = 0;
    cluster->waits = 0;
}

void *fake_kafka_notes(void)
{
    return cluster_get()->notes;
}

void fake_kafka_topic(const char *name, int32_t partitions)
{
    struct cluster *cluster = cluster_get();
    for (int32_t i = 0; i < partitions; i++) {
        if (cluster->log_count == CLUSTER_LOGS_MAX) {
            die("too many partitions");
        }
        struct cluster_log *log = &cluster->logs[cluster->log_count++];
        snprintf(log->topic, sizeof log->topic, "%s", name);
        log->partition = i;
        log->open_from = -1;
    }
}

struct cluster_log *cluster_log_of(const char *topic, int32_t partition)
{
    struct cluster *cluster = cluster_get();
    for (size_t i = 0; i < cluster->log_count; i++) {
        if (cluster->logs[i].partition == partition && strcmp(cluster->logs[i].topic, topic) == 0) {
            return &cluster->logs[i];
        }
    }
    return NULL;
}

int32_t cluster_partitions(const char *topic)
{
    int32_t count = 0;
    while (cluster_log_of(topic, count) != NULL) {
        count++;
    }
    return count;
}

struct cluster_position *cluster_position_of(const char *group, const char *topic,
                                             int32_t partition)
{
    struct cluster *cluster = cluster_get();
    for (size_t i = 0; i < cluster->position_count; i++) {
        struct cluster_position *position = &cluster->positions[i];
        if (position->partition == partition && strcmp(position->group, group) == 0 &&
            strcmp(position->topic, topic) == 0) {
            return position;
        }
    }
    return NULL;
}

static struct bytes keep(struct bytes bytes)
{
    struct cluster *cluster = cluster_get();
    if (bytes.data == NULL) {
        return bytes;
    }
    if (cluster->heap_used + bytes.size > CLUSTER_HEAP_BYTES) {
        die("out of shared memory");
    }
    uint8_t *copy = cluster->heap + cluster->heap_used;
    memcpy(copy, bytes.data, bytes.size);
    cluster->heap_used += bytes.size;
    return bytes_of(copy, bytes.size);
}

int64_t cluster_append(struct cluster_log *log, const struct fake_record *record,
                       enum cluster_status status)
{
    if (log->end == CLUSTER_RECORDS_MAX) {
        die("too many records");
    }
    struct cluster_record *added = &log->records[log->end];
    added->status = status;
    added->content = *record;
    added->content.key = keep(record->key);
    added->content.value = keep(record->value);
    added->content.offset = log->end;
    if (record->reason != NULL) {
        struct bytes text = bytes_of(record->reason, strlen(record->reason) + 1);
        added->content.reason = (const char *)keep(text).data;
    }
    if (status == CLUSTER_OPEN && log->open_from < 0) {
        log->open_from = log->end;
    }
    return log->end++;
}

static void end_in_log(struct cluster_log *log, enum cluster_status status)
{
    for (int64_t at = log->open_from; at >= 0 && at < log->end; at++) {
        log->records[at].status = status;
    }
    log->open_from = -1;
    (void)cluster_append(log, &(struct fake_record){.has_value = false}, CLUSTER_MARKER);
}

void cluster_end_transaction(enum cluster_status status)
{
    struct cluster *cluster = cluster_get();
    for (size_t i = 0; i < cluster->log_count; i++) {
        struct cluster_log *log = &cluster->logs[i];
        if (log->touched) {
            end_in_log(log, status);
            log->touched = false;
        }
    }
}

void cluster_forget_transaction(bool halfway)
{
    struct cluster *cluster = cluster_get();
    for (size_t i = 0; i < cluster->log_count; i++) {
        struct cluster_log *log = &cluster->logs[i];
        if (halfway && log->touched && strstr(log->topic, "-changelog") != NULL) {
            end_in_log(log, CLUSTER_COMMITTED);
        }
        log->touched = false;
    }
    cluster->outages++;
}

int64_t cluster_stable_end(const struct cluster_log *log)
{
    return log->open_from >= 0 ? log->open_from : log->end;
}

void fake_kafka_put(const char *topic, int32_t partition, struct bytes key, struct bytes value,
                    int64_t timestamp_ms)
{
    int32_t chosen = partition;
    if (partition < 0) {
        chosen = (int32_t)(hash_murmur2(key) % (uint32_t)cluster_partitions(topic));
    }
    struct fake_record record = {
        .key = key,
        .value = value,
        .has_value = value.data != NULL,
        .timestamp_ms = timestamp_ms,
    };
    (void)cluster_append(cluster_log_of(topic, chosen), &record, CLUSTER_COMMITTED);
}

void fake_kafka_fail(struct fake_fault fault)
{
    struct cluster *cluster = cluster_get();
    if (cluster->fault_count == CLUSTER_FAULTS_MAX) {
        die("too many faults");
    }
    cluster->faults[cluster->fault_count++] = fault;
}

const struct fake_fault *cluster_count(enum fake_call call)
{
    struct cluster *cluster = cluster_get();
    int number = ++cluster->calls[call];
    for (size_t i = 0; i < cluster->fault_count; i++) {
        const struct fake_fault *fault = &cluster->faults[i];
        if (fault->call == call && number >= fault->from && number <= fault->to) {
            return fault;
        }
    }
    return NULL;
}

sg_result cluster_failure(const struct fake_fault *fault)
{
    if (fault == NULL) {
        return sg_ok();
    }
    cluster_get()->waits = 0; // Something happened: nobody is idle.
    return sg_fail(fault->class, 0, "injected failure");
}

int fake_kafka_calls(enum fake_call call)
{
    return cluster_get()->calls[call];
}

void fake_kafka_limit(int records)
{
    cluster_get()->limit = records;
}

void fake_kafka_revoke_at(int poll, bool lost)
{
    cluster_get()->revoke_at = poll;
    cluster_get()->revoke_lost = lost;
}

void fake_kafka_on_wait(void (*hook)(int waits))
{
    cluster_get()->on_wait = hook;
}

void fake_kafka_delete_before(const char *topic, int32_t partition, int64_t offset)
{
    cluster_log_of(topic, partition)->first = offset;
}

static bool is_outdated(const struct cluster_log *log, int64_t at)
{
    const struct fake_record *record = &log->records[at].content;
    for (int64_t later = at + 1; later < log->end; later++) {
        if (log->records[later].status == CLUSTER_COMMITTED &&
            bytes_equal(log->records[later].content.key, record->key)) {
            return true;
        }
    }
    return !record->has_value;
}

void fake_kafka_compact(const char *topic)
{
    for (int32_t partition = 0; partition < cluster_partitions(topic); partition++) {
        struct cluster_log *log = cluster_log_of(topic, partition);
        for (int64_t at = 0; at < log->end; at++) {
            if (log->records[at].status == CLUSTER_COMMITTED && is_outdated(log, at)) {
                log->records[at].status = CLUSTER_COMPACTED;
            }
        }
    }
}

void fake_kafka_expire_groups(void)
{
    cluster_get()->position_count = 0;
}

void fake_kafka_set_committed(const char *group, const struct kafka_position *position)
{
    struct cluster *cluster = cluster_get();
    struct cluster_position *stored =
        cluster_position_of(group, position->topic, position->partition);
    if (stored == NULL) {
        if (cluster->position_count == CLUSTER_GROUPED_MAX) {
            die("too many positions");
        }
        stored = &cluster->positions[cluster->position_count++];
    }
    stored->partition = position->partition;
    stored->offset = position->offset;
    snprintf(stored->group, sizeof stored->group, "%s", group);
    snprintf(stored->topic, sizeof stored->topic, "%s", position->topic);
    snprintf(stored->metadata, sizeof stored->metadata, "%s",
             position->metadata == NULL ? "" : position->metadata);
}

struct kafka_position fake_kafka_committed(const char *group, const char *topic, int32_t partition)
{
    const struct cluster_position *stored = cluster_position_of(group, topic, partition);
    struct kafka_position position = {
        .topic = topic, .partition = partition, .offset = KAFKA_OFFSET_NONE};
    if (stored != NULL) {
        position.offset = stored->offset;
        position.metadata = stored->metadata;
    }
    return position;
}

bool fake_kafka_read(const char *topic, int32_t partition, size_t at,
                     struct fake_record *ret_record)
{
    const struct cluster_log *log = cluster_log_of(topic, partition);
    size_t seen = 0;
    for (int64_t i = log == NULL ? 0 : log->first; log != NULL && i < log->end; i++) {
        if (log->records[i].status == CLUSTER_COMMITTED && seen++ == at) {
            *ret_record = log->records[i].content;
            return true;
        }
    }
    return false;
}

size_t fake_kafka_count(const char *topic)
{
    size_t count = 0;
    for (int32_t partition = 0; partition < cluster_partitions(topic); partition++) {
        struct fake_record record;
        size_t at = 0;
        while (fake_kafka_read(topic, partition, at, &record)) {
            at++;
        }
        count += at;
    }
    return count;
}

bool fake_kafka_is_open(void)
{
    const struct cluster *cluster = cluster_get();
    for (size_t i = 0; i < cluster->log_count; i++) {
        if (cluster_stable_end(&cluster->logs[i]) < cluster->logs[i].end) {
            return true;
        }
    }
    return false;
}
