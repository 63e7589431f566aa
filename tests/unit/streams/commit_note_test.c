// The note beside committed positions: read back, and read from older programs.
#include "streams/tasks/commit_note.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define DIGEST_TEXT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct commit_note note = {.sequence = INT64_MAX, .stream_time_ms = INT64_MAX};
    snprintf(note.journal, sizeof note.journal, "%s", DIGEST_TEXT);
    char text[COMMIT_NOTE_MAX];
    commit_note_print(&note, text);
    assert_string_equal(text, "sequence=9223372036854775807 time=9223372036854775807 "
                              "journal=" DIGEST_TEXT);
    struct commit_note found = commit_note_read(text);
    assert_int_equal(found.sequence, INT64_MAX);
    assert_int_equal(found.stream_time_ms, INT64_MAX);
    assert_string_equal(found.journal, DIGEST_TEXT);
}

static void a_note_without_a_journal(void **state)
{
    (void)state;
    char text[COMMIT_NOTE_MAX];
    struct commit_note note = {.sequence = 3, .stream_time_ms = 5};
    commit_note_print(&note, text);
    struct commit_note found = commit_note_read(text);
    assert_int_equal(found.sequence, 3);
    assert_int_equal(found.stream_time_ms, 5);
    assert_string_equal(found.journal, "");
}

static void a_note_of_an_older_program(void **state)
{
    (void)state;
    struct commit_note found = commit_note_read("sequence=17");
    assert_int_equal(found.sequence, 17);
    assert_int_equal(found.stream_time_ms, 0);
    assert_string_equal(found.journal, "");
}

static void a_note_of_a_newer_program(void **state)
{
    (void)state;
    struct commit_note found =
        commit_note_read("sequence=17 time=4 journal=" DIGEST_TEXT " colour=blue");
    assert_int_equal(found.sequence, 17);
    assert_string_equal(found.journal, DIGEST_TEXT);
}

static void what_is_no_note(void **state)
{
    (void)state;
    static const char *const texts[] = {NULL, "", "sequence=", "sequence=x time=4", "time=4", "17"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct commit_note found = commit_note_read(texts[i]);
        assert_int_equal(found.sequence, 0);
        assert_int_equal(found.stream_time_ms, 0);
        assert_string_equal(found.journal, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_note_without_a_journal),
        cmocka_unit_test(a_note_of_an_older_program),
        cmocka_unit_test(a_note_of_a_newer_program),
        cmocka_unit_test(what_is_no_note),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
