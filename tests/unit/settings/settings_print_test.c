// Settings as they are shown: sources, defaults, and no secret.
#include "core/settings/settings.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct target {
    const char *brokers;
    const char *password;
};

static const struct option options[] = {
    {.key = "kafka.brokers",
     .type = OPTION_TEXT,
     .offset = offsetof(struct target, brokers),
     .fallback = "localhost:9092",
     .help = "Brokers."},
    {.key = "smtp.password",
     .type = OPTION_SECRET,
     .offset = offsetof(struct target, password),
     .fallback = "",
     .help = "Password."},
};
static struct target target;
static const struct option_table table = {
    .title = "All", .options = options, .count = 2, .target = &target};
static struct settings *settings;
static FILE *captured;
static int real_stdout;
static char printed[4096];

static int begin(void **state)
{
    (void)state;
    static char brokers[] = "--kafka.brokers=other:1";
    static char password[] = "SOGLIA_SMTP_PASSWORD=hunter2";
    static char extra[] = "SOGLIA_KAFKA_SASL_PASSWORD=hunter2";
    char *arguments[] = {brokers};
    char *environment[] = {password, extra, NULL};
    struct settings_source source = {.arguments = arguments,
                                     .argument_count = 1,
                                     .environment = environment,
                                     .file = "/dev/null",
                                     .extra_prefix = "kafka."};
    sg_result result = settings_load(&table, 1, &source, &settings);
    captured = tmpfile();
    fflush(stdout);
    real_stdout = dup(STDOUT_FILENO);
    return !sg_is_ok(result) || captured == NULL || dup2(fileno(captured), STDOUT_FILENO) < 0;
}

// Takes what was printed and gives standard output back, before anything is asserted.
static void take_printed(void)
{
    fflush(stdout);
    dup2(real_stdout, STDOUT_FILENO);
    ssize_t size = pread(fileno(captured), printed, sizeof printed - 1, 0);
    printed[size < 0 ? 0 : size] = '\0';
}

static int end(void **state)
{
    (void)state;
    close(real_stdout);
    fclose(captured);
    settings_free(&settings);
    return 0;
}

static void each_row_says_where_it_came_from(void **state)
{
    (void)state;
    settings_print(settings);
    take_printed();
    assert_non_null(strstr(
        printed,
        "kafka.brokers = other:1  (command line; default localhost:9092)\n      Brokers.\n"));
    assert_non_null(strstr(printed, "smtp.password = (set)  (SOGLIA_SMTP_PASSWORD; "));
    assert_non_null(strstr(printed, "kafka.sasl.password = (set)\n"));
    assert_null(strstr(printed, "hunter2"));
}

static void the_reference_comes_from_the_tables_alone(void **state)
{
    (void)state;
    settings_print_markdown(&table, 1);
    take_printed();
    assert_non_null(strstr(printed, "\n## All\n"));
    assert_non_null(strstr(printed, "| `kafka.brokers` | text | `localhost:9092` | Brokers. |\n"));
    assert_non_null(strstr(printed, "| `smtp.password` | secret | `(not set)` | Password. |\n"));
    assert_null(strstr(printed, "other:1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_row_says_where_it_came_from, begin, end),
        cmocka_unit_test_setup_teardown(the_reference_comes_from_the_tables_alone, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
