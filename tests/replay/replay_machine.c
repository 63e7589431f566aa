// The order of a commit is the runtime's, with a list in place of Kafka.
#include "tests/replay/replay_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "streams/tasks/input_check.h"
#include "tests/replay/replay_changelog.h"
#include "tests/replay/replay_outcome.h"
#include "tests/replay/replay_settings.h"

// One partition, so that every key belongs to it. Ids are fixed in place of a registry's.
enum { PARTITIONS = 1, FIRST_SCHEMA_ID = 1 };
enum {
    CALL_BYTES_MAX = 64 << 20,
    CASE_BYTES_MAX = 512 << 20,
    VALUE_BYTES_MAX = 16 << 20,
    PATH_BYTES_MAX = 4096,
    FIRST_CAPACITY = 8
};

// An event of this case since the last commit, with what came of it.
struct taken {
    struct taken *next;
    struct event event;
    struct replay_outputs outputs;
};

struct replay_machine {
    const struct processor *processor;
    struct replay_options options;
    struct stores *stores; // NULL for a processor without stores.
    struct stores_place place;
    struct codec *codecs[TOPIC_COUNT];
    struct arena *call;                // Until the next event.
    struct arena *memory;              // Until the next case.
    struct taken *first;               // Since the last commit.
    struct taken *last;                // NULL: none.
    struct replay_changelog changelog; // Of this case.
    int64_t events;                    // Of this case.
    int64_t commits;
    const void *settings; // Of this case.
    struct buffer encoded;
    struct replay_outputs *outputs; // Of the event that is being taken.
};

static sg_result out_of_memory(void)
{
    return sg_fail(SG_FATAL, 0, "the case is too large for the replay driver: out of memory");
}

static sg_result no_registry(void *context, int32_t id, struct bytes *ret_text)
{
    (void)context;
    (void)ret_text;
    return sg_fail(SG_DROP, 0, "schema id %d is not registered", id);
}

struct codec *replay_machine_codec(struct replay_machine *machine, enum topic topic)
{
    const struct topic_info *info = topic_info(topic);
    struct codec **codec = &machine->codecs[topic];
    if (info->record == NULL || info->json || *codec != NULL) {
        return *codec;
    }
    struct codec_config config = {
        .type = info->record,
        .id = FIRST_SCHEMA_ID + (int32_t)topic,
        .schema_of = no_registry,
    };
    sg_ignore(codec_new(&config, codec)); // Without one NULL says it.
    return *codec;
}

static sg_result open_stores(struct replay_machine *machine)
{
    static const struct state_settings settings = {
        .dir = "", .map_bytes = INT64_C(64) << 20, .cache_entries = 10000, .sync = "none"};
    const struct processor *processor = machine->processor;
    struct codec *codecs[STORES_MAX] = {NULL};
    char path[PATH_BYTES_MAX];
    snprintf(path, sizeof path, "%s/%s", machine->options.dir, processor->name);
    for (size_t i = 0; i < processor->store_count; i++) {
        codecs[i] = replay_machine_codec(machine, processor->stores[i].changelog);
        if (codecs[i] == NULL) {
            return out_of_memory();
        }
    }
    struct stores_config config = {
        .path = path,
        .state = &settings,
        .specs = processor->stores,
        .count = processor->store_count,
        .codecs = codecs,
        .identity = "replay",
    };
    return stores_open(&config, &machine->stores, &machine->place);
}

sg_result replay_machine_open(const struct processor *processor,
                              const struct replay_options *options,
                              struct replay_machine **ret_machine)
{
    SG_CLEANUP(replay_machine_close) struct replay_machine *machine = calloc(1, sizeof *machine);
    if (machine == NULL) {
        return out_of_memory();
    }
    machine->processor = processor;
    machine->options = *options;
    buffer_init(&machine->encoded, VALUE_BYTES_MAX);
    machine->call = arena_new(CALL_BYTES_MAX);
    machine->memory = arena_new(CASE_BYTES_MAX);
    if (machine->call == NULL || machine->memory == NULL) {
        return out_of_memory();
    }
    if (processor->store_count > 0) {
        SG_TRY(open_stores(machine));
    }
    *ret_machine = SG_MOVE(machine);
    return sg_ok();
}

void replay_machine_close(struct replay_machine **machine)
{
    struct replay_machine *closing = *machine;
    if (closing == NULL) {
        return;
    }
    stores_close(&closing->stores);
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        codec_free(&closing->codecs[i]);
    }
    buffer_done(&closing->encoded);
    arena_free(&closing->call);
    arena_free(&closing->memory);
    free(closing);
    *machine = NULL;
}

sg_result replay_machine_begin(struct replay_machine *machine, struct bytes settings)
{
    arena_reset(machine->memory);
    machine->first = machine->last = NULL;
    machine->changelog =
        (struct replay_changelog){.processor = machine->processor, .arena = machine->memory};
    machine->events = 0;
    machine->commits = 0;
    SG_TRY(replay_settings_read(machine->processor, settings, machine->memory, &machine->settings));
    if (machine->stores == NULL) {
        return sg_ok();
    }
    SG_TRY(stores_abort(machine->stores));
    SG_TRY(stores_clear(machine->stores));
    return stores_commit(machine->stores, &machine->place);
}

static sg_result add_output(struct replay_machine *machine, enum topic topic, struct bytes key,
                            struct bytes value)
{
    struct replay_outputs *outputs = machine->outputs;
    if (outputs->count == outputs->capacity) {
        size_t capacity = outputs->capacity == 0 ? FIRST_CAPACITY : outputs->capacity * 2;
        struct replay_output *list = arena_take(machine->memory, capacity * sizeof *list);
        if (list == NULL) {
            return out_of_memory();
        }
        if (outputs->count > 0) {
            memcpy(list, outputs->list, outputs->count * sizeof *list);
        }
        outputs->list = list;
        outputs->capacity = capacity;
    }
    struct replay_output output = {.topic = topic};
    SG_TRY(replay_changelog_copy(machine->memory, key, &output.key));
    SG_TRY(replay_changelog_copy(machine->memory, value, &output.value));
    outputs->list[outputs->count++] = output;
    return sg_ok();
}

static bool writes(const struct processor *processor, enum topic topic)
{
    size_t i = 0;
    while (processor->outputs[i] != TOPIC_COUNT && processor->outputs[i] != topic) {
        i++;
    }
    return processor->outputs[i] == topic && topic != TOPIC_COUNT;
}

// What the processor emits must pass the check that its reader will make.
static sg_result check_output(struct replay_machine *machine, enum topic topic, struct bytes key,
                              const void *record)
{
    if (!writes(machine->processor, topic)) {
        return sg_fail(SG_FATAL, 0, "%s wrote to %s, which is no output of its",
                       machine->processor->name, topic_info(topic)->name);
    }
    struct event event = {.topic = topic, .key = key, .record = record};
    sg_result checked = input_check(topic_info(topic), &event, PARTITIONS);
    if (!sg_is_ok(checked)) {
        return sg_fail(SG_FATAL, 0, "%s wrote what no reader of %s would take: %s",
                       machine->processor->name, topic_info(topic)->name, sg_reason());
    }
    return sg_ok();
}

static sg_result emit(void *context, enum topic topic, struct bytes key, const void *record)
{
    struct replay_machine *machine = context;
    SG_TRY(check_output(machine, topic, key, record));
    buffer_clear(&machine->encoded);
    SG_TRY(codec_encode(replay_machine_codec(machine, topic), record, &machine->encoded));
    return add_output(machine, topic, key, buffer_bytes(&machine->encoded));
}

// The checks that the runtime makes, and the record.
static sg_result prepare(struct replay_machine *machine, struct event *event)
{
    const struct topic_info *info = topic_info(event->topic);
    SG_TRY(input_check_value(info, event->value.data != NULL));
    if (info->record != NULL && !info->json) {
        void *record = arena_take(machine->call, info->record->size);
        if (record == NULL) {
            return out_of_memory();
        }
        struct codec *codec = replay_machine_codec(machine, event->topic);
        SG_TRY(codec_decode(codec, event->value, machine->call, record));
        event->record = record;
    }
    return input_check(info, event, PARTITIONS);
}

static sg_result take(struct replay_machine *machine, const struct event *given)
{
    struct emitter emitter = {.emit = emit, .context = machine};
    struct process process = {
        .stores = machine->stores,
        .arena = machine->call,
        .emitter = &emitter,
        .settings = machine->settings,
    };
    if (given->topic == replay_outcome_topic) {
        struct effect_outcome outcome;
        SG_TRY(replay_outcome_read(given->value, machine->call, &outcome));
        return machine->processor->take_outcome(&process, &outcome);
    }
    struct event event = *given;
    SG_TRY(prepare(machine, &event));
    return machine->processor->take(&process, &event);
}

// Takes an event and turns a refusal into an output.
static sg_result take_one(struct replay_machine *machine, const struct event *event,
                          struct replay_outputs *outputs)
{
    size_t dirty = machine->stores == NULL ? 0 : stores_dirty_count(machine->stores);
    arena_reset(machine->call);
    machine->outputs = outputs;
    sg_result result = take(machine, event);
    if (result.class != SG_DROP) {
        return result;
    }
    size_t dirty_now = machine->stores == NULL ? 0 : stores_dirty_count(machine->stores);
    if (outputs->count > 0 || dirty != dirty_now) {
        return sg_fail(SG_FATAL, 0, "%s wrote something before it refused the event: %s",
                       machine->processor->name, sg_reason());
    }
    return add_output(machine, TOPIC_DEAD_LETTERS, event->key, bytes_of_text(sg_reason()));
}

static bool outputs_equal(const struct replay_outputs *left, const struct replay_outputs *right)
{
    bool equal = left->count == right->count;
    for (size_t i = 0; equal && i < left->count; i++) {
        const struct replay_output *one = &left->list[i];
        const struct replay_output *other = &right->list[i];
        equal = one->topic == other->topic && bytes_equal(one->key, other->key) &&
                bytes_equal(one->value, other->value);
    }
    return equal;
}

// Aborts, and takes everything since the last commit again.
static sg_result do_again(struct replay_machine *machine)
{
    if (machine->stores != NULL) {
        SG_TRY(stores_abort(machine->stores));
    }
    for (struct taken *taken = machine->first; taken != NULL; taken = taken->next) {
        struct replay_outputs again = {0};
        SG_TRY(take_one(machine, &taken->event, &again));
        if (!outputs_equal(&taken->outputs, &again)) {
            return sg_fail(SG_FATAL, 0,
                           "%s does something else with the event of %s at offset %lld when it is "
                           "done again after an abort",
                           machine->processor->name, replay_outcome_name(taken->event.topic),
                           (long long)taken->event.offset);
        }
    }
    return sg_ok();
}

static sg_result restore(struct replay_machine *machine)
{
    SG_TRY(stores_clear(machine->stores));
    SG_TRY(replay_changelog_restore(&machine->changelog, machine->stores));
    return stores_commit(machine->stores, &machine->place);
}

static bool is_turn(int64_t count, int64_t every)
{
    return every > 0 && count % every == 0;
}

static sg_result commit(struct replay_machine *machine)
{
    machine->first = machine->last = NULL;
    machine->commits++;
    if (machine->stores == NULL) {
        return sg_ok();
    }
    SG_TRY(stores_flush(machine->stores, replay_changelog_add, &machine->changelog));
    SG_TRY(stores_commit(machine->stores, &machine->place));
    return is_turn(machine->commits, machine->options.restore_every) ? restore(machine) : sg_ok();
}

// NULL when memory is out.
static struct taken *keep_event(struct replay_machine *machine, const struct event *event)
{
    struct taken *taken = arena_take(machine->memory, sizeof *taken);
    if (taken == NULL) {
        return NULL;
    }
    taken->event = *event;
    if (!sg_is_ok(replay_changelog_copy(machine->memory, event->key, &taken->event.key)) ||
        !sg_is_ok(replay_changelog_copy(machine->memory, event->value, &taken->event.value))) {
        return NULL;
    }
    if (machine->last == NULL) {
        machine->first = taken;
    } else {
        machine->last->next = taken;
    }
    machine->last = taken;
    return taken;
}

sg_result replay_machine_give(struct replay_machine *machine, const struct event *event,
                              const struct replay_outputs **ret_outputs)
{
    struct taken *taken = keep_event(machine, event);
    if (taken == NULL) {
        return out_of_memory();
    }
    SG_TRY(take_one(machine, &taken->event, &taken->outputs));
    machine->events++;
    if (is_turn(machine->events, machine->options.abort_every)) {
        SG_TRY(do_again(machine));
    }
    if (is_turn(machine->events, machine->options.commit_every)) {
        SG_TRY(commit(machine));
    }
    *ret_outputs = &taken->outputs;
    return sg_ok();
}
