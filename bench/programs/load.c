// Makes the work: `load quotes`, `load quotes.json` or `load subscriptions`, with name=value words.
// The quotes of an instrument are a random walk between two walls, on a grid of 1/10,000 so that
// JSON says the same; its subscriptions have their thresholds at even distances around the middle.
// A walk begins anywhere between the two in the middle, so that the share of quotes that cross one
// is `step_max / 2 / spacing` from the beginning.
#include "bench/programs/bench_kafka.h"
#include "bench/programs/bench_record.h"
#include "bench/programs/bench_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t base_ms = INT64_C(1700000000000);
static const int64_t middle = INT64_C(10000000000); // A million, on the grid.
static const double grid = 10000;

struct load {
    const char *brokers;
    const char *topic;
    int64_t schema_id;
    int64_t count;
    int64_t seed;
    int64_t instruments;
    int64_t each;     // Subscriptions of an instrument.
    int64_t spacing;  // Between its thresholds, on the grid.
    int64_t step_max; // Of a quote, on the grid.
    rd_kafka_t *producer;
    rd_kafka_topic_t *handle;
};

// splitmix64: one addition and a mix a number, the same everywhere.
static uint64_t next_random(uint64_t *state)
{
    *state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t mixed = *state;
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
    return mixed ^ mixed >> 31;
}

static int64_t below(uint64_t *state, int64_t limit)
{
    return (int64_t)((next_random(state) >> 32) * (uint64_t)limit >> 32);
}

// Moves a value by one step; at a wall it comes back.
static int64_t moved(const struct load *load, int64_t value, uint64_t *state)
{
    int64_t wall = load->each * load->spacing;
    int64_t step = below(state, 2 * load->step_max + 1) - load->step_max;
    int64_t away = value + step - middle;
    return away > wall || away < -wall ? value - step : value + step;
}

static sg_result send_record(const struct load *load, const char *key, struct bytes value)
{
    struct bench_record record = {
        .key = bytes_of_text(key), .value = value, .partition = RD_KAFKA_PARTITION_UA};
    return bench_kafka_send(load->producer, load->handle, &record);
}

static sg_result send_quote(const struct load *load, bool json, const char *name, double value,
                            int64_t event_time)
{
    if (!json) {
        struct bench_bytes out;
        bench_record_quote(&out, (int32_t)load->schema_id, name, value, event_time);
        return send_record(load, name, bench_record_bytes(&out));
    }
    char text[BENCH_RECORD_MAX];
    int size = snprintf(text, sizeof text,
                        "{\"instrument\":\"%s\",\"value\":%.4f,\"event_time\":%" PRId64
                        ",\"source\":\"bench\"}",
                        name, value, event_time);
    return send_record(load, name, bytes_of(text, (size_t)size));
}

static sg_result walk(const struct load *load, bool json, int64_t *values)
{
    uint64_t state = (uint64_t)load->seed;
    for (int64_t i = 0; i < load->instruments; i++) {
        values[i] = middle + below(&state, load->spacing) - load->spacing / 2;
    }
    for (int64_t i = 0; i < load->count; i++) {
        int64_t which = below(&state, load->instruments);
        values[which] = moved(load, values[which], &state);
        char name[BENCH_NAME_MAX];
        snprintf(name, sizeof name, "stock:I%" PRId64, which);
        SG_TRY(send_quote(load, json, name, (double)values[which] / grid, base_ms + i));
    }
    return bench_kafka_flush(load->producer);
}

static sg_result load_quotes(const struct load *load, bool json)
{
    int64_t *values = calloc((size_t)load->instruments, sizeof *values);
    if (values == NULL) {
        return sg_fail(SG_FATAL, 0, "out of memory");
    }
    sg_result result = walk(load, json, values);
    free(values);
    return result;
}

static sg_result send_subscription(const struct load *load, int64_t which, int64_t number)
{
    char instrument[BENCH_NAME_MAX];
    char id[BENCH_NAME_MAX];
    char user[BENCH_NAME_MAX];
    snprintf(instrument, sizeof instrument, "stock:I%" PRId64, which);
    snprintf(id, sizeof id, "s%" PRId64 "-%" PRId64, which, number);
    snprintf(user, sizeof user, "u%" PRId64, number);
    int64_t away = load->spacing * number + load->spacing / 2;
    struct bench_subscription subscription = {
        .instrument = instrument,
        .subscription_id = id,
        .user_id = user,
        .has_low = true,
        .low = (double)(middle - away) / grid,
        .high = (double)(middle + away) / grid,
    };
    struct bench_bytes out;
    bench_record_subscription(&out, (int32_t)load->schema_id, &subscription);
    return send_record(load, instrument, bench_record_bytes(&out));
}

static sg_result load_subscriptions(const struct load *load)
{
    for (int64_t which = 0; which < load->instruments; which++) {
        for (int64_t number = 0; number < load->each; number++) {
            SG_TRY(send_subscription(load, which, number));
        }
    }
    return bench_kafka_flush(load->producer);
}

static sg_result read_words(const struct bench_words *words, struct load *load)
{
    SG_TRY(bench_words_text(words, "brokers", NULL, &load->brokers));
    SG_TRY(bench_words_text(words, "topic", NULL, &load->topic));
    SG_TRY(bench_words_int(words, "schema_id", 0, &load->schema_id));
    SG_TRY(bench_words_int(words, "count", 0, &load->count));
    SG_TRY(bench_words_int(words, "seed", 1, &load->seed));
    SG_TRY(bench_words_int(words, "instruments", 1000, &load->instruments));
    SG_TRY(bench_words_int(words, "each", 10, &load->each));
    SG_TRY(bench_words_int(words, "spacing", 10000, &load->spacing));
    return bench_words_int(words, "step_max", 2222, &load->step_max);
}

static sg_result run(const struct bench_words *words, struct load *load)
{
    SG_TRY(read_words(words, load));
    static const struct bench_property properties[] = {
        {"enable.idempotence", "true"},
        {"partitioner", "murmur2_random"},
        {"compression.codec", "lz4"},
        {"linger.ms", "20"},
        {"queue.buffering.max.messages", "1000000"},
        {NULL, NULL},
    };
    SG_TRY(bench_kafka_open(RD_KAFKA_PRODUCER, load->brokers, properties, &load->producer));
    load->handle = rd_kafka_topic_new(load->producer, load->topic, NULL);
    const char *what = words->count > 1 ? words->list[1] : "";
    if (strcmp(what, "subscriptions") == 0) {
        return load_subscriptions(load);
    }
    bool json = strcmp(what, "quotes.json") == 0;
    if (!json && strcmp(what, "quotes") != 0) {
        return sg_fail(SG_FATAL, 0, "load quotes, quotes.json or subscriptions");
    }
    return load_quotes(load, json);
}

int main(int count, char **list)
{
    struct bench_words words = {count, list};
    struct load load = {0};
    sg_result result = run(&words, &load);
    if (load.handle != NULL) {
        rd_kafka_topic_destroy(load.handle);
    }
    bench_kafka_close(&load.producer);
    if (!sg_is_ok(result)) {
        fprintf(stderr, "%s\n", sg_reason());
    }
    return sg_is_ok(result) ? EXIT_SUCCESS : EXIT_FAILURE;
}
