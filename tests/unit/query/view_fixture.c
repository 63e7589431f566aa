// A views' file in a folder of its own, fed by hand.
#include "view_fixture.h"

#include "schemas/quote.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

enum { FOLDERS_OPEN_MAX = 8, COMMIT_MS = 100, COMMIT_RECORDS = 100000 };

static void open_parts(struct view_fixture *fixture)
{
    assert_true(sg_is_ok(view_store_open(&fixture->state, &fixture->store)));
    assert_true(sg_is_ok(view_writer_open(fixture->store, &fixture->settings, &fixture->writer)));
}

void view_fixture_open(struct view_fixture *fixture, int64_t map_bytes)
{
    *fixture = (struct view_fixture){.folder = "/tmp/soglia-views-XXXXXX"};
    assert_non_null(mkdtemp(fixture->folder));
    fixture->state =
        (struct state_settings){.dir = fixture->folder, .map_bytes = map_bytes, .sync = "none"};
    fixture->settings = (struct view_settings){.history_ms = INT64_C(315360000000),
                                               .commands_kept_ms = 86400000,
                                               .alerts_kept = 100,
                                               .notifications_kept = 100,
                                               .commit_ms = COMMIT_MS,
                                               .commit_records = COMMIT_RECORDS,
                                               .cached_instruments = 100};
    open_parts(fixture);
}

static void close_parts(struct view_fixture *fixture)
{
    view_writer_close(&fixture->writer);
    view_store_close(&fixture->store);
}

void view_fixture_restart(struct view_fixture *fixture)
{
    close_parts(fixture);
    open_parts(fixture);
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *place)
{
    (void)stat;
    (void)kind;
    (void)place;
    return remove(path);
}

void view_fixture_close(struct view_fixture *fixture)
{
    close_parts(fixture);
    nftw(fixture->folder, remove_one, FOLDERS_OPEN_MAX, FTW_DEPTH | FTW_PHYS);
}

bool view_fixture_quote(struct view_fixture *fixture, const char *instrument, double value,
                        int64_t event_time)
{
    struct quote quote = {.instrument = bytes_of_text(instrument),
                          .value = value,
                          .event_time = event_time,
                          .source = bytes_of_text("test")};
    return view_fixture_take(fixture, TOPIC_QUOTES, quote.instrument, event_time, &quote);
}

size_t view_fixture_source(enum topic topic)
{
    size_t source = 0;
    while (source < VIEW_SOURCE_COUNT && view_writer_topic(source) != topic) {
        source++;
    }
    assert_true(source < VIEW_SOURCE_COUNT);
    return source;
}

bool view_fixture_take(struct view_fixture *fixture, enum topic topic, struct bytes key,
                       int64_t timestamp_ms, const void *value)
{
    struct view_record record = {
        .offset = fixture->next_offset++, .timestamp_ms = timestamp_ms, .key = key, .value = value};
    bool refused = false;
    assert_true(sg_is_ok(view_writer_take(fixture->writer, view_fixture_source(topic), &record,
                                          (uint64_t)record.offset, &refused)));
    return !refused;
}

void view_fixture_commit(struct view_fixture *fixture)
{
    bool committed = false;
    assert_true(sg_is_ok(view_writer_commit(fixture->writer, &committed)));
    assert_true(committed);
}
