// The topic table is whole and agrees with itself.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schemas/topic_table.h"

#include <string.h>

static void each_row_is_its_own(void **state)
{
    (void)state;
    for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
        const struct topic_info *info = topic_info(topic);
        assert_int_equal(info->topic, topic);
        assert_int_equal(topic_by_name(info->name), topic);
        assert_string_equal(topic_names()[topic], info->name);
        assert_true(info->retention_ms == -1 || info->retention_ms > 0);
        assert_true(info->max_message_bytes > 0);
    }
    assert_int_equal(topic_by_name("nothing"), TOPIC_COUNT);
}

static void a_key_is_a_field_of_the_record(void **state)
{
    (void)state;
    for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
        const struct topic_info *info = topic_info(topic);
        if (info->key_field != NULL) {
            assert_non_null(info->record);
            int field = record_type_field(info->record, bytes_of_text(info->key_field));
            assert_true(field >= 0);
            assert_int_equal(info->key_offset, info->record->fields[field].offset);
        }
    }
}

static void a_twin_holds_the_same_record_under_the_same_key(void **state)
{
    (void)state;
    for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
        const struct topic_info *info = topic_info(topic);
        const struct topic_info *twin = topic_info(info->twin);
        assert_ptr_equal(info->record, twin->record);
        assert_int_equal(info->json, info->twin != topic);
        if (info->json) {
            assert_string_equal(info->key_field, twin->key_field);
            assert_false(twin->json);
            assert_int_equal(info->group, TOPIC_GROUP_JSON);
        }
    }
}

static void changelogs_are_compacted_and_nothing_else_is(void **state)
{
    (void)state;
    for (enum topic topic = 0; topic < TOPIC_COUNT; topic++) {
        const struct topic_info *info = topic_info(topic);
        assert_int_equal(info->compacted, strstr(info->name, "-changelog") != NULL);
    }
}

static void a_name_has_the_prefix(void **state)
{
    (void)state;
    const struct topic_settings settings = {.prefix = "test-"};
    char name[KAFKA_TOPIC_MAX + 1];
    topic_full_name(&settings, TOPIC_QUOTES, name);
    assert_string_equal(name, "test-quotes");
}

static void a_prefix_is_checked(void **state)
{
    (void)state;
    assert_true(topic_prefix_is_valid(""));
    assert_true(topic_prefix_is_valid("Team_a.b-1"));
    assert_false(topic_prefix_is_valid("a b"));
    assert_false(topic_prefix_is_valid("a/b"));
    assert_false(topic_prefix_is_valid("\xc3\xa4"));
    char longest[130] = "";
    memset(longest, 'a', 129);
    assert_false(topic_prefix_is_valid(longest));
    longest[128] = 0;
    assert_true(topic_prefix_is_valid(longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_is_its_own),
        cmocka_unit_test(a_key_is_a_field_of_the_record),
        cmocka_unit_test(a_twin_holds_the_same_record_under_the_same_key),
        cmocka_unit_test(changelogs_are_compacted_and_nothing_else_is),
        cmocka_unit_test(a_name_has_the_prefix),
        cmocka_unit_test(a_prefix_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
