// Runs in a list that grows; a digest for each topic that may be written.
#include "streams/ledger.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_RUNS = 64,
    TOPICS_MAX = PROCESSOR_OUTPUTS_MAX + 1, // And dead letters.
    OUTCOMES_INPUT = -1,
    SIZE_BYTES = 4,
    TIME_BYTES = 8,
};

// What was written to one topic. The digest is begun with the first record.
struct written {
    enum topic topic;
    int64_t records;
    struct digest digest;
};

struct ledger {
    struct journal_run *runs;
    size_t run_count;
    size_t run_capacity;
    int64_t outcomes;
    struct written written[TOPICS_MAX];
    size_t topic_count;
};

struct ledger *ledger_new(const struct processor *processor)
{
    struct ledger *ledger = aligned_alloc(alignof(struct ledger), sizeof *ledger);
    if (ledger == NULL) {
        return NULL;
    }
    memset(ledger, 0, sizeof *ledger);
    for (size_t i = 0; processor->outputs[i] != TOPIC_COUNT; i++) {
        ledger->written[ledger->topic_count++].topic = processor->outputs[i];
    }
    ledger->written[ledger->topic_count++].topic = TOPIC_DEAD_LETTERS;
    return ledger;
}

void ledger_free(struct ledger **ledger)
{
    if (*ledger != NULL) {
        free((*ledger)->runs);
        free(*ledger);
        *ledger = NULL;
    }
}

static sg_result grow(struct ledger *ledger)
{
    size_t capacity = ledger->run_capacity == 0 ? FIRST_RUNS : ledger->run_capacity * 2;
    struct journal_run *larger = realloc(ledger->runs, capacity * sizeof *larger);
    if (larger == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for the journal of a transaction");
    }
    ledger->runs = larger;
    ledger->run_capacity = capacity;
    return sg_ok();
}

sg_result ledger_took(struct ledger *ledger, int32_t input, int64_t to)
{
    if (ledger->run_count > 0 && ledger->runs[ledger->run_count - 1].input == input) {
        ledger->runs[ledger->run_count - 1].to = to;
        return sg_ok();
    }
    if (ledger->run_count == ledger->run_capacity) {
        SG_TRY(grow(ledger));
    }
    ledger->runs[ledger->run_count++] = (struct journal_run){.input = input, .to = to};
    return sg_ok();
}

sg_result ledger_took_outcome(struct ledger *ledger)
{
    return ledger_took(ledger, OUTCOMES_INPUT, ++ledger->outcomes);
}

static struct written *written_of(struct ledger *ledger, enum topic topic)
{
    for (size_t i = 0; i < ledger->topic_count; i++) {
        if (ledger->written[i].topic == topic) {
            return &ledger->written[i];
        }
    }
    return NULL;
}

static void add_sized(struct digest *digest, struct bytes bytes, bool is_there)
{
    digest_add_number(digest, is_there ? bytes.size : UINT32_MAX, SIZE_BYTES);
    if (is_there) {
        digest_add(digest, bytes);
    }
}

// When a record is done again, the time of day is another.
static bool holds_wall_clock(const struct kafka_header *header)
{
    return strcmp(header->name, "soglia-at") == 0;
}

static void add_headers(struct digest *digest, const struct kafka_message *message)
{
    size_t count = 0;
    for (size_t i = 0; i < message->header_count; i++) {
        count += holds_wall_clock(&message->headers[i]) ? 0 : 1;
    }
    digest_add_number(digest, count, SIZE_BYTES);
    for (size_t i = 0; i < message->header_count; i++) {
        const struct kafka_header *header = &message->headers[i];
        if (!holds_wall_clock(header)) {
            add_sized(digest, bytes_of_text(header->name), true);
            add_sized(digest, header->value, true);
        }
    }
}

void ledger_add(struct digest *digest, const struct kafka_message *message)
{
    digest_add_number(digest, (uint64_t)message->timestamp_ms, TIME_BYTES);
    add_sized(digest, message->key, message->key.data != NULL);
    add_sized(digest, message->value, message->has_value);
    add_headers(digest, message);
}

void ledger_wrote(struct ledger *ledger, enum topic topic, const struct kafka_message *message)
{
    struct written *written = written_of(ledger, topic);
    if (written == NULL) {
        return; // A changelog: the hash of the state speaks for it.
    }
    if (written->records++ == 0) {
        digest_begin(&written->digest);
    }
    ledger_add(&written->digest, message);
}

bool ledger_is_full(const struct ledger *ledger)
{
    return ledger->run_count >= LEDGER_RUNS_MAX;
}

// The digest is finished on a copy: what comes later can still be added.
static sg_result fill_output(const struct written *written, struct arena *arena,
                             struct journal_output *ret_output)
{
    char *text = arena_take(arena, DIGEST_CHARS + 1);
    if (text == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for a record of the journal");
    }
    struct digest digest = written->digest;
    uint8_t hash[DIGEST_BYTES];
    digest_end(&digest, hash);
    digest_print(hash, text);
    *ret_output = (struct journal_output){
        .topic = bytes_of_text(topic_info(written->topic)->name),
        .records = written->records,
        .hash = bytes_of_text(text),
    };
    return sg_ok();
}

sg_result ledger_fill(const struct ledger *ledger, struct arena *arena, struct journal *record)
{
    struct journal_output *outputs = arena_take(arena, TOPICS_MAX * sizeof *outputs);
    if (outputs == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory for a record of the journal");
    }
    record->runs = ledger->runs;
    record->runs_count = ledger->run_count;
    record->outcomes = ledger->outcomes;
    record->outputs = outputs;
    record->outputs_count = 0;
    for (size_t i = 0; i < ledger->topic_count; i++) {
        if (ledger->written[i].records > 0) {
            SG_TRY(fill_output(&ledger->written[i], arena, &outputs[record->outputs_count++]));
        }
    }
    return sg_ok();
}

void ledger_reset(struct ledger *ledger)
{
    ledger->run_count = 0;
    ledger->outcomes = 0;
    for (size_t i = 0; i < ledger->topic_count; i++) {
        ledger->written[i].records = 0;
    }
}
