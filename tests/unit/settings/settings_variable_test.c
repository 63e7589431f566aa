// Which key a variable of the environment stands for.
#include "core/settings/settings_variable.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

static const struct option options[] = {
    {.key = "kafka.session_timeout", .type = OPTION_DURATION, .fallback = "1s", .help = "."},
    {.key = "smtp.password", .type = OPTION_SECRET, .fallback = "", .help = "."},
};
static const struct option words[] = {
    {.key = "follow", .type = OPTION_BOOL, .fallback = "false", .help = "."},
};
static const struct option_table tables[] = {
    {.title = "All", .options = options, .count = 2},
    {.title = "Command", .options = words, .count = 1, .command_line_only = true},
};
static struct settings_row rows[] = {
    {.table = &tables[0], .option = &options[0]},
    {.table = &tables[0], .option = &options[1]},
    {.table = &tables[1], .option = &words[0]},
};
static const struct settings settings = {.rows = rows, .row_count = 3};

// The key of a variable, "" when it is not ours.
static const char *key_of(const char *variable)
{
    static char key[SETTINGS_KEY_MAX];
    return settings_variable_key(&settings, variable, key) ? key : "";
}

static void known_keys_keep_their_underscores(void **state)
{
    (void)state;
    assert_string_equal(key_of("SOGLIA_KAFKA_SESSION_TIMEOUT=1s"), "kafka.session_timeout");
    assert_string_equal(key_of("SOGLIA_SMTP_PASSWORD=x"), "smtp.password");
    assert_string_equal(key_of("SOGLIA_SMTP_PASSWORD_FILE=x"), "smtp.password_file");
}

static void others_of_a_section_have_dots(void **state)
{
    (void)state;
    assert_string_equal(key_of("SOGLIA_KAFKA_LINGER_MS=1"), "kafka.linger.ms");
    assert_string_equal(key_of("SOGLIA_KAFKA_SESSION_TIMEOUT_FILE=1"),
                        "kafka.session.timeout.file");
}

static void variables_of_others_are_not_ours(void **state)
{
    (void)state;
    const char *const others[] = {"PATH=x",   "SOGLIA_PORT=tcp://1", "SOGLIA_DATA=/d",
                                  "SOGLIA_=", "SOGLIA_FOLLOW=true",  "SOGLIA_KAFKA_BROKERS",
                                  "SOGLIA",   "SOGLIA_KAFKAX_A=1",   ""};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_string_equal(key_of(others[i]), "");
    }
}

static void a_long_name_is_cut_within_bounds(void **state)
{
    (void)state;
    char variable[400] = "SOGLIA_KAFKA_";
    memset(variable + 13, 'A', 300);
    memcpy(variable + 313, "=1", 3);
    assert_int_equal(strlen(key_of(variable)), SETTINGS_KEY_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_keys_keep_their_underscores),
        cmocka_unit_test(others_of_a_section_have_dots),
        cmocka_unit_test(variables_of_others_are_not_ours),
        cmocka_unit_test(a_long_name_is_cut_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
