// The codecs are the real ones, so that what is emitted must be what a reader takes.
#include "processor_bench.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schemas/codec.h"
#include "streams/topology.h"

enum { ARENA_BYTES_MAX = 64 << 20, VALUE_BYTES_MAX = 1 << 20, OPEN_FOLDERS_MAX = 8 };

static sg_result no_schema(void *context, int32_t id, struct bytes *ret_text)
{
    (void)context;
    (void)ret_text;
    return sg_fail(SG_DROP, 0, "no schema %d", (int)id);
}

static struct codec *codec_of(struct processor_bench *bench, enum topic topic)
{
    if (bench->codecs[topic] == NULL) {
        struct codec_config config = {
            .type = topic_info(topic)->record, .id = 1, .schema_of = no_schema};
        sg_ignore(codec_new(&config, &bench->codecs[topic])); // NULL says it.
    }
    return bench->codecs[topic];
}

int processor_bench_open(struct processor_bench *bench, const char *processor)
{
    *bench = (struct processor_bench){.processor = topology_find(processor)};
    const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(bench->folder, sizeof bench->folder, "%s/soglia-bench-XXXXXX", parent);
    bench->arena = arena_new(ARENA_BYTES_MAX);
    if (mkdtemp(bench->folder) == NULL || bench->arena == NULL) {
        return -1;
    }
    struct codec *codecs[STORES_MAX] = {NULL};
    for (size_t i = 0; i < bench->processor->store_count; i++) {
        codecs[i] = codec_of(bench, bench->processor->stores[i].changelog);
    }
    struct state_settings state = {
        .dir = "", .map_bytes = 64 << 20, .cache_entries = 16, .sync = "none"};
    struct stores_config config = {.path = bench->folder,
                                   .state = &state,
                                   .specs = bench->processor->stores,
                                   .count = bench->processor->store_count,
                                   .codecs = codecs,
                                   .identity = "bench"};
    return sg_is_ok(stores_open(&config, &bench->stores, &bench->place)) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

static void forget_outputs(struct processor_bench *bench)
{
    for (size_t i = 0; i < bench->output_count; i++) {
        buffer_done(&bench->outputs[i].value);
    }
    bench->output_count = 0;
}

int processor_bench_close(struct processor_bench *bench)
{
    forget_outputs(bench);
    stores_close(&bench->stores);
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        codec_free(&bench->codecs[i]);
    }
    arena_free(&bench->arena);
    return nftw(bench->folder, remove_one, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
}

static sg_result emit(void *context, enum topic topic, struct bytes key, const void *record)
{
    struct processor_bench *bench = context;
    if (bench->output_count == PROCESSOR_BENCH_OUTPUTS_MAX) {
        return sg_fail(SG_FATAL, 0, "too many outputs for the bench");
    }
    struct processor_bench_output *output = &bench->outputs[bench->output_count++];
    output->topic = topic;
    snprintf(output->key, sizeof output->key, "%.*s", (int)key.size, (const char *)key.data);
    buffer_init(&output->value, VALUE_BYTES_MAX);
    return codec_encode(codec_of(bench, topic), record, &output->value);
}

sg_result processor_bench_take(struct processor_bench *bench, const struct event *event)
{
    forget_outputs(bench);
    arena_reset(bench->arena);
    struct emitter emitter = {emit, bench};
    struct process process = {bench->stores, bench->arena, &emitter, bench->settings};
    return bench->processor->take(&process, event);
}

sg_result processor_bench_take_outcome(struct processor_bench *bench,
                                       const struct effect_outcome *outcome)
{
    forget_outputs(bench);
    arena_reset(bench->arena);
    struct emitter emitter = {emit, bench};
    struct process process = {bench->stores, bench->arena, &emitter, bench->settings};
    return bench->processor->take_outcome(&process, outcome);
}

sg_result processor_bench_output(struct processor_bench *bench, size_t at, void *ret_record)
{
    struct processor_bench_output *output = &bench->outputs[at];
    return codec_decode(codec_of(bench, output->topic), buffer_bytes(&output->value), bench->arena,
                        ret_record);
}

static sg_result ignore_change(void *context, enum topic changelog, struct bytes key,
                               struct bytes value, bool has_value)
{
    (void)context;
    (void)changelog;
    (void)key;
    (void)value;
    (void)has_value;
    return sg_ok();
}

sg_result processor_bench_end(struct processor_bench *bench, bool commit)
{
    if (!commit) {
        return stores_abort(bench->stores);
    }
    bench->place.sequence++;
    SG_TRY(stores_flush(bench->stores, ignore_change, NULL));
    return stores_commit(bench->stores, &bench->place);
}
