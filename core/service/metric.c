// The cells of all metrics, laid out at compile time: no registration, no locks, no allocation.
#include "core/service/metric.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

enum kind { COUNTER, GAUGE, HISTOGRAM };

struct row {
    const char *name;
    enum kind kind;
    enum metric_label first;
    enum metric_label second;
    const char *help;
};

static const struct row rows[METRIC_COUNT] = {
#define METRIC(id, name, kind, first, second, help)                                                \
    [METRIC_##id] = {name, kind, METRIC_LABEL_##first, METRIC_LABEL_##second, help},
#include "core/service/metric_table.h"
#undef METRIC
};

// Upper bounds of the buckets of every histogram; the last bucket has none.
static const int64_t bounds_us[] = {500,    1000,   2500,   5000,    10000,   25000,   50000,
                                    100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000};

enum { BOUND_COUNT = sizeof bounds_us / sizeof bounds_us[0] };

struct cell {
    _Atomic int64_t value;
    atomic_bool is_touched;
};

struct histogram {
    _Atomic int64_t buckets[BOUND_COUNT + 1];
    _Atomic int64_t sum_us;
};

// Nothing but touched pages takes memory.
static struct cell cells[METRIC_COUNT][METRIC_LABEL_VALUES][METRIC_LABEL_VALUES];
static struct histogram histograms[METRIC_COUNT][METRIC_LABEL_VALUES];

static const char *const label_names[METRIC_LABEL_KINDS] = {
    [METRIC_LABEL_PROCESSOR] = "processor", [METRIC_LABEL_TOPIC] = "topic",
    [METRIC_LABEL_EDGE] = "edge",           [METRIC_LABEL_OUTCOME] = "outcome",
    [METRIC_LABEL_STATUS] = "status",       [METRIC_LABEL_LEVEL] = "level",
    [METRIC_LABEL_REASON] = "reason",
};

static const char *value_names[METRIC_LABEL_KINDS][METRIC_LABEL_VALUES];

void metric_name_values(enum metric_label label, const char *const *names, size_t count)
{
    assert(label > METRIC_LABEL_NONE && label < METRIC_LABEL_KINDS);
    assert(count <= METRIC_LABEL_VALUES);
    for (size_t i = 0; i < count; i++) {
        value_names[label][i] = names[i];
    }
}

static struct cell *cell_of(enum metric metric, unsigned first, unsigned second)
{
    assert(metric < METRIC_COUNT);
    assert(first < METRIC_LABEL_VALUES && second < METRIC_LABEL_VALUES);
    assert(first == 0 || rows[metric].first != METRIC_LABEL_NONE);
    assert(second == 0 || rows[metric].second != METRIC_LABEL_NONE);
    return &cells[metric][first][second];
}

static void touch(struct cell *cell)
{
    // Read first: a store would take the cache line from the other threads each time.
    if (!atomic_load_explicit(&cell->is_touched, memory_order_relaxed)) {
        atomic_store_explicit(&cell->is_touched, true, memory_order_relaxed);
    }
}

static void change(struct cell *cell, int64_t amount)
{
    atomic_fetch_add_explicit(&cell->value, amount, memory_order_relaxed);
    touch(cell);
}

void metric_add(enum metric metric, unsigned first, unsigned second, int64_t amount)
{
    assert(rows[metric].kind == COUNTER && amount >= 0);
    change(cell_of(metric, first, second), amount);
}

void metric_set(enum metric metric, unsigned first, unsigned second, int64_t value)
{
    assert(rows[metric].kind == GAUGE);
    struct cell *cell = cell_of(metric, first, second);
    atomic_store_explicit(&cell->value, value, memory_order_relaxed);
    touch(cell);
}

void metric_change(enum metric metric, unsigned first, unsigned second, int64_t amount)
{
    assert(rows[metric].kind == GAUGE);
    change(cell_of(metric, first, second), amount);
}

void metric_observe_us(enum metric metric, unsigned first, int64_t microseconds)
{
    assert(rows[metric].kind == HISTOGRAM);
    struct histogram *histogram = &histograms[metric][first];
    size_t bucket = 0;
    while (bucket < BOUND_COUNT && microseconds > bounds_us[bucket]) {
        bucket++;
    }
    atomic_fetch_add_explicit(&histogram->buckets[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum_us, microseconds, memory_order_relaxed);
    // The cell of a histogram holds its count.
    change(cell_of(metric, first, 0), 1);
}

int64_t metric_value(enum metric metric, unsigned first, unsigned second)
{
    return atomic_load_explicit(&cell_of(metric, first, second)->value, memory_order_relaxed);
}

// The name of a label's value, "" for a metric without that label, NULL for a value without a name.
static const char *value_name(enum metric_label label, unsigned value)
{
    if (label == METRIC_LABEL_NONE) {
        return value == 0 ? "" : NULL;
    }
    return value_names[label][value];
}

// Prints `{first="..",second="..",le=".."}`, whatever of it there is.
static sg_result print_labels(const struct row *row, unsigned first, unsigned second,
                              const char *bound, struct buffer *out)
{
    const char *names[] = {label_names[row->first], label_names[row->second], "le"};
    const char *values[] = {value_name(row->first, first), value_name(row->second, second), bound};
    const char *mark = "{";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (values[i] != NULL && values[i][0] != '\0') {
            SG_TRY(buffer_print(out, "%s%s=\"%s\"", mark, names[i], values[i]));
            mark = ",";
        }
    }
    return mark[0] == ',' ? buffer_append_byte(out, '}') : sg_ok();
}

static sg_result print_buckets(enum metric metric, unsigned first, struct buffer *out)
{
    const struct row *row = &rows[metric];
    struct histogram *histogram = &histograms[metric][first];
    int64_t count = 0;
    for (size_t i = 0; i <= BOUND_COUNT; i++) {
        char bound[32] = "+Inf";
        if (i < BOUND_COUNT) {
            snprintf(bound, sizeof bound, "%g", (double)bounds_us[i] / 1e6);
        }
        count += atomic_load_explicit(&histogram->buckets[i], memory_order_relaxed);
        SG_TRY(buffer_print(out, "%s_bucket", row->name));
        SG_TRY(print_labels(row, first, 0, bound, out));
        SG_TRY(buffer_print(out, " %" PRId64 "\n", count));
    }
    int64_t sum_us = atomic_load_explicit(&histogram->sum_us, memory_order_relaxed);
    SG_TRY(buffer_print(out, "%s_sum", row->name));
    SG_TRY(print_labels(row, first, 0, "", out));
    SG_TRY(buffer_print(out, " %.6f\n%s_count", (double)sum_us / 1e6, row->name));
    SG_TRY(print_labels(row, first, 0, "", out));
    // The same number as in the last bucket, which the cell might be ahead of.
    return buffer_print(out, " %" PRId64 "\n", count);
}

static sg_result print_cell(enum metric metric, unsigned first, unsigned second, struct buffer *out)
{
    const struct row *row = &rows[metric];
    struct cell *cell = &cells[metric][first][second];
    bool is_shown = atomic_load_explicit(&cell->is_touched, memory_order_relaxed) &&
                    value_name(row->first, first) != NULL &&
                    value_name(row->second, second) != NULL;
    if (!is_shown) {
        return sg_ok();
    }
    if (row->kind == HISTOGRAM) {
        return print_buckets(metric, first, out);
    }
    SG_TRY(buffer_print(out, "%s", row->name));
    SG_TRY(print_labels(row, first, second, "", out));
    return buffer_print(out, " %" PRId64 "\n", metric_value(metric, first, second));
}

static const char *kind_name(enum kind kind)
{
    switch (kind) {
    case COUNTER:
        return "counter";
    case GAUGE:
        return "gauge";
    case HISTOGRAM:
        return "histogram";
    }
    return "untyped";
}

static sg_result print_metric(enum metric metric, struct buffer *out)
{
    const struct row *row = &rows[metric];
    SG_TRY(buffer_print(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name,
                        kind_name(row->kind)));
    unsigned first_count = row->first == METRIC_LABEL_NONE ? 1 : METRIC_LABEL_VALUES;
    unsigned second_count = row->second == METRIC_LABEL_NONE ? 1 : METRIC_LABEL_VALUES;
    for (unsigned i = 0; i < first_count * second_count; i++) {
        SG_TRY(print_cell(metric, i / second_count, i % second_count, out));
    }
    return sg_ok();
}

SG_RESULT metric_print(struct buffer *out)
{
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
        SG_TRY(print_metric(metric, out));
    }
    return sg_ok();
}

void metric_print_markdown(void)
{
    printf("# Metrics\n\n"
           "`soglia serve` shows them at `/metrics` in Prometheus' text format. A row appears with "
           "its first value.\nGenerated by `soglia metrics --markdown` from "
           "`core/service/metric_table.h`; do not edit.\n\n"
           "| metric | kind | labels | meaning |\n|---|---|---|---|\n");
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
        const struct row *row = &rows[metric];
        const char *first = row->first == METRIC_LABEL_NONE ? "" : label_names[row->first];
        const char *second = row->second == METRIC_LABEL_NONE ? "" : label_names[row->second];
        printf("| `%s` | %s | %s%s%s | %s |\n", row->name, kind_name(row->kind), first,
               second[0] == '\0' ? "" : ", ", second, row->help);
    }
    printf("\nBuckets of the histograms, in seconds:");
    for (size_t i = 0; i < BOUND_COUNT; i++) {
        printf(" %g", (double)bounds_us[i] / 1e6);
    }
    printf(".\n");
}
