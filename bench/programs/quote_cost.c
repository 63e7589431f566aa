// The alerts processor on one instrument with many thresholds, without Kafka: decodes and takes
// quotes that cross none of them. Under callgrind only these quotes are counted, so what it counts
// for each is the whole cost of a quote but reading it from the log and committing.
#include "bench/programs/bench_record.h"
#include "bench/programs/bench_words.h"
#include "core/arena.h"
#include "core/service/clock.h"
#include "schemas/codec.h"
#include "streams/topology.h"

#include <valgrind/callgrind.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BYTES = 1 << 30, COMMIT_EVERY = 20000, SCHEMA_ID = 1, WARM_QUOTES = 100 };
static const double middle = 1000000;
static const char instrument[] = "stock:ONE";

struct cost {
    const struct processor *processor;
    struct codec *codecs[TOPIC_COUNT];
    struct stores *stores;
    struct stores_place place;
    struct arena *arena;
    int64_t emitted;
    int64_t event_time;
};

static sg_result no_registry(void *context, int32_t id, struct bytes *ret_text)
{
    (void)context;
    (void)ret_text;
    return sg_fail(SG_DROP, 0, "schema id %d is not registered", id);
}

static sg_result count_emitted(void *context, enum topic topic, struct bytes key,
                               const void *record)
{
    struct cost *cost = context;
    (void)topic, (void)key, (void)record;
    cost->emitted++;
    return sg_ok();
}

static sg_result ignore_change(void *context, enum topic changelog, struct bytes key,
                               struct bytes value, bool has_value)
{
    (void)context, (void)changelog, (void)key, (void)value, (void)has_value;
    return sg_ok();
}

static sg_result codec_of(struct cost *cost, enum topic topic)
{
    struct codec_config config = {
        .type = topic_info(topic)->record, .id = SCHEMA_ID, .schema_of = no_registry};
    return codec_new(&config, &cost->codecs[topic]);
}

static sg_result open_cost(struct cost *cost, const char *folder)
{
    static const struct state_settings settings = {
        .dir = "", .map_bytes = INT64_C(4) << 30, .cache_entries = 100000, .sync = "none"};
    const struct processor *processor = cost->processor;
    struct codec *codecs[STORES_MAX] = {NULL};
    for (size_t i = 0; processor->inputs[i] != TOPIC_COUNT; i++) {
        SG_TRY(codec_of(cost, processor->inputs[i]));
    }
    for (size_t i = 0; i < processor->store_count; i++) {
        SG_TRY(codec_of(cost, processor->stores[i].changelog));
        codecs[i] = cost->codecs[processor->stores[i].changelog];
    }
    struct stores_config config = {
        .path = folder,
        .state = &settings,
        .specs = processor->stores,
        .count = processor->store_count,
        .codecs = codecs,
        .identity = "bench",
    };
    SG_TRY(stores_open(&config, &cost->stores, &cost->place));
    cost->arena = arena_new(ARENA_BYTES);
    return cost->arena == NULL ? sg_fail(SG_FATAL, 0, "out of memory") : sg_ok();
}

static void close_cost(struct cost *cost)
{
    stores_close(&cost->stores);
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        codec_free(&cost->codecs[i]);
    }
    arena_free(&cost->arena);
}

// What the loop does with one event.
static sg_result take(struct cost *cost, enum topic topic, struct bytes value)
{
    arena_reset(cost->arena);
    void *record = arena_take(cost->arena, topic_info(topic)->record->size);
    if (record == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    SG_TRY(codec_decode(cost->codecs[topic], value, cost->arena, record));
    struct emitter emitter = {.emit = count_emitted, .context = cost};
    struct process process = {.stores = cost->stores, .arena = cost->arena, .emitter = &emitter};
    struct event event = {.topic = topic,
                          .key = bytes_of_text(instrument),
                          .value = value,
                          .record = record,
                          .offset = cost->event_time,
                          .timestamp_ms = cost->event_time};
    return cost->processor->take(&process, &event);
}

static sg_result commit(struct cost *cost)
{
    SG_TRY(stores_flush(cost->stores, ignore_change, NULL));
    return stores_commit(cost->stores, &cost->place);
}

// Thresholds below and above the middle, one apart.
static sg_result subscribe(struct cost *cost, int64_t thresholds)
{
    for (int64_t i = 0; i < thresholds / 2; i++) {
        char id[BENCH_NAME_MAX];
        snprintf(id, sizeof id, "s%" PRId64, i);
        struct bench_subscription subscription = {.instrument = instrument,
                                                  .subscription_id = id,
                                                  .user_id = "u",
                                                  .has_low = true,
                                                  .low = middle - (double)i - 0.5,
                                                  .high = middle + (double)i + 0.5};
        struct bench_bytes out;
        bench_record_subscription(&out, SCHEMA_ID, &subscription);
        SG_TRY(take(cost, TOPIC_SUBSCRIPTIONS, bench_record_bytes(&out)));
        if (i % COMMIT_EVERY == COMMIT_EVERY - 1) {
            SG_TRY(commit(cost));
        }
    }
    return commit(cost);
}

// Up and down between the two nearest thresholds. Written beforehand, so that only taking them is
// counted.
static void write_quotes(struct cost *cost, int64_t count, struct bench_bytes *ret_quotes)
{
    for (int64_t i = 0; i < count; i++) {
        double away = (double)(i % 9 - 4) / 10;
        cost->event_time++;
        bench_record_quote(&ret_quotes[i], SCHEMA_ID, instrument, middle + away, cost->event_time);
    }
}

static sg_result take_quotes(struct cost *cost, const struct bench_bytes *quotes, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        SG_TRY(take(cost, TOPIC_QUOTES, bench_record_bytes(&quotes[i])));
    }
    return sg_ok();
}

// The first quotes judge every threshold and fill the caches.
static sg_result warm(struct cost *cost, struct bench_bytes *quotes)
{
    write_quotes(cost, WARM_QUOTES, quotes);
    SG_TRY(take_quotes(cost, quotes, WARM_QUOTES));
    SG_TRY(commit(cost));
    write_quotes(cost, WARM_QUOTES, quotes);
    SG_TRY(take_quotes(cost, quotes, WARM_QUOTES));
    cost->emitted = 0;
    return sg_ok();
}

static sg_result count_quotes(struct cost *cost, struct bench_bytes *quotes, int64_t count)
{
    SG_TRY(warm(cost, quotes));
    write_quotes(cost, count, quotes);
    int64_t begun_us = clock_monotonic_us();
    CALLGRIND_START_INSTRUMENTATION;
    sg_result taken = take_quotes(cost, quotes, count);
    CALLGRIND_STOP_INSTRUMENTATION;
    SG_TRY(taken);
    printf("%.1f ns a quote\n", (double)(clock_monotonic_us() - begun_us) * 1000 / (double)count);
    return cost->emitted == 0 ? sg_ok() : sg_fail(SG_FATAL, 0, "a quote crossed a threshold");
}

static sg_result run(const struct bench_words *words, struct cost *cost)
{
    const char *folder = NULL;
    int64_t thresholds = 0;
    int64_t quotes = 0;
    SG_TRY(bench_words_text(words, "folder", NULL, &folder));
    SG_TRY(bench_words_int(words, "thresholds", 10, &thresholds));
    SG_TRY(bench_words_int(words, "quotes", 100000, &quotes));
    SG_TRY(open_cost(cost, folder));
    SG_TRY(subscribe(cost, thresholds));
    struct bench_bytes *memory = calloc((size_t)(quotes + WARM_QUOTES), sizeof *memory);
    if (memory == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    sg_result counted = count_quotes(cost, memory, quotes);
    free(memory);
    return counted;
}

int main(int count, char **list)
{
    struct bench_words words = {count, list};
    struct cost cost = {.processor = topology_find("alerts"), .event_time = 1700000000000};
    sg_result result = run(&words, &cost);
    close_cost(&cost);
    if (!sg_is_ok(result)) {
        fprintf(stderr, "%s\n", sg_reason());
    }
    return sg_is_ok(result) ? EXIT_SUCCESS : EXIT_FAILURE;
}
