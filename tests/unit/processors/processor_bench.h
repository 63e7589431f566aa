// A processor with real stores in a folder of its own and a list in place of Kafka.
#pragma once
#include "streams/processor.h"

enum { PROCESSOR_BENCH_OUTPUTS_MAX = 64 };

// What was emitted since the last event: the record in Avro, to be read again.
struct processor_bench_output {
    enum topic topic;
    char key[128];
    struct buffer value;
};

struct processor_bench {
    const struct processor *processor;
    struct stores *stores;
    struct arena *arena;
    struct codec *codecs[TOPIC_COUNT];
    struct processor_bench_output outputs[PROCESSOR_BENCH_OUTPUTS_MAX];
    size_t output_count;
    const void *settings;
    struct stores_place place;
    char folder[256];
};

// Both for setup and teardown: 0 when it went well.
int processor_bench_open(struct processor_bench *bench, const char *processor);
int processor_bench_close(struct processor_bench *bench);

// Gives an event, or an outcome; the outputs are those of this call.
SG_RESULT processor_bench_take(struct processor_bench *bench, const struct event *event);
SG_RESULT processor_bench_take_outcome(struct processor_bench *bench,
                                       const struct effect_outcome *outcome);

// Reads the `at`-th output into `ret_record`; it lives until the next call.
SG_RESULT processor_bench_output(struct processor_bench *bench, size_t at, void *ret_record);

// Flushes and commits; or aborts what came since the last commit.
SG_RESULT processor_bench_end(struct processor_bench *bench, bool commit);
