// What a read view is to the writer that fills it: one const struct a view.
#pragma once
#include "query/views/view_store.h"

struct view_settings {
    int64_t history_ms;
    int64_t history_values;
    int64_t commit_ms;
    int64_t commit_records;
    int64_t cached_instruments;
};

// The rows of `views.*`.
struct option_table view_options(struct view_settings *target);

// A record of the view's topic, decoded; all borrowed for the call.
struct view_record {
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    struct bytes key;
    const void *value; // The generated struct of the topic's record.
};

struct view {
    enum topic topic; // Where its records come from.

    // Makes the view's memory. Fails: SG_FATAL.
    sg_result (*open)(struct view_store *store, const struct view_settings *settings,
                      void **ret_state);

    // Frees it. Accepts NULL.
    void (*close)(void *state);

    // Takes a record in; may read from the transaction and writes only memory. Fails: SG_DROP for a
    // record that cannot be accepted, SG_FATAL.
    sg_result (*apply)(void *state, struct transaction *transaction,
                       const struct view_record *record);

    // Writes what changed since settled() or forget(); may be called again after a failure, with
    // another transaction. Fails as table_put().
    sg_result (*flush)(void *state, struct transaction *transaction);

    // The flush was committed.
    void (*settled)(void *state);

    // Empties the view, in memory and in the transaction. Fails as table_clear().
    sg_result (*clear)(void *state, struct transaction *transaction);
};

// Last value and history of every instrument, from `quotes`.
extern const struct view quote_view;
