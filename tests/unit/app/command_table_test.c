// Every command is complete, and its words fit together with the settings.
#include "app/command_table.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static void each_command_is_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < command_table_count; i++) {
        const struct command *command = command_table[i];
        assert_non_null(command->run);
        assert_non_null(command->arguments);
        assert_in_range(strlen(command->name), 1, 9);
        assert_in_range(strlen(command->summary), 1, 88);
        assert_int_equal(command->help[strlen(command->help) - 1], '\n');
        assert_true(command->words_min <= command->words_max);
        assert_ptr_equal(command_find(command->name), command);
        assert_int_equal(command->words_max == 0, command->arguments[0] == '\0');
    }
}

static void each_option_has_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < command_table_count; i++) {
        const struct command *command = command_table[i];
        for (size_t j = 0; j < command->option_count; j++) {
            const struct option *option = &command->options[j];
            assert_true(option->offset < command->options_bytes);
            assert_null(strchr(option->key, '.'));
            assert_non_null(option->fallback);
            assert_int_equal(option->help[strlen(option->help) - 1], '.');
        }
    }
}

static bool has_section(const struct option_table *table, const char *section)
{
    size_t length = strlen(section);
    for (size_t i = 0; i < table->count; i++) {
        const char *key = table->options[i].key;
        if (strncmp(key, section, length) == 0 && key[length] == '.') {
            return true;
        }
    }
    return false;
}

static bool is_known_section(const char *section)
{
    struct option_table tables[SETTINGS_ALL_TABLES_MAX];
    size_t count = settings_all_tables(NULL, tables);
    bool is_known = false;
    for (size_t i = 0; i < count; i++) {
        is_known = is_known || has_section(&tables[i], section);
    }
    if (!is_known) {
        print_error("no setting begins with %s.\n", section);
    }
    return is_known;
}

static void each_section_exists(void **state)
{
    (void)state;
    for (size_t i = 0; i < command_table_count; i++) {
        const char *const *sections = command_table[i]->sections;
        for (size_t j = 0; sections[j] != NULL; j++) {
            assert_true(is_known_section(sections[j]));
        }
    }
}

static void unknown_names_have_no_command(void **state)
{
    (void)state;
    assert_null(command_find("halp"));
    assert_string_equal(command_nearest("halp")->name, "help");
    assert_null(command_nearest("banana"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_command_is_complete),
        cmocka_unit_test(each_option_has_its_place),
        cmocka_unit_test(each_section_exists),
        cmocka_unit_test(unknown_names_have_no_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
