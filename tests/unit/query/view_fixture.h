// A views' file in a folder of its own, fed by hand.
#pragma once
#include "query/views/view_writer.h"

struct view_fixture {
    char folder[64];
    struct state_settings state;
    struct view_settings settings;
    struct view_store *store;
    struct view_writer *writer;
    int64_t next_offset;
};

// Opens the views; the file begins with room for `map_bytes`.
void view_fixture_open(struct view_fixture *fixture, int64_t map_bytes);

// Closes and opens again, as a restart does. What was not committed is lost.
void view_fixture_restart(struct view_fixture *fixture);

// Closes and removes the folder.
void view_fixture_close(struct view_fixture *fixture);

// Takes a quote at the next offset of partition 0; false when the view refused it.
bool view_fixture_quote(struct view_fixture *fixture, const char *instrument, double value,
                        int64_t event_time);

// Takes a record of any topic at the next offset of partition 0, under this key; false when the
// view refused it.
bool view_fixture_take(struct view_fixture *fixture, enum topic topic, struct bytes key,
                       int64_t timestamp_ms, const void *value);

// The index of a topic among the sources of the views.
size_t view_fixture_source(enum topic topic);

void view_fixture_commit(struct view_fixture *fixture);
