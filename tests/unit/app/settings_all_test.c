// The list of all settings: every row is sound by itself and unlike every other.
#include "app/settings_all.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static struct settings_all all;
static struct option_table tables[SETTINGS_ALL_TABLES_MAX];
static size_t count_of_tables;

static int begin(void **state)
{
    (void)state;
    count_of_tables = settings_all_tables(&all, tables);
    return 0;
}

static void defaults_are_accepted_by_their_own_rows(void **state)
{
    (void)state;
    struct settings_source source = {.file = "/dev/null"};
    struct settings *settings = NULL;
    sg_result result = settings_load(tables, count_of_tables, &source, &settings);
    bool is_told = strcmp(all.log.level, "info") == 0;
    settings_free(&settings);
    assert_true(sg_is_ok(result));
    assert_true(is_told);
}

static void targets_lie_in_the_struct(void **state)
{
    (void)state;
    for (size_t i = 0; i < count_of_tables; i++) {
        const char *target = tables[i].target;
        assert_true(target >= (const char *)&all && target < (const char *)(&all + 1));
    }
}

static void assert_sound(const struct option *option)
{
    assert_non_null(strchr(option->key, '.'));
    assert_int_equal(strspn(option->key, "abcdefghijklmnopqrstuvwxyz0123456789._"),
                     strlen(option->key));
    assert_int_equal(option->help[strlen(option->help) - 1], '.');
    assert_int_equal(option->type == OPTION_CHOICE, option->choices != NULL);
    assert_true(option->min <= option->max);
}

static void keys_are_well_formed_and_unique(void **state)
{
    (void)state;
    const char *seen[1000];
    size_t seen_count = 0;
    for (size_t i = 0; i < count_of_tables; i++) {
        for (size_t j = 0; j < tables[i].count; j++) {
            const struct option *option = &tables[i].options[j];
            assert_sound(option);
            for (size_t k = 0; k < seen_count; k++) {
                assert_string_not_equal(option->key, seen[k]);
            }
            seen[seen_count++] = option->key;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_accepted_by_their_own_rows),
        cmocka_unit_test(targets_lie_in_the_struct),
        cmocka_unit_test(keys_are_well_formed_and_unique),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
