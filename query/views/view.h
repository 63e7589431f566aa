// What a read view is to the writer that fills it: one const struct a view. Its tables are its own,
// its records come from one topic or several.
#pragma once
#include "query/views/view_settings.h"
#include "query/views/view_store.h"

enum { VIEW_SOURCES_MAX = 3 }; // Topics of one view.

// A record of one of the view's topics, decoded; all borrowed for the call.
struct view_record {
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    struct bytes key;
    const void *value; // The generated struct of the topic's record.
};

// A topic that a view is made of.
struct view_source {
    enum topic topic;

    // Takes a record in; may read from the transaction and writes only memory. Fails: SG_DROP for a
    // record that cannot be accepted, SG_FATAL.
    sg_result (*apply)(void *state, struct transaction *transaction,
                       const struct view_record *record);
};

struct view {
    const char *name; // In the file; never changed.
    struct view_source sources[VIEW_SOURCES_MAX];
    size_t source_count;

    // Tells the rows of this program from others: where it differs from what the file was filled
    // with the view is built anew. NULL: the format of the whole file says it.
    uint64_t (*format)(void);

    // Makes the view's memory. Fails: SG_FATAL.
    sg_result (*open)(struct view_store *store, const struct view_settings *settings,
                      void **ret_state);

    // Frees it. Accepts NULL.
    void (*close)(void *state);

    // Writes what changed since settled() or forget(); may be called again after a failure, with
    // another transaction. Fails as table_put().
    sg_result (*flush)(void *state, struct transaction *transaction);

    // The flush was committed.
    void (*settled)(void *state);

    // Empties the view, in memory and in the transaction. Fails as table_clear().
    sg_result (*clear)(void *state, struct transaction *transaction);

    // Whether so much waits in memory that it should be committed now. NULL: never.
    bool (*full)(const void *state);
};
