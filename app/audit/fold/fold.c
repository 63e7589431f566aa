// What runtime.c does with a record, without a consumer and a producer.
#include "app/audit/fold/fold.h"

#include "streams/dead_letter.h"
#include "streams/ledger.h"
#include "streams/tasks/input_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENCODED_BYTES_MAX = 8 << 20, PATH_BYTES_MAX = 2048 };

static const size_t event_bytes_max = (size_t)8 << 30;

struct fold {
    struct fold_config config;
    struct stores *stores; // NULL without stores.
    struct stores_place place;
    struct ledger *ledger;
    struct arena *event_arena;       // Until the next record.
    struct arena *transaction_arena; // Until the next transaction.
    struct buffer encoded;
    struct fold_output *first_output;
    struct fold_output *last_output;
    struct fold_change *first_change;
    struct fold_change *last_change;
    struct event event; // That is taken, or was last.
    bool is_refused;
    bool is_open; // A transaction is.
};

static sg_result out_of_memory(const struct fold *fold)
{
    return sg_fail(SG_FATAL, 0, "%s: a transaction is larger than the memory that it may have",
                   fold->config.name);
}

static sg_result open_stores(struct fold *fold)
{
    const struct fold_config *config = &fold->config;
    const struct state_settings settings = {.dir = config->dir,
                                            .map_bytes = INT64_C(64) << 30,
                                            .cache_entries = config->cache_entries,
                                            .sync = "none"};
    struct codec *codecs[STORES_MAX] = {NULL};
    for (size_t i = 0; i < config->processor->store_count; i++) {
        codecs[i] = config->codecs->by_topic[config->processor->stores[i].changelog];
    }
    char path[PATH_BYTES_MAX];
    snprintf(path, sizeof path, "%s/%s", config->dir, config->name);
    struct stores_config stores = {
        .path = path,
        .state = &settings,
        .specs = config->processor->stores,
        .count = config->processor->store_count,
        .codecs = codecs,
        .identity = "audit",
    };
    SG_TRY(stores_open(&stores, &fold->stores, &fold->place));
    bool is_computed = false;
    return stores_hash_all(fold->stores, &is_computed);
}

SG_RESULT fold_open(const struct fold_config *config, struct fold **ret_fold)
{
    SG_CLEANUP(fold_close) struct fold *fold = calloc(1, sizeof *fold);
    if (fold == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    fold->config = *config;
    buffer_init(&fold->encoded, ENCODED_BYTES_MAX);
    fold->event_arena = arena_new(event_bytes_max);
    fold->transaction_arena = arena_new(FOLD_TRANSACTION_BYTES_MAX);
    if (fold->event_arena == NULL || fold->transaction_arena == NULL) {
        return out_of_memory(fold);
    }
    fold->ledger = ledger_new(config->processor);
    if (fold->ledger == NULL) {
        return out_of_memory(fold);
    }
    if (config->processor->store_count > 0) {
        SG_TRY(open_stores(fold));
    }
    *ret_fold = SG_MOVE(fold);
    return sg_ok();
}

void fold_close(struct fold **fold)
{
    struct fold *closing = *fold;
    if (closing == NULL) {
        return;
    }
    stores_close(&closing->stores);
    ledger_free(&closing->ledger);
    buffer_done(&closing->encoded);
    arena_free(&closing->event_arena);
    arena_free(&closing->transaction_arena);
    free(closing);
    *fold = NULL;
}

static sg_result copy(struct fold *fold, struct bytes bytes, struct bytes *ret_copy)
{
    *ret_copy = (struct bytes){NULL, 0};
    if (bytes.data == NULL) {
        return sg_ok();
    }
    uint8_t *data = arena_take(fold->transaction_arena, bytes.size + 1);
    if (data == NULL) {
        return out_of_memory(fold);
    }
    memcpy(data, bytes.data, bytes.size);
    *ret_copy = bytes_of(data, bytes.size);
    return sg_ok();
}

static sg_result add_output(struct fold *fold, enum topic topic,
                            const struct kafka_message *message)
{
    struct fold_output *output = arena_take(fold->transaction_arena, sizeof *output);
    if (output == NULL) {
        return out_of_memory(fold);
    }
    *output = (struct fold_output){.topic = topic,
                                   .has_value = message->has_value,
                                   .timestamp_ms = message->timestamp_ms,
                                   .cause_topic = fold->event.topic,
                                   .cause_partition = fold->event.partition,
                                   .cause_offset = fold->event.offset};
    SG_TRY(copy(fold, message->key, &output->key));
    SG_TRY(copy(fold, message->value, &output->value));
    output->identity = identity_of(topic, message);
    ledger_wrote(fold->ledger, topic, message);
    if (fold->last_output == NULL) {
        fold->first_output = output;
    } else {
        fold->last_output->next = output;
    }
    fold->last_output = output;
    return sg_ok();
}

static sg_result emit(void *context, enum topic topic, struct bytes key, const void *record)
{
    struct fold *fold = context;
    buffer_clear(&fold->encoded);
    SG_TRY(codec_encode(fold->config.codecs->by_topic[topic], record, &fold->encoded));
    struct kafka_message message = {.key = key,
                                    .value = buffer_bytes(&fold->encoded),
                                    .has_value = true,
                                    .timestamp_ms = process_stamp(fold->event.timestamp_ms)};
    return add_output(fold, topic, &message);
}

// Decodes, checks and processes. SG_DROP leaves no trace of the record.
static sg_result process(struct fold *fold, bool has_value)
{
    struct event *event = &fold->event;
    const struct topic_info *info = topic_info(event->topic);
    SG_TRY(input_check_value(info, has_value));
    if (info->record != NULL && !info->json) {
        void *record = arena_take(fold->event_arena, info->record->size);
        if (record == NULL) {
            return out_of_memory(fold);
        }
        SG_TRY(codec_decode(fold->config.codecs->by_topic[event->topic], event->value,
                            fold->event_arena, record));
        event->record = record;
        SG_TRY(input_check(info, event, fold->config.partitions));
    }
    struct emitter emitter = {.emit = emit, .context = fold};
    struct process process = {
        .stores = fold->stores,
        .arena = fold->event_arena,
        .emitter = &emitter,
        .settings = fold->config.settings,
    };
    return fold->config.processor->take(&process, event);
}

static void begin(struct fold *fold)
{
    if (!fold->is_open) {
        ledger_reset(fold->ledger);
        arena_reset(fold->transaction_arena);
        fold->first_output = fold->last_output = NULL;
        fold->first_change = fold->last_change = NULL;
        fold->is_open = true;
    }
}

static sg_result refuse(struct fold *fold, const struct event *event, bool has_value)
{
    struct dead_letter_cause cause = {.event = event,
                                      .has_value = has_value,
                                      .reason = sg_reason(),
                                      .by = fold->config.processor->name};
    struct dead_letter letter;
    dead_letter_fill(&cause, &letter);
    return add_output(fold, TOPIC_DEAD_LETTERS, &letter.message);
}

SG_RESULT fold_take(struct fold *fold, const struct event *event, bool has_value)
{
    begin(fold);
    arena_reset(fold->event_arena);
    fold->event = *event;
    sg_result taken = process(fold, has_value);
    fold->is_refused = taken.class == SG_DROP;
    return fold->is_refused ? refuse(fold, event, has_value) : taken;
}

const struct event *fold_taken(const struct fold *fold)
{
    return fold->is_refused ? NULL : &fold->event;
}

static size_t store_of(const struct fold *fold, enum topic changelog)
{
    size_t at = 0;
    while (fold->config.processor->stores[at].changelog != changelog) {
        at++;
    }
    return at;
}

static sg_result note_change(void *context, enum topic changelog, struct bytes key,
                             struct bytes value, bool has_value)
{
    struct fold *fold = context;
    struct fold_change *change = arena_take(fold->transaction_arena, sizeof *change);
    if (change == NULL) {
        return out_of_memory(fold);
    }
    *change = (struct fold_change){.store = store_of(fold, changelog), .has_value = has_value};
    SG_TRY(copy(fold, key, &change->key));
    SG_TRY(copy(fold, value, &change->value));
    if (fold->last_change == NULL) {
        fold->first_change = change;
    } else {
        fold->last_change->next = change;
    }
    fold->last_change = change;
    return sg_ok();
}

SG_RESULT fold_end(struct fold *fold)
{
    begin(fold);
    fold->is_open = false;
    if (fold->stores == NULL) {
        return sg_ok();
    }
    SG_TRY(stores_flush(fold->stores, note_change, fold));
    fold->place.sequence++;
    return stores_commit(fold->stores, &fold->place);
}

SG_RESULT fold_record(const struct fold *fold, struct arena *arena, struct journal *ret_record)
{
    *ret_record = (struct journal){.state_count = fold->config.processor->store_count};
    SG_TRY(ledger_fill(fold->ledger, arena, ret_record));
    size_t count = ret_record->state_count;
    ret_record->state = arena_take(arena, (count + 1) * sizeof *ret_record->state);
    char *texts = arena_take(arena, (count + 1) * (DIGEST_CHARS + 1));
    if (ret_record->state == NULL || texts == NULL) {
        return out_of_memory(fold);
    }
    for (size_t i = 0; i < count; i++) {
        char *text = texts + i * (DIGEST_CHARS + 1);
        stores_hash(fold->stores, i, text);
        ret_record->state[i] =
            (struct journal_state){.store = bytes_of_text(fold->config.processor->stores[i].name),
                                   .hash = bytes_of_text(text)};
    }
    return sg_ok();
}

const struct fold_output *fold_outputs(const struct fold *fold)
{
    return fold->first_output;
}

const struct fold_change *fold_changes(const struct fold *fold)
{
    return fold->first_change;
}

size_t fold_dirty_count(const struct fold *fold)
{
    return fold->stores == NULL ? 0 : stores_dirty_count(fold->stores);
}

struct stores *fold_stores(struct fold *fold)
{
    return fold->stores;
}
