// Loading settings: precedence, unknown names, secrets, and what is passed on.
#include "core/settings/settings.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct target {
    const char *brokers;
    int64_t timeout_ms;
    const char *password;
    bool follow;
};

static const struct option options[] = {
    {.key = "kafka.brokers",
     .type = OPTION_TEXT,
     .offset = offsetof(struct target, brokers),
     .fallback = "localhost:9092",
     .help = "Brokers."},
    {.key = "kafka.session_timeout",
     .type = OPTION_DURATION,
     .offset = offsetof(struct target, timeout_ms),
     .fallback = "10s",
     .min = 1000,
     .max = 60000,
     .help = "Time-out."},
    {.key = "smtp.password",
     .type = OPTION_SECRET,
     .offset = offsetof(struct target, password),
     .fallback = "",
     .help = "Password."},
};
static const struct option words[] = {
    {.key = "follow",
     .type = OPTION_BOOL,
     .offset = offsetof(struct target, follow),
     .fallback = "false",
     .help = "Go on."},
};

static struct target target;
static const struct option_table tables[] = {
    {.title = "All", .options = options, .count = 3, .target = &target},
    {.title = "Command",
     .options = words,
     .count = 1,
     .target = &target,
     .command_line_only = true},
};
static struct settings *settings;
static char folder[] = "/tmp/soglia-settings-XXXXXX";
static char file_path[64];
static char secret_path[64];

static int begin(void **state)
{
    (void)state;
    target = (struct target){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    settings_free(&settings);
    unlink(file_path);
    unlink(secret_path);
    return 0;
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    snprintf(file_path, sizeof file_path, "%s/soglia.conf", folder);
    snprintf(secret_path, sizeof secret_path, "%s/secret", folder);
    return chdir(folder);
}

static int drop_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (file != NULL) {
        fputs(text, file);
        fclose(file);
    }
}

// Loads with one argument and one variable, each NULL for none.
static sg_result load(const char *argument, const char *variable)
{
    char argument_copy[256];
    char variable_copy[256];
    snprintf(argument_copy, sizeof argument_copy, "%s", argument == NULL ? "" : argument);
    snprintf(variable_copy, sizeof variable_copy, "%s", variable == NULL ? "" : variable);
    char *arguments[] = {argument_copy};
    char *environment[] = {variable_copy, NULL};
    struct settings_source source = {
        .arguments = arguments,
        .argument_count = argument == NULL ? 0 : 1,
        .environment = environment,
        .extra_prefix = "kafka.",
    };
    return settings_load(tables, 2, &source, &settings);
}

static void assert_refused(const char *argument, const char *variable, const char *reason)
{
    assert_int_equal(load(argument, variable).class, SG_FATAL);
    assert_string_equal(sg_reason(), reason);
    assert_null(settings);
}

static void defaults_stand_where_nothing_is_said(void **state)
{
    (void)state;
    assert_true(sg_is_ok(load(NULL, NULL)));
    assert_string_equal(target.brokers, "localhost:9092");
    assert_int_equal(target.timeout_ms, 10000);
    assert_string_equal(target.password, "");
    assert_false(target.follow);
    assert_null(settings_extras(settings)[0].key);
}

static void the_stronger_source_wins(void **state)
{
    (void)state;
    write_file(file_path, "[kafka]\nbrokers = file:1\n");
    assert_true(sg_is_ok(load(NULL, NULL)));
    assert_string_equal(target.brokers, "file:1");
    settings_free(&settings);
    assert_true(sg_is_ok(load(NULL, "SOGLIA_KAFKA_BROKERS=environment:1")));
    assert_string_equal(target.brokers, "environment:1");
    settings_free(&settings);
    assert_true(sg_is_ok(load("--kafka.brokers=line:1", "SOGLIA_KAFKA_BROKERS=environment:1")));
    assert_string_equal(target.brokers, "line:1");
}

static void unknown_names_lead_to_the_nearest(void **state)
{
    (void)state;
    assert_refused("--smtp.pasword_fil=x", NULL,
                   "command line: unknown setting smtp.pasword_fil; did you mean smtp.password?");
    assert_refused("--folow", NULL, "command line: unknown setting folow; did you mean follow?");
    // A slip of ours is not passed on to librdkafka.
    assert_refused("--kafka.broker=x", NULL,
                   "command line: unknown setting kafka.broker; did you mean kafka.brokers?");
    assert_refused("--banana=1", NULL,
                   "command line: unknown setting banana; `soglia settings` lists all");
    assert_refused(
        NULL, "SOGLIA_SMTP_PASWORD=x",
        "SOGLIA_SMTP_PASWORD: unknown setting smtp.pasword; did you mean smtp.password?");
    write_file(file_path, "\n[smtp]\n  passwort = x\n");
    assert_refused(NULL, NULL,
                   "soglia.conf:3: unknown setting smtp.passwort; did you mean smtp.password?");
}

static void words_of_a_command_are_for_the_command_line(void **state)
{
    (void)state;
    write_file(file_path, "follow = true\n");
    assert_int_equal(load(NULL, NULL).class, SG_FATAL);
    unlink(file_path);
    assert_true(sg_is_ok(load(NULL, "SOGLIA_FOLLOW=true")));
    assert_false(target.follow);
    settings_free(&settings);
    assert_true(sg_is_ok(load("--follow", NULL)));
    assert_true(target.follow);
}

static void variables_of_others_are_left_alone(void **state)
{
    (void)state;
    assert_true(sg_is_ok(load(NULL, "SOGLIA_PORT=tcp://10.0.0.1:8080")));
    settings_free(&settings);
    assert_true(sg_is_ok(load(NULL, "SOGLIAX=1")));
}

static void bad_values_say_where_they_stood(void **state)
{
    (void)state;
    assert_refused(
        "--kafka.session_timeout=1", NULL,
        "command line: kafka.session_timeout: \"1\" is not a duration as 100ms, 10s, 5m, "
        "24h or 7d from 1s to 1m");
    assert_int_equal(load(NULL, "SOGLIA_KAFKA_SESSION_TIMEOUT=2h").class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), "SOGLIA_KAFKA_SESSION_TIMEOUT: "));
    assert_refused("--kafka.brokers", NULL,
                   "--kafka.brokers: the value is missing; write --kafka.brokers=VALUE");
    assert_refused("kafka.brokers=x", NULL, "kafka.brokers=x: not of the form --key=value");
    assert_refused("--=x", NULL, "--=x: not of the form --key=value");
}

static void secrets_stay_off_the_command_line(void **state)
{
    (void)state;
    assert_int_equal(load("--smtp.password=hunter2", NULL).class, SG_FATAL);
    assert_non_null(strstr(sg_reason(), "--smtp.password: a secret on the command line"));
    assert_null(strstr(sg_reason(), "hunter2"));
    assert_int_equal(load("--kafka.sasl.password=hunter2", NULL).class, SG_FATAL);
    assert_null(strstr(sg_reason(), "hunter2"));
    assert_true(sg_is_ok(load(NULL, "SOGLIA_SMTP_PASSWORD=hunter2")));
    assert_string_equal(target.password, "hunter2");
}

static void secrets_come_from_files(void **state)
{
    (void)state;
    write_file(secret_path, "from file\n");
    assert_true(sg_is_ok(load("--smtp.password_file=secret", NULL)));
    assert_string_equal(target.password, "from file");
    settings_free(&settings);
    assert_true(sg_is_ok(load(NULL, "SOGLIA_SMTP_PASSWORD_FILE=secret")));
    assert_string_equal(target.password, "from file");
    settings_free(&settings);
    unlink(secret_path);
    assert_refused("--smtp.password_file=secret", NULL,
                   "command line: smtp.password_file: secret: No such file or directory");
}

static void the_rest_of_kafka_is_passed_on(void **state)
{
    (void)state;
    write_file(file_path, "[kafka]\nlinger.ms = 5\nsasl.password = x\n");
    assert_true(sg_is_ok(load("--kafka.linger.ms=7", "SOGLIA_KAFKA_CLIENT_ID=me")));
    const struct settings_extra *extras = settings_extras(settings);
    assert_string_equal(extras[0].key, "linger.ms");
    assert_string_equal(extras[0].value, "7");
    assert_string_equal(extras[1].key, "sasl.password");
    assert_string_equal(extras[2].key, "client.id");
    assert_string_equal(extras[2].value, "me");
    assert_null(extras[3].key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(defaults_stand_where_nothing_is_said, begin, end),
        cmocka_unit_test_setup_teardown(the_stronger_source_wins, begin, end),
        cmocka_unit_test_setup_teardown(unknown_names_lead_to_the_nearest, begin, end),
        cmocka_unit_test_setup_teardown(words_of_a_command_are_for_the_command_line, begin, end),
        cmocka_unit_test_setup_teardown(variables_of_others_are_left_alone, begin, end),
        cmocka_unit_test_setup_teardown(bad_values_say_where_they_stood, begin, end),
        cmocka_unit_test_setup_teardown(secrets_stay_off_the_command_line, begin, end),
        cmocka_unit_test_setup_teardown(secrets_come_from_files, begin, end),
        cmocka_unit_test_setup_teardown(the_rest_of_kafka_is_passed_on, begin, end),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
