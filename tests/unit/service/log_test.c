// Log lines as they arrive at standard error.
#include "core/service/log.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/service/metric.h"

#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 16 * 1024, SYSTEM_NAME_BYTES = 16 };

static char written[TEXT_MAX];
static int real_stderr;
static FILE *captured;

static int begin(void **state)
{
    (void)state;
    captured = tmpfile();
    real_stderr = dup(STDERR_FILENO);
    return captured == NULL || dup2(fileno(captured), STDERR_FILENO) < 0;
}

static int end(void **state)
{
    (void)state;
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    fclose(captured);
    return 0;
}

// What was written since the test began.
static const char *lines(void)
{
    ssize_t size = pread(fileno(captured), written, TEXT_MAX - 1, 0);
    written[size < 0 ? 0 : size] = '\0';
    return written;
}

static void assert_line_ends(const char *wanted)
{
    const char *line = lines();
    size_t size = strlen(line);
    assert_true(size >= strlen(wanted));
    assert_string_equal(line + size - strlen(wanted), wanted);
}

static void json_lines_have_every_part(void **state)
{
    (void)state;
    log_configure(LOG_INFO, LOG_FORMAT_JSON);
    const struct log_field fields[] = {
        log_text("topic", "quotes"), log_int("offset", -5), log_double("value", 1.5), {0}};
    log_warn("record refused", fields);
    assert_memory_equal(lines(), "{\"time\":\"20", 11);
    assert_line_ends("\",\"level\":\"warn\",\"thread\":\"main\",\"message\":\"record refused\","
                     "\"topic\":\"quotes\",\"offset\":-5,\"value\":1.5}\n");
}

static void text_lines_are_for_people(void **state)
{
    (void)state;
    log_configure(LOG_INFO, LOG_FORMAT_TEXT);
    log_thread_name("alerts-0");
    const struct log_field fields[] = {
        log_text("topic", "quotes"), log_text("reason", "a b"), log_text("empty", ""), {0}};
    log_error("stopped", fields);
    log_thread_name("main");
    assert_line_ends("Z ERROR alerts-0: stopped topic=quotes reason=\"a b\" empty=\"\"\n");
}

static void *take_a_long_name(void *ret_name)
{
    log_thread_name("notifications-12");
    pthread_getname_np(pthread_self(), ret_name, SYSTEM_NAME_BYTES);
    return NULL;
}

static void the_system_knows_a_thread_by_its_name_too(void **state)
{
    (void)state;
    char name[SYSTEM_NAME_BYTES];
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, take_a_long_name, name), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_string_equal(name, "notifications-1");
    // The first thread's name is the process's: it stays.
    log_thread_name("main");
    pthread_getname_np(pthread_self(), name, sizeof name);
    assert_string_equal(name, "log_test");
}

static void lines_below_the_level_are_not_written(void **state)
{
    (void)state;
    log_configure(LOG_WARN, LOG_FORMAT_JSON);
    int64_t before = metric_value(METRIC_LOG_LINES, LOG_INFO, 0);
    log_debug("no", NULL);
    log_info("no", NULL);
    assert_string_equal(lines(), "");
    assert_int_equal(metric_value(METRIC_LOG_LINES, LOG_INFO, 0), before);
    log_error("yes", NULL);
    assert_line_ends("\"message\":\"yes\"}\n");
}

static void text_from_outside_cannot_forge_a_line(void **state)
{
    (void)state;
    log_configure(LOG_INFO, LOG_FORMAT_TEXT);
    const struct log_field fields[] = {
        log_bytes("key", bytes_of("a\n\x1b[31m\"\\\0\xC2\x9B\xFF\xC3\xA9", 15)), {0}};
    log_info("m", fields);
    assert_line_ends("key=\"a\\n\\u001b[31m\\\"\\\\\\u0000\\u009b\xEF\xBF\xBD\xC3\xA9\"\n");
}

static void long_text_is_cut_at_a_character(void **state)
{
    (void)state;
    log_configure(LOG_INFO, LOG_FORMAT_JSON);
    char text[3000];
    for (size_t i = 0; i < sizeof text; i += 2) {
        memcpy(text + i, "\xC3\xA9", 2);
    }
    const struct log_field fields[] = {log_bytes("t", bytes_of(text + 1, 2999)), {0}};
    log_info("m", fields);
    assert_line_ends("\xC3\xA9...\"}\n");
    assert_true(strlen(lines()) < 1200);
}

static void fields_that_do_not_fit_are_left_out_whole(void **state)
{
    (void)state;
    log_configure(LOG_INFO, LOG_FORMAT_JSON);
    char text[1000];
    memset(text, '\x01', sizeof text);
    const struct log_field fields[] = {
        log_int("first", 1), log_bytes("t", bytes_of(text, 1000)), log_int("last", 2), {0}};
    log_info("m", fields);
    assert_true(strlen(lines()) <= PIPE_BUF);
    assert_line_ends("\"message\":\"m\",\"first\":1,\"cut\":true}\n");
}

static void a_message_that_does_not_fit_is_closed(void **state)
{
    (void)state;
    log_configure(LOG_INFO, LOG_FORMAT_JSON);
    char text[1000];
    memset(text, '\x01', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_info(text, NULL);
    assert_true(strlen(lines()) <= PIPE_BUF);
    assert_line_ends("\\u0001\",\"cut\":true}\n");
}

static void numbers_json_has_not_are_text(void **state)
{
    (void)state;
    log_configure(LOG_INFO, LOG_FORMAT_JSON);
    const struct log_field fields[] = {log_double("a", NAN), log_double("b", -INFINITY), {0}};
    log_info("m", fields);
    assert_line_ends("\"a\":\"NaN\",\"b\":\"-Infinity\"}\n");
}

static void auto_is_json_where_no_terminal_is(void **state)
{
    (void)state;
    const struct log_settings settings = {.level = "error", .format = "auto"};
    log_configure_by(&settings);
    log_warn("no", NULL);
    log_error("yes", NULL);
    assert_memory_equal(lines(), "{", 1);
    assert_null(strstr(lines(), "no"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(json_lines_have_every_part, begin, end),
        cmocka_unit_test_setup_teardown(text_lines_are_for_people, begin, end),
        cmocka_unit_test(the_system_knows_a_thread_by_its_name_too),
        cmocka_unit_test_setup_teardown(lines_below_the_level_are_not_written, begin, end),
        cmocka_unit_test_setup_teardown(text_from_outside_cannot_forge_a_line, begin, end),
        cmocka_unit_test_setup_teardown(long_text_is_cut_at_a_character, begin, end),
        cmocka_unit_test_setup_teardown(fields_that_do_not_fit_are_left_out_whole, begin, end),
        cmocka_unit_test_setup_teardown(a_message_that_does_not_fit_is_closed, begin, end),
        cmocka_unit_test_setup_teardown(numbers_json_has_not_are_text, begin, end),
        cmocka_unit_test_setup_teardown(auto_is_json_where_no_terminal_is, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
