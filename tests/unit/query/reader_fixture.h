// A reader of views that a test feeds, as one request has it.
#pragma once
#include "query/views/view_reader.h"
#include "view_fixture.h"

struct reader_fixture {
    struct view_fixture views;
    struct view_snapshot snapshot;
    struct view_reader reader;
};

// Opens the views; the file begins with room for `map_bytes`.
void reader_fixture_open(struct reader_fixture *fixture, int64_t map_bytes);

// Closes and removes the folder.
void reader_fixture_close(struct reader_fixture *fixture);

// Begins to read what belongs to a user, as it is committed now. What was read before is freed.
void reader_fixture_look(struct reader_fixture *fixture, const char *user);

// Ends reading; what was read stays until the next look.
void reader_fixture_done(struct reader_fixture *fixture);

// The version of a user as it is committed now, 0 for one who has left, -1 for nobody.
int64_t reader_fixture_user_version(struct reader_fixture *fixture, const char *user_id);
