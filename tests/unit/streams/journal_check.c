// Reads the topic as anybody could, and the state files as tables of bytes.
#include "journal_check.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/hash.h"
#include "fake_kafka.h"
#include "schemas/journal.h"
#include "state/entries/content_hash.h"
#include "state/file/environment.h"
#include "streams/topology.h"

enum {
    WIRE_BYTES = 5,
    NAME_BYTES_MAX = 64,
    PATH_BYTES_MAX = 4096,
    MAP_BYTES = 64 << 20,
    ARENA_BYTES = 16 << 20
};

// The journal of one task, as far as it was read.
struct chain {
    char task[NAME_BYTES_MAX];
    int64_t sequence;
    size_t records;
    bool is_late;                  // Begins with another number than 1.
    char digest[DIGEST_CHARS + 1]; // Of the last record.
    int64_t positions[TOPIC_COUNT];
    int64_t written[TOPIC_COUNT];
    char state[STORES_MAX][DIGEST_CHARS + 1];
};

static void must(sg_result result)
{
    if (!sg_is_ok(result)) {
        fail_msg("%s", sg_reason());
    }
}

static void copy_text(char *ret_text, size_t size, struct bytes text)
{
    assert_true(text.size < size);
    snprintf(ret_text, size, "%.*s", (int)text.size, (const char *)text.data);
}

static enum topic topic_of(struct bytes name)
{
    char text[KAFKA_TOPIC_MAX + 1];
    copy_text(text, sizeof text, name);
    enum topic topic = topic_by_name(text);
    assert_true(topic < TOPIC_COUNT);
    return topic;
}

static void follow_positions(struct chain *chain, const struct journal *record)
{
    for (size_t i = 0; i < record->from_count; i++) {
        int64_t *position = &chain->positions[topic_of(record->from[i].topic)];
        if (*position != KAFKA_OFFSET_NONE) {
            assert_int_equal(record->from[i].offset, *position);
        }
        *position = record->from[i].offset;
    }
    int64_t outcomes = 0;
    for (size_t i = 0; i < record->runs_count; i++) {
        const struct journal_run *run = &record->runs[i];
        assert_true(i == 0 || run->input != run[-1].input);
        int64_t *at = run->input < 0 ? &outcomes
                                     : &chain->positions[topic_of(record->from[run->input].topic)];
        assert_true(run->to > *at);
        *at = run->to;
    }
    assert_int_equal(outcomes, record->outcomes);
}

static void follow(struct chain *chain, const struct fake_record *message, struct arena *arena)
{
    struct bytes body =
        bytes_of(message->value.data + WIRE_BYTES, message->value.size - WIRE_BYTES);
    struct journal record;
    must(journal_decode(body, arena, &record));
    assert_true(bytes_is_text(record.task, chain->task));
    if (chain->records == 0 && chain->is_late) {
        chain->sequence = record.sequence - 1;
        assert_true(chain->sequence > 0);
    }
    assert_int_equal(record.sequence, chain->sequence + 1);
    if (!bytes_is_text(record.previous, chain->digest)) {
        fail_msg("%s: record %lld does not name the one before it", chain->task,
                 (long long)record.sequence);
    }
    assert_int_equal(record.stream_time, message->timestamp_ms);
    follow_positions(chain, &record);
    for (size_t i = 0; i < record.outputs_count; i++) {
        assert_true(record.outputs[i].records > 0);
        chain->written[topic_of(record.outputs[i].topic)] += record.outputs[i].records;
    }
    for (size_t i = 0; i < record.state_count; i++) {
        copy_text(chain->state[i], sizeof chain->state[i], record.state[i].hash);
    }
    chain->sequence = record.sequence;
    chain->records++;
    digest_text(body, chain->digest);
}

static void read_chain(struct chain *chain, int32_t journal_partitions)
{
    SG_CLEANUP(arena_free) struct arena *arena = arena_new(ARENA_BYTES);
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        chain->positions[i] = KAFKA_OFFSET_NONE;
    }
    struct bytes key = bytes_of_text(chain->task);
    int32_t partition = (int32_t)(hash_murmur2(key) % (uint32_t)journal_partitions);
    struct fake_record message;
    for (size_t at = 0; fake_kafka_read("soglia-journal", partition, at, &message); at++) {
        if (bytes_equal(message.key, key)) {
            arena_reset(arena);
            follow(chain, &message, arena);
        }
    }
}

static void hash_table(struct environment *environment, const char *name,
                       char ret_text[static DIGEST_CHARS + 1])
{
    struct table table;
    must(environment_table(environment, name, &table));
    SG_CLEANUP(transaction_abort) struct transaction *transaction = NULL;
    must(transaction_begin(environment, false, &transaction));
    SG_CLEANUP(cursor_close) struct cursor *cursor = NULL;
    must(cursor_open(transaction, table, &cursor));
    struct content_hash sum = {{0}};
    struct bytes key = bytes_of("", 1);
    struct bytes value;
    bool found = false;
    must(cursor_at_least(cursor, key, &key, &value, &found));
    while (found) {
        struct content_hash entry = content_hash_entry(key, value);
        content_hash_add(&sum, &entry);
        must(cursor_next(cursor, &key, &value, &found));
    }
    content_hash_print(&sum, ret_text);
}

static void expect_state(const struct chain *chain, const struct processor *processor,
                         const char *folder)
{
    char path[PATH_BYTES_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, chain->task);
    SG_CLEANUP(environment_close) struct environment *environment = NULL;
    must(environment_open(path, MAP_BYTES, ENVIRONMENT_SYNC_NONE, &environment));
    for (size_t i = 0; i < processor->store_count; i++) {
        char text[DIGEST_CHARS + 1];
        hash_table(environment, processor->stores[i].name, text);
        assert_string_equal(text, chain->state[i]);
    }
}

static void expect_counts(const struct processor *processor, const int64_t written[])
{
    for (size_t i = 0; processor->outputs[i] != TOPIC_COUNT; i++) {
        enum topic topic = processor->outputs[i];
        assert_int_equal(fake_kafka_count(topic_info(topic)->name), written[topic]);
    }
    assert_int_equal(fake_kafka_count("dead-letters"), written[TOPIC_DEAD_LETTERS]);
}

static size_t check(const char *processor, const char *folder, int32_t partitions, bool is_late)
{
    const struct processor *row = topology_find(processor);
    int64_t written[TOPIC_COUNT] = {0};
    size_t records = 0;
    for (int32_t partition = 0; partition < partitions; partition++) {
        struct chain chain = {.is_late = is_late};
        snprintf(chain.task, sizeof chain.task, "%s/%d", processor, (int)partition);
        read_chain(&chain, partitions);
        records += chain.records;
        for (size_t i = 0; i < TOPIC_COUNT; i++) {
            written[i] += chain.written[i];
        }
        if (folder != NULL && chain.records > 0) {
            expect_state(&chain, row, folder);
        }
    }
    assert_int_equal(fake_kafka_count("soglia-journal"), records);
    expect_counts(row, written);
    return records;
}

size_t journal_check(const char *processor, const char *folder, int32_t partitions)
{
    return check(processor, folder, partitions, false);
}

size_t journal_check_late(const char *processor, const char *folder, int32_t partitions)
{
    return check(processor, folder, partitions, true);
}
