// The memory of a registry: given records, then versions and texts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schemas/registry/registry_book.h"

#include <stdio.h>

static int set_up(void **state)
{
    static struct registry_book book;
    book = (struct registry_book){.versions = NULL};
    *state = &book;
    return 0;
}

static int tear_down(void **state)
{
    registry_book_done(*state);
    return 0;
}

static struct registry_record record_of(const char *subject, int32_t version, int32_t id,
                                        const char *schema)
{
    struct registry_record record = {.version = version, .id = id};
    snprintf(record.subject, sizeof record.subject, "%s", subject);
    // The book copies what it keeps.
    record.schema = (char *)(uintptr_t)schema;
    return record;
}

static void put(struct registry_book *book, const char *subject, int32_t version, int32_t id,
                const char *schema)
{
    struct registry_record record = record_of(subject, version, id, schema);
    assert_true(sg_is_ok(registry_book_take(book, &record)));
}

static void numbers_go_on_behind_the_highest(void **state)
{
    struct registry_book *book = *state;
    assert_int_equal(registry_book_next_id(book), 1);
    assert_int_equal(registry_book_next_version(book, "b"), 1);
    put(book, "b", 3, 9, "\"int\"");
    put(book, "a", 1, 4, "\"long\"");
    put(book, "b", 1, 2, "\"string\"");
    assert_int_equal(registry_book_next_id(book), 10);
    assert_int_equal(registry_book_next_version(book, "b"), 4);
    assert_int_equal(registry_book_next_version(book, "a"), 2);
    assert_int_equal(registry_book_version(book, "b", -1)->id, 9);
    assert_int_equal(registry_book_version(book, "b", 1)->id, 2);
    assert_null(registry_book_version(book, "b", 2));
    assert_string_equal(registry_book_text(book, 4)->schema, "\"long\"");
    assert_null(registry_book_text(book, 5));
}

static void a_deleted_version_is_gone_and_its_text_stays(void **state)
{
    struct registry_book *book = *state;
    put(book, "s", 1, 1, "\"int\"");
    put(book, "s", 2, 2, "\"long\"");
    struct registry_record record = record_of("s", 2, 2, "\"long\"");
    record.deleted = true;
    assert_true(sg_is_ok(registry_book_take(book, &record)));
    assert_int_equal(registry_book_version(book, "s", -1)->version, 1);
    assert_null(registry_book_find(book, "s", "\"long\""));
    assert_non_null(registry_book_text(book, 2));
    assert_int_equal(registry_book_next_version(book, "s"), 3);
}

static void a_subject_is_deleted_up_to_a_version(void **state)
{
    struct registry_book *book = *state;
    put(book, "s", 1, 1, "\"int\"");
    put(book, "s", 2, 2, "\"long\"");
    put(book, "t", 1, 1, "\"int\"");
    struct registry_record record = record_of("s", 1, 0, NULL);
    record.kind = REGISTRY_RECORD_DELETE_SUBJECT;
    assert_true(sg_is_ok(registry_book_take(book, &record)));
    assert_null(registry_book_version(book, "s", 1));
    assert_non_null(registry_book_version(book, "s", 2));
    assert_non_null(registry_book_version(book, "t", 1));
}

static void a_tombstone_frees_the_version(void **state)
{
    struct registry_book *book = *state;
    put(book, "s", 1, 1, "\"int\"");
    struct registry_record record = record_of("s", 1, 0, NULL);
    record.tombstone = true;
    assert_true(sg_is_ok(registry_book_take(book, &record)));
    assert_true(sg_is_ok(registry_book_take(book, &record)));
    assert_int_equal(registry_book_next_version(book, "s"), 1);
    assert_int_equal(registry_book_next_id(book), 2);
}

static void the_first_text_of_an_id_stays(void **state)
{
    struct registry_book *book = *state;
    put(book, "s", 1, 1, "\"int\"");
    put(book, "t", 1, 1, "\"long\"");
    assert_string_equal(registry_book_text(book, 1)->schema, "\"int\"");
    assert_null(registry_book_find(book, "t", "\"long\""));
}

static void the_same_text_is_found_by_its_canonical_form(void **state)
{
    struct registry_book *book = *state;
    put(book, "s", 1, 5, "{ \"type\":\"int\" }");
    put(book, "s", 2, 6, NULL); // Not Avro.
    assert_int_equal(registry_book_same(book, "{\"type\":\"int\"}")->id, 5);
    assert_int_equal(registry_book_find(book, "s", "{\"type\":\"int\"}")->version, 1);
    assert_null(registry_book_same(book, "\"int\""));
}

static void many_are_kept_in_order(void **state)
{
    struct registry_book *book = *state;
    for (int32_t i = 0; i < 500; i++) {
        int32_t number = (i * 211) % 500 + 1;
        put(book, "s", number, number, "\"int\"");
    }
    assert_int_equal(book->version_count, 500);
    assert_int_equal(book->text_count, 500);
    for (int32_t i = 1; i <= 500; i++) {
        assert_int_equal(registry_book_version(book, "s", i)->id, i);
        assert_int_equal(registry_book_text(book, i)->id, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(numbers_go_on_behind_the_highest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_deleted_version_is_gone_and_its_text_stays, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_subject_is_deleted_up_to_a_version, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_tombstone_frees_the_version, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_first_text_of_an_id_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_text_is_found_by_its_canonical_form, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(many_are_kept_in_order, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
