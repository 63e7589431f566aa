// Metrics as Prometheus sees them.
#include "core/service/metric.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = 20000 };

static struct buffer out;

static int begin(void **state)
{
    (void)state;
    static const char *const processors[] = {"ingest", "alerts"};
    static const char *const topics[] = {"quotes", NULL, "users"};
    metric_name_values(METRIC_LABEL_PROCESSOR, processors, 2);
    metric_name_values(METRIC_LABEL_TOPIC, topics, 3);
    buffer_init(&out, 1024 * 1024);
    return 0;
}

static int end(void **state)
{
    (void)state;
    buffer_done(&out);
    return 0;
}

static const char *page(void)
{
    buffer_clear(&out);
    assert_true(sg_is_ok(metric_print(&out)));
    assert_true(sg_is_ok(buffer_append_byte(&out, '\0')));
    return (const char *)out.data;
}

static void untouched_metrics_have_help_and_no_rows(void **state)
{
    (void)state;
    assert_non_null(strstr(page(), "# HELP soglia_rebalances_total Assignments received.\n"
                                   "# TYPE soglia_rebalances_total counter\n#"));
}

static void counters_have_a_row_for_each_touched_label(void **state)
{
    (void)state;
    metric_add(METRIC_RECORDS_READ, 1, 0, 5);
    metric_add(METRIC_RECORDS_READ, 1, 0, 2);
    metric_add(METRIC_RECORDS_READ, 0, 2, 0);
    // A topic and a processor without a name.
    metric_add(METRIC_RECORDS_READ, 0, 1, 9);
    metric_add(METRIC_RECORDS_READ, 7, 0, 9);
    assert_int_equal(metric_value(METRIC_RECORDS_READ, 1, 0), 7);
    assert_non_null(strstr(page(),
                           "# TYPE soglia_records_read_total counter\n"
                           "soglia_records_read_total{processor=\"ingest\",topic=\"users\"} 0\n"
                           "soglia_records_read_total{processor=\"alerts\",topic=\"quotes\"} 7\n"
                           "# HELP"));
}

static void gauges_go_both_ways(void **state)
{
    (void)state;
    metric_set(METRIC_OUTBOX, 0, 0, 10);
    metric_change(METRIC_OUTBOX, 0, 0, -13);
    assert_non_null(
        strstr(page(), "# TYPE soglia_outbox_entries gauge\nsoglia_outbox_entries -3\n"));
}

static void histograms_are_cumulative(void **state)
{
    (void)state;
    metric_observe_us(METRIC_COMMIT_SECONDS, 1, 500);
    metric_observe_us(METRIC_COMMIT_SECONDS, 1, 501);
    metric_observe_us(METRIC_COMMIT_SECONDS, 1, 60000000);
    assert_int_equal(metric_value(METRIC_COMMIT_SECONDS, 1, 0), 3);
    const char *text = page();
    const char *const wanted[] = {
        "soglia_commit_duration_seconds_bucket{processor=\"alerts\",le=\"0.0005\"} 1\n",
        "soglia_commit_duration_seconds_bucket{processor=\"alerts\",le=\"0.001\"} 2\n",
        "soglia_commit_duration_seconds_bucket{processor=\"alerts\",le=\"10\"} 2\n",
        "soglia_commit_duration_seconds_bucket{processor=\"alerts\",le=\"+Inf\"} 3\n",
        "soglia_commit_duration_seconds_sum{processor=\"alerts\"} 60.001001\n",
        "soglia_commit_duration_seconds_count{processor=\"alerts\"} 3\n",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_non_null(strstr(text, wanted[i]));
    }
}

static void *count(void *context)
{
    for (int i = 0; i < ROUNDS; i++) {
        metric_add(METRIC_COMMITS, 0, 0, 1);
        metric_observe_us(METRIC_HTTP_SECONDS, 0, i);
    }
    return context;
}

static void threads_lose_nothing(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count, NULL), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(metric_value(METRIC_COMMITS, 0, 0), THREADS * ROUNDS);
    assert_int_equal(metric_value(METRIC_HTTP_SECONDS, 0, 0), THREADS * ROUNDS);
}

static void a_small_buffer_is_an_error(void **state)
{
    (void)state;
    struct buffer small;
    buffer_init(&small, 100);
    sg_result result = metric_print(&small);
    buffer_done(&small);
    assert_int_equal(result.class, SG_DROP);
}

static const struct {
    const char *name;
    const char *kind;
} names[] = {
#define METRIC(id, name, kind, first, second, help) {name, #kind},
#include "core/service/metric_table.h"
#undef METRIC
};

static void names_follow_the_conventions(void **state)
{
    (void)state;
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        bool is_counter = strcmp(names[i].kind, "COUNTER") == 0;
        bool is_total = strstr(names[i].name, "_total") != NULL;
        assert_int_equal(is_counter, is_total);
        assert_memory_equal(names[i].name, "soglia_", 7);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(names[i].name, names[j].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(untouched_metrics_have_help_and_no_rows, begin, end),
        cmocka_unit_test_setup_teardown(counters_have_a_row_for_each_touched_label, begin, end),
        cmocka_unit_test_setup_teardown(gauges_go_both_ways, begin, end),
        cmocka_unit_test_setup_teardown(histograms_are_cumulative, begin, end),
        cmocka_unit_test_setup_teardown(threads_lose_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_small_buffer_is_an_error, begin, end),
        cmocka_unit_test(names_follow_the_conventions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
