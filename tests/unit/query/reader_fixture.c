// A reader of views that a test feeds, as one request has it.
#include "reader_fixture.h"

#include "query/views/accounts/user_view.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

enum { ARENA_BYTES = 1 << 20 };

void reader_fixture_open(struct reader_fixture *fixture, int64_t map_bytes)
{
    view_fixture_open(&fixture->views, map_bytes);
    fixture->reader.arena = arena_new(ARENA_BYTES);
    assert_non_null(fixture->reader.arena);
}

void reader_fixture_close(struct reader_fixture *fixture)
{
    arena_free(&fixture->reader.arena);
    view_fixture_close(&fixture->views);
}

void reader_fixture_look(struct reader_fixture *fixture, const char *user)
{
    assert_true(sg_is_ok(view_store_read(fixture->views.store, &fixture->snapshot)));
    fixture->reader.snapshot = &fixture->snapshot;
    fixture->reader.user_id = bytes_of_text(user);
    arena_reset(fixture->reader.arena);
}

void reader_fixture_done(struct reader_fixture *fixture)
{
    view_snapshot_done(&fixture->snapshot);
}

int64_t reader_fixture_user_version(struct reader_fixture *fixture, const char *user_id)
{
    struct user user;
    bool found = false;
    reader_fixture_look(fixture, user_id);
    assert_true(sg_is_ok(user_view_find(&fixture->reader, &user, &found)));
    int64_t version = !found ? -1 : user.active ? user.version : 0;
    reader_fixture_done(fixture);
    return version;
}
