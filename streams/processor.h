// What a stream processor is: a pure function of (event, stores) to outputs. No clock, no I/O, no
// randomness: the same events in the same order give the same bytes. The loop around it is
// runtime.c, the map of all is topology.c.
#pragma once
#include "core/arena.h"
#include "schemas/topic_table.h"
#include "state/stores.h"

enum { PROCESSOR_INPUTS_MAX = 4, PROCESSOR_OUTPUTS_MAX = 4, PROCESSOR_LANES = 2 };

// Numbers of the processors, also their label in metrics.
enum processor_id {
    PROCESSOR_INGEST,
    PROCESSOR_ACCOUNTS,
    PROCESSOR_ALERTS,
    PROCESSOR_NOTIFICATIONS,
    PROCESSOR_DELIVER,
    PROCESSOR_COUNT
};

// An input record. Everything is borrowed for the call.
struct event {
    enum topic topic;
    struct bytes key;
    struct bytes value;
    const void *record; // Decoded; NULL for a topic of raw bytes.
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms; // Of the record in Kafka. Every output gets the same.
};

// What came of a side effect: an input that is not in Kafka. It is what the sender saw, times
// included.
struct effect_outcome {
    struct bytes id; // Key of the outbox entry.
    int32_t outcome; // enum outcome of Delivery
    int32_t attempt;
    int32_t code;
    struct bytes reply;
    int64_t at_ms;
    int64_t not_before_ms; // Of RETRY: the receiver wants no attempt earlier, in ms since 1970; 0
                           // for any time.
};

// Where a processor's outputs go: Kafka in the runtime, a list in the replay driver.
struct emitter {
    // Sends `record` (of the topic's type) under `key`. Fails: SG_ABORT, SG_FATAL.
    SG_RESULT (*emit)(void *context, enum topic topic, struct bytes key, const void *record);
    void *context;
};

// What a processor may use during a call.
struct process {
    struct stores *stores; // NULL for a processor without stores.
    struct arena *arena;   // Memory until the call ends.
    const struct emitter *emitter;
    const void *settings; // Of the processor, NULL if it has none.
};

struct processor {
    enum processor_id id;
    const char *name;
    // In the order that breaks ties of time: tables before streams. TOPIC_COUNT ends a list.
    enum topic inputs[PROCESSOR_INPUTS_MAX + 1];
    enum topic outputs[PROCESSOR_OUTPUTS_MAX + 1];
    const struct store_spec *stores;
    size_t store_count;

    // Takes one event. Fails: SG_DROP to refuse it (nothing was written or emitted before),
    // SG_ABORT, SG_FATAL.
    SG_RESULT (*take)(const struct process *process, const struct event *event);

    // For processors with side effects, else NULL. Takes an outcome.
    SG_RESULT (*take_outcome)(const struct process *process, const struct effect_outcome *outcome);

    // For processors with side effects, else NULL: when the entry of the first store is due, in ms
    // since 1970.
    int64_t (*due_ms)(const void *entry);

    // The lane of an entry, below PROCESSOR_LANES: a lane that is full holds up no other. NULL: all
    // have one lane.
    unsigned (*lane)(const void *entry);

    // Whether an entry that is due is not to be tried any more; its outcome then says so. NULL:
    // each is tried. Fails: SG_FATAL.
    SG_RESULT(*is_void)
    (struct stores *stores, struct arena *arena, const void *entry, bool *ret_void);
};

// Emits through the process's emitter.
SG_RESULT process_emit(const struct process *process, enum topic topic, struct bytes key,
                       const void *record);

// The timestamp of every output of an event with this timestamp: the same, but never none. A record
// without a time would get that of its writing, which is another one when it is done again. Any
// thread.
int64_t process_stamp(int64_t timestamp_ms);
