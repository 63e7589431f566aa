// The thread that fills the views from their topics, read_committed and without a group: positions
// are in the views' own file.
#pragma once
#include "query/views/view_writer.h"
#include "schemas/registry.h"

struct view_feeder;

struct view_feeder_config {
    const struct kafka_settings *kafka;
    const struct topic_settings *topics;
    const struct registry_settings *registry;
    const struct view_settings *views;
    struct view_store *store;
    void (*committed)(void *context); // Called by the thread after each commit.
    void *context;
};

// Starts the thread. It waits for a broker that is away; what nothing can mend ends the program by
// stop_request() and is the result of view_feeder_close(). Everything in `config` must outlive it.
// Fails: SG_FATAL.
SG_RESULT view_feeder_open(const struct view_feeder_config *config,
                           struct view_feeder **ret_feeder);

// Commits what was read, ends the thread and frees. Accepts NULL. Returns what the thread failed
// with, a success if it did not.
sg_result view_feeder_close(struct view_feeder **feeder);

// Whether the views have caught up since the start and are being fed; if not, writes what is
// lacking. Any thread.
bool view_feeder_ready(struct view_feeder *feeder, struct buffer *ret_lacking);

// The registry, NULL until it could be opened. Borrowed until the close. Any thread.
struct registry *view_feeder_registry(struct view_feeder *feeder);
