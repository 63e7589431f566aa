// The place in the log that a task's stores stand for.
#pragma once
#include <stdint.h>

enum { STORES_MAX = 4, STORES_INPUTS_MAX = 8, STORES_JOURNAL_CHARS = 72 };

// The place in the log that the state stands for. Saved with it. Without padding, so that places
// can be compared as bytes.
struct stores_place {
    int64_t sequence;                        // Transactions of this task so far.
    int64_t stream_time_ms;                  // Greatest record timestamp taken.
    int64_t next_offsets[STORES_INPUTS_MAX]; // By input, in the processor's order.
    int64_t changelog_offsets[STORES_MAX];   // By store: where the changelog goes on.
    int64_t saved_ms; // Wall time at which Kafka had no more than this; 0: unknown.
    char journal[STORES_JOURNAL_CHARS]; // Digest of the last Journal record, "" for none.
};

// The place of a state that has nothing: sequence 0, offsets of inputs KAFKA_OFFSET_NONE.
struct stores_place stores_place_new(void);
